"""Forms of replenishment."""

from __future__ import annotations

from typing import Annotated

import pydantic

from doorstep.delivery.console.forms import Form, required
from doorstep.kernel.i18n import mark as _m


class Rule(Form):
    """How much locations should hold, and where it comes from."""

    source: Annotated[int, required(_m("Choose the location that supplies the stock."))]
    min_quantity: Annotated[int, required(_m("Enter the minimum."), ge=0)]
    max_quantity: Annotated[int, required(_m("Enter the maximum."), ge=0)]
    cover_days: int = pydantic.Field(default=0, ge=0, le=365)
    sku: str = ""
    category: str = ""
    where: str = ""
