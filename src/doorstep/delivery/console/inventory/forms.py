"""Forms of stock and availability."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import pydantic

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.inventory.model.promises import SellAheadMode
from doorstep.domain.inventory.model.reasons import AdjustReason
from doorstep.kernel.i18n import mark as _m


class Adjust(Form):
    """A counted quantity that replaces the one on hand."""

    count: Annotated[int, required(_m("Enter the number of units you counted."), ge=0)]
    reason: Annotated[AdjustReason, required(_m("Choose a reason."))]
    note: str = ""


class SellAheadPolicy(Form):
    """Whether a SKU may be sold ahead of supply."""

    mode: Annotated[SellAheadMode, required(_m("Choose whether the SKU may be sold ahead."))]
    quantity_limit: int | None = pydantic.Field(default=None, ge=0)
    min_confidence: int = pydantic.Field(default=0, ge=0, le=100)
    available_from_date: date | None = None
    until_date: date | None = None
