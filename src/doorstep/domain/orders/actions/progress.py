"""Progress of orders: allocation, line counters, completion, cancellation, notes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from doorstep.domain.orders import events
from doorstep.domain.orders.model import LineCount, QueuePlacement
from doorstep.domain.orders.store import holds, read, routing, write
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.queues import Queue
from doorstep.kernel.transactions import Kind

ROUTE_AGAIN_AFTER = timedelta(minutes=15)


def lock(tx: WriteTx, *, order_id: OrderId) -> None:
    """Lock an order for a change of it or of anything that belongs to it; raises NotFound.

    Events of this transaction carry the trace of the message that brought the order, unless a newer one is known.
    """
    lock_all(tx, order_ids=[order_id])


def lock_all(tx: WriteTx, *, order_ids: Collection[OrderId]) -> None:
    """Lock several orders, in order of their ids: whatever needs more than one locks them at once. Raises NotFound."""
    found = write.lock_all(tx, order_ids=sorted(order_ids))
    for order_id, trace_id in found.items():
        tx.traces.setdefault(("order", order_id), tx.trace_id or trace_id)
    unknown = sorted(set(order_ids) - tx.locks.held.get(Kind.ORDER, frozenset()))
    if unknown:
        raise errors.NotFound(f"There is no order {unknown[0]}.")


def lock_free(tx: WriteTx, *, order_ids: Sequence[OrderId]) -> list[OrderId]:
    """Lock those of these orders that are free and have no hold; skip the others."""
    found = write.lock_free(tx, order_ids=order_ids)
    for order_id, trace_id in found:
        tx.traces.setdefault(("order", order_id), tx.trace_id or trace_id)
    return [OrderId(order_id) for order_id, _ in found]


def claim_waiting(tx: WriteTx, *, after: int, limit: int) -> list[OrderId]:
    """Lock approved orders with unallocated lines, from an id on."""
    return [OrderId(order_id) for order_id in routing.lock_short(tx, after=after, limit=limit)]


def allocate(
    tx: WriteTx,
    *,
    counts: Sequence[LineCount],
    routed: Mapping[OrderId, events.Allocated],
    short: Mapping[OrderId, tuple[str, ...]],
    queued: Mapping[OrderId, QueuePlacement],
    now: datetime,
) -> None:
    """Record an allocation: units allocated, orders complete or short (short ones are queued)."""
    if counts:
        _count(tx, ("allocated",), counts)
    if routed:
        routing.end_waits(tx, order_ids=list(routed))
    if queued:
        routing.put_in_queues(tx, queued)
    event_log.append(tx, list(routed.values()), at=now)
    event_log.append(tx, [events.Short(order_id, skus) for order_id, skus in short.items()], at=now)


def replan(
    tx: WriteTx, *, counts: Sequence[LineCount], replanned: Mapping[OrderId, events.Allocated], now: datetime
) -> None:
    """Record that planned units moved to other locations (they were deallocated before)."""
    _count(tx, ("allocated",), counts)
    reported = [
        events.Replanned(each.order_id, each.decision_id, each.locations) for each in replanned.values()
    ]
    event_log.append(tx, reported, at=now)


def unpick(tx: WriteTx, *, counts: Sequence[LineCount]) -> None:
    """Return picked units to stock."""
    _count(tx, ("picked",), counts, sign=-1)


def deallocate(tx: WriteTx, *, counts: Sequence[LineCount]) -> None:
    """Take back units that a location will not fulfill (unpick them first)."""
    _count(tx, ("allocated",), counts, sign=-1)


def reroute(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> None:
    """Make these orders due for routing."""
    routing.set_due(tx, order_ids=order_ids, due="route", at=now)
    tx.wake_workers(Queue.ORDERS)


def retry_backorders(tx: WriteTx, *, skus: Sequence[str], now: datetime) -> None:
    """Retry short orders that want these SKUs."""
    if skus and routing.retry_backorders(tx, skus=skus, at=now):
        tx.wake_workers(Queue.ORDERS)


def retry_short(tx: WriteTx, *, now: datetime) -> None:
    """Retry short orders after a location or carrier works again."""
    if routing.retry_short(tx, at=now):
        tx.wake_workers(Queue.ORDERS)


def count(tx: WriteTx, *, counters: Sequence[str], counts: Sequence[LineCount]) -> None:
    """Count units as picked, packed, shipped, delivered, return_requested or returned."""
    _count(tx, counters, counts)


def _count(tx: WriteTx, counters: Sequence[str], counts: Sequence[LineCount], *, sign: int = 1) -> None:
    write.add_counts(tx, counters=counters, counts=counts, sign=sign)


def complete(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> list[OrderId]:
    """Complete orders whose units are all delivered; each once."""
    done = [OrderId(order_id) for order_id in write.mark_completed(tx, order_ids=order_ids, at=now)]
    event_log.append(tx, [events.Completed(order_id) for order_id in done], at=now)
    return done


def cancel(tx: WriteTx, *, order_id: OrderId, reason: str, now: datetime) -> None:
    """Cancel every unit that is not allocated (cancel its work first); raises if none is left."""
    lock(tx, order_id=order_id)
    (header,) = read.select_headers(tx, order_ids=[order_id])
    if header.canceled_at is not None:
        raise errors.Conflict("The order is canceled already.")
    lines = read.select_lines(tx, order_ids=[order_id])
    left = [
        LineCount(order_id, line.line_no, line.quantity - line.allocated - line.canceled)
        for line in lines
        if line.quantity > line.allocated + line.canceled
    ]
    if not left and any(line.allocated for line in lines):
        shipped = all(line.shipped >= line.allocated for line in lines)
        raise errors.Refused(
            "Everything has shipped already: open a return instead."
            if shipped
            else "Everything is packed or shipped: stop the parcels, or open a return when they arrive."
        )
    if left:
        _count(tx, ("canceled",), left)
    routing.end_waits(tx, order_ids=[order_id])
    if all(line.allocated == 0 for line in lines):
        write.mark_canceled(tx, order_id=order_id, at=now)
        standing = holds.select_open_holds(tx, order_ids=[order_id])
        holds.release_holds(tx, ids=[hold.id for hold in standing], at=now)
    event_log.append(tx, [events.Canceled(order_id, reason)], at=now)


def claim_overdue(tx: WriteTx, *, now: datetime, limit: int) -> list[OrderId]:
    """Lock queued orders whose time is over."""
    return [OrderId(order_id) for order_id in routing.lock_overdue(tx, now=now, limit=limit)]


def add_note(tx: WriteTx, *, order_id: OrderId, text: str, now: datetime) -> int:
    """Add a note to an order."""
    if not text.strip():
        raise errors.Invalid("Enter a note.", field="text")
    lock(tx, order_id=order_id)
    note_id = holds.insert_note(tx, order_id=order_id, text=text.strip(), at=now)
    event_log.append(tx, [events.NoteAdded(order_id, note_id)], at=now)
    return note_id
