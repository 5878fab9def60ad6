"""Correct the stock of a location after it rejected a line."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment.model import STOCK_EFFECT, RejectReason, Work, WorkLine
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock_views
from doorstep.domain.inventory.actions import Correction
from doorstep.flows.allocation import eligible_stock
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId


def correct(tx: WriteTx, *, work: Work, line: WorkLine, reason: RejectReason, now: datetime) -> None:
    """Write off what the reject says is missing or damaged; units reserved for other orders stay counted.

    A rejected kit does not say which component is missing, so nothing is written off: a count is opened instead.
    """
    effect, parts = STOCK_EFFECT[reason], eligible_stock.needs(tx, skus=[line.sku]).parts[line.sku]
    if effect is None or len(parts) > 1:
        return
    ((sku, condition), units), *_ = parts.items()
    here = stock_views.positions(tx, sku=sku, location_id=work.location_id)
    available = sum(each.available for each in here if each.condition == condition)
    gone = available if effect == "all" else min(units * line.quantity, available)
    if gone:
        correction = Correction(
            sku, LocationId(work.location_id), f"rejected: {reason.value}", change=-gone, condition=condition
        )
        inventory.adjust(tx, correction=correction, at=now)
