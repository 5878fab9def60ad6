"""Forms of the station."""

from __future__ import annotations

from typing import Annotated

from doorstep.delivery.console.forms import Form, required
from doorstep.domain.fulfillment.model import RejectReason
from doorstep.kernel.i18n import mark as _m


class Scan(Form):
    """One scanned or typed code."""

    code: Annotated[str, required(_m("Scan a barcode, or type the SKU."))]


class Recall(Form):
    """Why released work is to go to another location."""

    why: Annotated[str, required(_m("Enter a reason. The location sees it."), max_length=200)]
    version: int | None = None


class Reject(Form):
    """Why a location cannot do the work."""

    reason: Annotated[RejectReason, required(_m("Choose a reason."))]
    note: str = ""
