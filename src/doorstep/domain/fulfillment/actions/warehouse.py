"""Verbs of fulfillment orders at warehouses of partners. Callers hold the order's lock."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from doorstep.domain.fulfillment import events
from doorstep.domain.fulfillment.model.warehouse import (
    AT_WAREHOUSE,
    WAREHOUSE_MOVES,
    CancelFor,
    WarehouseOrder,
    WarehouseState,
)
from doorstep.domain.fulfillment.store import warehouse as store
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId


def request(tx: WriteTx, *, order: WarehouseOrder, location: str, at: datetime) -> bool:
    """Have a fulfillment order sent to a warehouse, once; false if it was requested before."""
    if not store.insert(tx, order=order, at=at):
        return False
    fact = events.WarehouseRequested(order.order_id, order.fulfillment_order_id, location)
    event_log.append(tx, [fact], at=at)
    return True


def order(tx: WriteTx, *, fulfillment_order_id: int) -> WarehouseOrder:
    """What a warehouse has of a fulfillment order; raises NotFound."""
    found = store.select(tx, fulfillment_order_ids=[fulfillment_order_id])
    if not found:
        raise errors.NotFound(f"Fulfillment order {fulfillment_order_id} is at no warehouse.")
    return found[0]


def enter(tx: WriteTx, *, order: WarehouseOrder, state: WarehouseState, error: str = "") -> None:
    """Set the state, if it may become that."""
    thing = f"Fulfillment order {order.fulfillment_order_id} at the warehouse"
    states.transition(WAREHOUSE_MOVES, order.state, state, thing=thing)
    store.update_state(tx, fulfillment_order_id=order.fulfillment_order_id, state=state, error=error)


def sent(tx: WriteTx, *, order: WarehouseOrder, external_ref: str, location: str, at: datetime) -> None:
    """The warehouse has it. What ended here while it was being sent is canceled there; a report may have come before."""
    store.update_sent(tx, fulfillment_order_id=order.fulfillment_order_id, external_ref=external_ref, at=at)
    if order.state is WarehouseState.CANCELED:
        ask_cancel(tx, order=order, location=location, why=CancelFor.ENDED, reason=order.cancel_reason, at=at)
    elif order.state in {WarehouseState.REQUESTED, WarehouseState.FAILED}:
        enter(tx, order=order, state=WarehouseState.SENT)


def ask_cancel(
    tx: WriteTx, *, order: WarehouseOrder, location: str, why: CancelFor, reason: str, at: datetime
) -> None:
    """Ask the warehouse to stop; its answer ends the work or leaves it."""
    enter(tx, order=order, state=WarehouseState.CANCELING)
    store.update_cancel(
        tx, fulfillment_order_id=order.fulfillment_order_id, cancel_for=why.value, reason=reason
    )
    fact = events.WarehouseCancelRequested(order.order_id, order.fulfillment_order_id, location, reason)
    event_log.append(tx, [fact], at=at)


def cancel_order(tx: WriteTx, *, order: WarehouseOrder, reason: str) -> None:
    """The warehouse is asked to stop already: its answer now decides about the order."""
    store.update_cancel(
        tx,
        fulfillment_order_id=order.fulfillment_order_id,
        cancel_for=CancelFor.ORDER.value,
        reason=reason,
    )


def too_late(tx: WriteTx, *, order: WarehouseOrder, location: str, note: str, at: datetime) -> None:
    """The warehouse can no longer stop it."""
    enter(tx, order=order, state=WarehouseState.TOO_LATE)
    fact = events.WarehouseCancelDeclined(order.order_id, order.fulfillment_order_id, location, note)
    event_log.append(tx, [fact], at=at)


def drop_unsent(tx: WriteTx, *, order: WarehouseOrder, reason: str) -> None:
    """Work that ends here before the warehouse has it is not sent."""
    if order.state in {WarehouseState.REQUESTED, WarehouseState.FAILED}:
        enter(tx, order=order, state=WarehouseState.CANCELED)
        store.update_cancel(
            tx,
            fulfillment_order_id=order.fulfillment_order_id,
            cancel_for=CancelFor.ENDED.value,
            reason=reason,
        )


def report(tx: WriteTx, *, order: WarehouseOrder, reported: str, at: datetime) -> bool:
    """Store what the warehouse reported last; false if a newer report is known."""
    return store.update_reported(
        tx, fulfillment_order_id=order.fulfillment_order_id, reported=reported, at=at
    )


def is_there(order: WarehouseOrder | None) -> bool:
    """Whether the warehouse must be asked before the work ends here."""
    return order is not None and order.state in AT_WAREHOUSE


def take_out(
    tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, units: Mapping[int, int]
) -> FulfillmentOrderId:
    """Move units (by line) of a fulfillment order into a new one in the same state; returns its id."""
    return FulfillmentOrderId(store.insert_part(tx, fulfillment_order_id=fulfillment_order_id, units=units))
