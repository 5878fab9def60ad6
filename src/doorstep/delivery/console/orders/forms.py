"""Forms of an order."""

from __future__ import annotations

from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.kernel.i18n import mark as _m


class Hold(Form):
    """Why an order is held."""

    reason: Annotated[
        str, required(_m("Enter a reason. Your colleagues see it on the order."), max_length=500)
    ]


class Cancel(Form):
    """Why an order is canceled."""

    reason: Annotated[str, required(_m("Enter a reason. It is kept with the order."), max_length=200)]


class Note(Form):
    """A note for colleagues."""

    text: Annotated[str, required(_m("Enter a note."), max_length=5000)]
