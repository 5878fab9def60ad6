"""Forms of incoming supply."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import pydantic

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.kernel.i18n import mark as _m


class Announce(Form):
    """A line of a document that announces supply."""

    kind: Annotated[SupplyKind, required(_m("Choose the document type."))]
    number: Annotated[str, required(_m("Enter the number of the document."))]
    line_no: Annotated[int, required(_m("Enter the line of the document."), ge=1)]
    sku: Annotated[str, required(_m("Enter the SKU."))]
    location_id: Annotated[int, required(_m("Choose the location that receives it."))]
    quantity: Annotated[int, required(_m("Enter the number of units."), ge=1)]
    eta_date: Annotated[date, required(_m("Enter the expected date."))]
    confidence: int = pydantic.Field(default=100, ge=0, le=100)


class SupplyForm(Form):
    """Another date, quantity or confidence of a line."""

    eta_date: date | None = None
    quantity: int | None = pydantic.Field(default=None, ge=1)
    confidence: int | None = pydantic.Field(default=None, ge=0, le=100)
    version: int | None = None
    do: str = "save"
