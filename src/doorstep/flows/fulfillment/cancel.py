"""Cancel an order or what is left of it: work, reserved stock, order lines."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.flows.allocation import allocation
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


def cancel(tx: WriteTx, *, order_id: OrderId, reason: str, now: datetime) -> None:
    """Cancel everything that is not packed; packed parcels still ship. Raises Refused if nothing is left to cancel."""
    if not reason.strip():
        raise errors.Invalid("Enter a reason for the cancellation.", field="reason")
    orders.lock(tx, order_id=order_id)
    before = {work.id: work for work in work_views.of_order(tx, order_id=order_id)}
    stopped = [before[work.id] for work in fulfillment.cancel_of_order(tx, order_id=order_id, at=now)]
    allocation.unallocate(tx, ended={"canceled": stopped}, now=now)
    orders.cancel(tx, order_id=order_id, reason=reason.strip(), now=now)
    allocation.changed(tx, order_ids=[order_id], now=now)


def cancel_from_channel(tx: WriteTx, *, order_id: OrderId, now: datetime) -> None:
    """Apply a cancellation by the channel; if units are packed or shipped, hold the order for a person."""
    try:
        with tx.savepoint():
            cancel(tx, order_id=order_id, reason="canceled in the channel", now=now)
    except errors.Refused:
        stopped = False
    else:
        stopped = order_views.order(tx, order_id=order_id).header.canceled_at is not None
    if not stopped:
        reason = "The channel canceled this order after it was packed or shipped: stop the parcel or expect a return."
        orders.place_hold(tx, order_id=order_id, reason=reason, now=now)
