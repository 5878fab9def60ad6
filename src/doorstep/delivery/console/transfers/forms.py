"""Forms of transfers."""

from __future__ import annotations

from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.kernel.i18n import mark as _m


class Lines(Form):
    """Lines as people paste them."""

    lines: Annotated[str, required(_m("Enter at least one SKU with its quantity."))]


class Draft(Lines):
    """A new transfer."""

    origin: Annotated[int, required(_m("Choose the location that ships the goods."))]
    destination: Annotated[int, required(_m("Choose the location that receives the goods."))]
    reference: str = ""
    note: str = ""
