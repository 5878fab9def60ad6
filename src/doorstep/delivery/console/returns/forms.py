"""Forms of returns."""

from __future__ import annotations

from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.returns.model import Disposition, Grade
from doorstep.kernel.i18n import mark as _m


class InspectedLine(Form):
    """What was found of one line."""

    quantity: Annotated[int, required(_m("Enter the number of units found."), ge=0)]
    grade: Annotated[Grade, required(_m("Choose the condition."))]
    disposition: Annotated[Disposition, required(_m("Choose where the units go."))]
    refund: str = ""
    note: str = ""
