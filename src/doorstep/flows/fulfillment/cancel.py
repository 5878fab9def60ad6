"""Cancel an order or what is left of it: work, reserved stock, order lines."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import warehouse
from doorstep.domain.fulfillment.model.warehouse import CancelFor, WarehouseState
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.flows.allocation import allocation, stock_locks
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, OrderId


def cancel(tx: WriteTx, *, order_id: OrderId, reason: str, now: datetime) -> bool:
    """Cancel everything that is not packed; packed parcels still ship. Raises Refused if nothing is left to cancel.

    Warehouses are asked to stop what they have; returns whether an answer is awaited.
    """
    if not reason.strip():
        raise errors.Invalid("Enter a reason for the cancellation.", field="reason")
    orders.lock(tx, order_id=order_id)
    stock_locks.of_orders(tx, order_ids=[order_id])
    asked = _ask_warehouses(tx, order_id, reason.strip(), now)
    before = {work.id: work for work in work_views.of_order(tx, order_id=order_id)}
    canceled = fulfillment.cancel_of_order(tx, order_id=order_id, at=now, besides=asked)
    allocation.unallocate(tx, ended={"canceled": [before[work.id] for work in canceled]}, now=now)
    try:
        orders.cancel(tx, order_id=order_id, reason=reason.strip(), now=now)
    except errors.Refused:
        if not asked:  # what only warehouses have is canceled once they have answered
            raise
    allocation.changed(tx, order_ids=[order_id], now=now)
    return bool(asked)


def _ask_warehouses(tx: WriteTx, order_id: OrderId, reason: str, now: datetime) -> set[FulfillmentOrderId]:
    """Ask the warehouses that have work of the order to stop it; returns that work. What was not sent is not sent."""
    codes = {each.id: each.code for each in network.locations(tx).values()}
    works = {each.id: each for each in work_views.of_order(tx, order_id=order_id)}
    there: set[FulfillmentOrderId] = set()
    for order in work_views.warehouse_orders(tx, order_id=order_id):
        work = works[order.fulfillment_order_id]
        if not warehouse.is_there(order):
            warehouse.drop_unsent(tx, order=order, reason=reason)
            continue
        there.add(work.id)
        if order.state is WarehouseState.CANCELING:
            warehouse.cancel_order(tx, order=order, reason=reason)
        elif order.state is not WarehouseState.TOO_LATE:
            place, why = codes[work.location_id], CancelFor.ORDER
            warehouse.ask_cancel(tx, order=order, location=place, why=why, reason=reason, at=now)
    return there


def cancel_from_channel(tx: WriteTx, *, order_id: OrderId, now: datetime) -> None:
    """Apply a cancellation by the channel; if units are packed or shipped, hold the order for a person."""
    try:
        with tx.savepoint():
            is_asked = cancel(tx, order_id=order_id, reason="canceled in the channel", now=now)
    except errors.Refused:
        stopped = False
    else:
        stopped = is_asked or order_views.order(tx, order_id=order_id).header.canceled_at is not None
    if not stopped:
        reason = "The channel canceled this order after it was packed or shipped: stop the parcel or expect a return."
        orders.place_hold(tx, order_id=order_id, reason=reason, now=now)
