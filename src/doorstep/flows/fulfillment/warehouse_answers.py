"""What follows when a warehouse refuses, stops or cannot stop a fulfillment order."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import warehouse as actions
from doorstep.domain.fulfillment.model import RejectReason, State
from doorstep.domain.fulfillment.model.warehouse import (
    CancelAnswer,
    CancelFor,
    WarehouseOrder,
    WarehouseState,
)
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.flows.fulfillment import cancel, fulfill
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId

_ENDED = frozenset({State.CANCELED, State.REJECTED, State.SHIPPED})


def location_of(tx: WriteTx, work_id: FulfillmentOrderId) -> str:
    """The code of the location that a fulfillment order is at."""
    work = work_views.work(tx, fulfillment_order_id=work_id)
    return network.location(tx, location_id=work.location_id).code


def record_cancel(
    tx: WriteTx, *, work_id: FulfillmentOrderId, answer: CancelAnswer, note: str, now: datetime
) -> None:
    """Apply the answer to our request to stop. Repeating it changes nothing."""
    order = actions.order(tx, fulfillment_order_id=work_id)
    orders.lock(tx, order_id=order.order_id)
    if order.state not in {WarehouseState.CANCELING, WarehouseState.TOO_LATE}:
        return
    if answer is CancelAnswer.ACCEPTED:
        _stopped(tx, order, now)
    elif answer is CancelAnswer.TOO_LATE and order.state is WarehouseState.CANCELING:
        _goes_on(tx, order, note, now)


def _stopped(tx: WriteTx, order: WarehouseOrder, now: datetime) -> None:
    """The warehouse does not ship it: cancel the rest of the order, or route the work another way."""
    actions.enter(tx, order=order, state=WarehouseState.CANCELED)
    work = work_views.work(tx, fulfillment_order_id=order.fulfillment_order_id)
    if work.state in _ENDED:
        return
    if order.cancel_for == CancelFor.ORDER:
        cancel.cancel(tx, order_id=order.order_id, reason=order.cancel_reason, now=now)
    else:
        _reject(tx, order, RejectReason.RECALLED, order.cancel_reason, now)


def _goes_on(tx: WriteTx, order: WarehouseOrder, note: str, now: datetime) -> None:
    """The warehouse ships it all the same: the order says so, and a person decides if it was to be canceled."""
    place = location_of(tx, order.fulfillment_order_id)
    words = note or "it is packed or has left"
    actions.too_late(tx, order=order, location=place, note=words, at=now)
    if order.cancel_for == CancelFor.RECALL:
        fulfill.keep(tx, fulfillment_order_id=order.fulfillment_order_id, note=words, now=now)
        return
    reason = (
        f"The warehouse {place} can no longer stop this order ({order.cancel_reason}): "
        "stop the parcel or expect a return."
    )
    orders.place_hold(tx, order_id=order.order_id, reason=reason, now=now)


def refuse(tx: WriteTx, *, order: WarehouseOrder, note: str, now: datetime) -> None:
    """The warehouse does not do it: allocate its lines elsewhere. An order that was to be canceled is canceled."""
    if order.state in {WarehouseState.CANCELING, WarehouseState.TOO_LATE}:
        _stopped(tx, order, now)
        return
    actions.enter(tx, order=order, state=WarehouseState.REFUSED, error=note)
    work = work_views.work(tx, fulfillment_order_id=order.fulfillment_order_id)
    if work.state not in _ENDED:
        _reject(tx, order, RejectReason.NO_CAPACITY, note, now)


def _reject(tx: WriteTx, order: WarehouseOrder, reason: RejectReason, note: str, now: datetime) -> None:
    fulfill.reject_for_warehouse(
        tx, fulfillment_order_id=order.fulfillment_order_id, reason=reason, note=note, now=now
    )
