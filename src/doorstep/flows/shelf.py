"""What a location cannot or need not send goes back: reservations, counters, room, and what is really on the shelf."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment.model import STOCK_EFFECT, RejectReason, Work, WorkLine
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock_views
from doorstep.domain.inventory.actions import Correction, Ending
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import LineCount
from doorstep.flows import capacity, terms
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId


def give_back(tx: WriteTx, work: Work, *, now: datetime, reason: str) -> None:
    """Release what a fulfillment order had reserved and take its pieces out of the order's counters."""
    ending = Ending(work.causes, [work.order_id], reason)
    inventory.release(tx, ending=ending, at=now)
    picked = [LineCount(work.order_id, line.line_no, line.picked) for line in work.lines if line.picked]
    orders.unpick(tx, counts=picked)
    orders.deallocate(
        tx, counts=[LineCount(work.order_id, line.line_no, line.quantity) for line in work.lines]
    )
    capacity.give_back(tx, work_ids=[work.id])


def correct(tx: WriteTx, *, work: Work, line: WorkLine, reason: RejectReason, now: datetime) -> None:
    """What a reject says about the stock on the shelf; pieces reserved for other orders stay on the books.

    Of a kit nobody says which part is missing: a count finds out.
    """
    effect, parts = STOCK_EFFECT[reason], terms.goods(tx, skus=[line.sku]).parts[line.sku]
    if effect is None or len(parts) > 1:
        return
    ((sku, condition), pieces), *_ = parts.items()
    here = stock_views.positions(tx, sku=sku, location_id=work.location_id)
    available = sum(each.available for each in here if each.condition == condition)
    gone = available if effect == "all" else min(pieces * line.quantity, available)
    if gone:
        correction = Correction(
            sku, LocationId(work.location_id), f"rejected: {reason.value}", change=-gone, condition=condition
        )
        inventory.adjust(tx, correction=correction, at=now)
