"""Verbs of returns: goods and money change separately. Callers hold the order's lock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.returns import events, model, store
from doorstep.domain.returns.model import Inspection, RefundProgress, ReturnLocation, ReturnSnapshot
from doorstep.domain.returns.store import Fresh, FreshLine, Return, ReturnLine
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, ReturnId

__all__ = ["Fresh", "FreshLine", "Return", "ReturnLine"]


def create(tx: WriteTx, *, fresh: Fresh, at: datetime) -> ReturnId | None:
    """Open a return that a channel reports; None if it is open already."""
    if not fresh.lines:
        raise errors.Invalid("A return needs at least one line of the order.", field="return_line_items")
    return_id = store.insert(tx, fresh, at=at)
    if return_id is not None:
        opened = _found(store.select(tx, return_id=return_id), return_id)
        event_log.append(tx, [events.Created(fresh.order_id, return_id, opened.number, fresh.reason)], at=at)
    return return_id


def record_snapshot(tx: WriteTx, *, connection_id: int, seen: ReturnSnapshot) -> Return | None:
    """Apply a newer snapshot of a known return; None if we do not have it."""
    known = store.lock_by_external(tx, connection_id=connection_id, external_id=seen.external_id)
    if known is not None and seen.version_at >= known.version_at:
        store.update_seen(tx, return_id=known.id, seen=seen)
    return known


def _found(found: Return | None, return_id: int) -> Return:
    if found is None:
        raise errors.NotFound(f"There is no return {return_id}.")
    return found


def lock(tx: WriteTx, *, return_id: ReturnId) -> Return:
    """One return, locked; raises NotFound."""
    return _found(store.lock(tx, return_id=return_id), return_id)


def _move(tx: WriteTx, each: Return, custody: ReturnLocation, at: datetime) -> None:
    states.transition(model.CUSTODY_MOVES, each.custody, custody, thing=f"Return {each.number}")
    store.update_custody(tx, return_id=each.id, custody=custody, at=at)


def mark_in_transit(tx: WriteTx, *, return_id: ReturnId, at: datetime) -> None:
    """The carrier has it; late or repeated scans change nothing."""
    each = lock(tx, return_id=return_id)
    if each.custody is ReturnLocation.ADVISED:
        _move(tx, each, ReturnLocation.IN_TRANSIT, at)
        event_log.append(tx, [events.InTransit(each.order_id, each.id, each.number)], at=at)


def arrived(tx: WriteTx, *, return_id: ReturnId, at: datetime) -> None:
    """The carrier delivered it to the location; late or repeated scans change nothing."""
    each = lock(tx, return_id=return_id)
    if each.custody in {ReturnLocation.ADVISED, ReturnLocation.IN_TRANSIT}:
        _move(tx, each, ReturnLocation.ARRIVED, at)
        event_log.append(tx, [events.Arrived(each.order_id, each.id, each.number)], at=at)


def receive(
    tx: WriteTx, *, return_id: ReturnId, location_id: LocationId, location: str, at: datetime
) -> Return:
    """Receive the return at this location."""
    each = lock(tx, return_id=return_id)
    _move(tx, each, ReturnLocation.RECEIVED, at)
    store.update_received(tx, return_id=return_id)
    store.update_location(tx, return_id=return_id, location_id=location_id)
    event_log.append(tx, [events.Received(each.order_id, each.id, each.number, location)], at=at)
    return lock(tx, return_id=return_id)


def inspect(tx: WriteTx, *, return_id: ReturnId, inspections: Sequence[Inspection], at: datetime) -> Return:
    """Record the inspection: what goes to stock and what is owed; every line once, none above what was announced."""
    each = lock(tx, return_id=return_id)
    model.check_inspections(each.quantities, inspections)
    _move(tx, each, ReturnLocation.INSPECTED, at)
    store.update_inspected(tx, return_id=return_id, inspections=inspections)
    refund_due = any(inspection.refund and inspection.quantity for inspection in inspections)
    if not refund_due:
        _pay(tx, each, RefundProgress.DENIED, at)
    event_log.append(tx, [events.Inspected(each.order_id, each.id, each.number, refund_due)], at=at)
    return lock(tx, return_id=return_id)


def _pay(tx: WriteTx, each: Return, money: RefundProgress, at: datetime) -> None:
    states.transition(model.MONEY_MOVES, each.money, money, thing=f"The refund of return {each.number}")
    store.update_money(tx, return_id=each.id, money=money, at=at)


def refund_triggered(tx: WriteTx, *, return_id: ReturnId, at: datetime) -> None:
    """The refund is stored and will be requested."""
    _pay(tx, lock(tx, return_id=return_id), RefundProgress.TRIGGERED, at)


def refund_requested(tx: WriteTx, *, return_id: ReturnId, at: datetime) -> None:
    """The refund is being requested (again); changes nothing if known."""
    each = lock(tx, return_id=return_id)
    if each.money is not RefundProgress.TRIGGERED:
        _pay(tx, each, RefundProgress.TRIGGERED, at)


def refund_doubted(tx: WriteTx, *, return_id: ReturnId, at: datetime) -> None:
    """The outcome of the refund is unknown."""
    _pay(tx, lock(tx, return_id=return_id), RefundProgress.IN_DOUBT, at)


def refund_failed(tx: WriteTx, *, return_id: ReturnId, at: datetime) -> None:
    """The gateway rejected the refund: it is still owed."""
    each = lock(tx, return_id=return_id)
    if each.money is not RefundProgress.PENDING:
        _pay(tx, each, RefundProgress.PENDING, at)


def refunded(tx: WriteTx, *, return_id: ReturnId, at: datetime) -> Return | None:
    """The customer was refunded; None if that was known."""
    each = lock(tx, return_id=return_id)
    if each.money is RefundProgress.REFUNDED:
        return None
    _pay(tx, each, RefundProgress.REFUNDED, at)
    event_log.append(tx, [events.Refunded(each.order_id, each.id, each.number)], at=at)
    return each
