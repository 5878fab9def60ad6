"""Apply what warehouses report about fulfillment orders, in whatever order and however often it comes."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import Command
from doorstep.domain.fulfillment.actions import warehouse as actions
from doorstep.domain.fulfillment.model import State
from doorstep.domain.fulfillment.model.warehouse import (
    CancelAnswer,
    UnknownReference,
    WarehouseOrder,
    WarehouseState,
    WarehouseStatus,
    WarehouseUpdate,
)
from doorstep.domain.orders import actions as orders
from doorstep.flows.allocation import stock_locks
from doorstep.flows.fulfillment import warehouse_answers
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId

_WAITING = frozenset(
    {WarehouseState.REQUESTED, WarehouseState.FAILED, WarehouseState.SENT}
)  # a report may come before our call returns


def locked_order(tx: WriteTx, *, connection_id: int, reference: str, trace_id: str) -> WarehouseOrder:
    """What the report is about, its order and stock locked."""
    found = work_views.by_reference(tx, connection_id=connection_id, reference=reference)
    if found is None:
        raise UnknownReference(f"Nothing was sent to the warehouse under {reference}.")
    tx.traces["order", found.order_id] = trace_id
    orders.lock(tx, order_id=found.order_id)
    stock_locks.of_orders(tx, order_ids=[found.order_id])
    return actions.order(tx, fulfillment_order_id=found.fulfillment_order_id)


def update(tx: WriteTx, *, connection_id: int, seen: WarehouseUpdate, trace_id: str, now: datetime) -> None:
    """Apply a report about an order as a whole. One that is older than what is known changes nothing, unless we wait for it."""
    order = locked_order(tx, connection_id=connection_id, reference=seen.reference, trace_id=trace_id)
    if order.state in {WarehouseState.SHIPPED, WarehouseState.REFUSED, WarehouseState.CANCELED}:
        return
    if not actions.report(
        tx, order=order, reported=seen.status.value, at=seen.at
    ) and order.state not in _WAITING | {WarehouseState.CANCELING}:
        return
    if seen.status in {WarehouseStatus.REFUSED, WarehouseStatus.CANCELED}:
        warehouse_answers.refuse(tx, order=order, note=seen.reason, now=now)
    elif seen.status is WarehouseStatus.TOO_LATE:
        answer, work_id = CancelAnswer.TOO_LATE, order.fulfillment_order_id
        warehouse_answers.record_cancel(tx, work_id=work_id, answer=answer, note=seen.reason, now=now)
    elif order.state in _WAITING:
        _acknowledge(tx, order, now)


def _acknowledge(tx: WriteTx, order: WarehouseOrder, now: datetime) -> None:
    actions.enter(tx, order=order, state=WarehouseState.ACKNOWLEDGED)
    work = work_views.work(tx, fulfillment_order_id=order.fulfillment_order_id)
    if work.state is State.OPEN:
        fulfillment.accept(tx, command=_command(tx, work.id, now))


def _command(tx: WriteTx, work_id: FulfillmentOrderId, now: datetime) -> Command:
    return Command(work_id, warehouse_answers.location_of(tx, work_id), now)
