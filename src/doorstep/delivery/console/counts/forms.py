"""Forms of cycle counts."""

from __future__ import annotations

from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.inventory.model.counts import CountKind
from doorstep.kernel.i18n import mark as _m


class NewCount(Form):
    """A count to be opened."""

    location_id: Annotated[int, required(_m("Choose a location."))]
    title: Annotated[str, required(_m("Enter a name for the count, such as “Shelf 4”."), max_length=100)]
    kind: Annotated[CountKind, required(_m("Choose how to count."))]
    skus: str = ""
    category: str = ""
