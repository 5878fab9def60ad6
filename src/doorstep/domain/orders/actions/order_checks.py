"""Run order checks: approve, or hold with a reason; a check's hold ends when the check passes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from doorstep.domain.orders import events, model
from doorstep.domain.orders.actions import progress
from doorstep.domain.orders.model import CHECKED_HOLDS, Hold, HoldReason, OrderSnapshot
from doorstep.domain.orders.store import holds, read, routing, write
from doorstep.domain.orders.store.holds import OpenHold
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId, Sku
from doorstep.kernel.message import written
from doorstep.kernel.queues import Queue


def claim_due(tx: WriteTx, *, due: str, now: datetime, limit: int) -> list[OrderId]:
    """Lock orders for which `due` (approve or route) is due now."""
    return [OrderId(order_id) for order_id in routing.lock_due(tx, due=due, now=now, limit=limit)]


def reclaim(tx: WriteTx, *, order_id: OrderId, due: str) -> bool:
    """Lock one order of a failed batch; False if it is no longer due."""
    progress.lock(tx, order_id=order_id)
    return bool(routing.select_due(tx, order_ids=[order_id], due=due))


def postpone(tx: WriteTx, *, order_id: OrderId, due: str, now: datetime) -> None:
    """Postpone an order that could not be decided, so that it does not block others."""
    if reclaim(tx, order_id=order_id, due=due):
        routing.set_due(tx, order_ids=[order_id], due=due, at=now + progress.ROUTE_AGAIN_AFTER)


def run_checks(
    tx: WriteTx,
    *,
    order_ids: Sequence[OrderId],
    known_skus: Collection[str],
    serviceable: Mapping[str, bool],
    now: datetime,
) -> list[OrderId]:
    """Check these orders; returns the approved ones, which are due for routing. The others are held."""
    if not order_ids:
        return []
    standing: dict[int, list[OpenHold]] = {}
    for hold in holds.select_open_holds(tx, order_ids=order_ids):
        standing.setdefault(hold.order_id, []).append(hold)
    found = {
        order_id: model.check(order, known_skus=known_skus, serviceable=serviceable)
        for order_id, order in _snapshots(tx, order_ids).items()
    }
    _end_passed(tx, standing, found, now)
    placed = [(order_id, hold) for order_id, each in found.items() for hold in each]
    if placed:
        holds.insert_holds(tx, placed, at=now)
    manual = {order_id for order_id, each in standing.items() if any(_is_manual(hold) for hold in each)}
    approved = [OrderId(order_id) for order_id, each in found.items() if not each and order_id not in manual]
    held = [OrderId(order_id) for order_id in found if order_id not in set(approved)]
    write.mark_approved(tx, order_ids=approved, at=now)
    routing.set_due(tx, order_ids=approved, due="route", at=now)
    routing.set_nothing_due(tx, order_ids=held)
    newly_held = [
        order_id
        for order_id in held
        if _reasons(found[order_id]) - {h.reason for h in standing.get(order_id, ())}
    ]
    event_log.append(tx, [events.Approved(order_id) for order_id in approved], at=now)
    event_log.append(
        tx, [events.Held(each, tuple(sorted(_reasons(found[each])))) for each in newly_held], at=now
    )
    return approved


def _snapshots(tx: WriteTx, order_ids: Sequence[int]) -> dict[int, OrderSnapshot]:
    lines: dict[int, list[read.StoredLine]] = {}
    for line in read.select_lines(tx, order_ids=order_ids):
        lines.setdefault(line.order_id, []).append(line)
    addresses = read.select_addresses(tx, order_ids=order_ids)
    headers = read.select_headers(tx, order_ids=order_ids)
    return {header.id: read.snapshot(header, lines.get(header.id, []), addresses) for header in headers}


def _reasons(found: Sequence[Hold]) -> set[str]:
    return {hold.reason.value for hold in found}


def _is_manual(hold: OpenHold) -> bool:
    return HoldReason(hold.reason) not in CHECKED_HOLDS


def _end_passed(
    tx: WriteTx,
    standing: Mapping[int, Sequence[OpenHold]],
    found: Mapping[int, Sequence[Hold]],
    now: datetime,
) -> None:
    ended = [
        hold.id
        for order_id, each in standing.items()
        for hold in each
        if not _is_manual(hold) and hold.reason not in _reasons(found.get(order_id, ()))
    ]
    if ended:
        holds.release_holds(tx, ids=ended, at=now)


def correct_sku(tx: WriteTx, *, connection_id: int, wrong: str, sku: Sku, limit: int, now: datetime) -> int:
    """Give lines of held orders the SKU that the channel's name stands for, and have the orders checked again.

    Returns how many orders there were, at most `limit`.
    """
    found = holds.select_with_sku(
        tx, connection_id=connection_id, reason=HoldReason.UNKNOWN_SKU.value, sku=wrong, limit=limit
    )
    order_ids = [OrderId(each) for each in found]
    progress.lock_all(tx, order_ids=order_ids)
    write.correct_sku(tx, order_ids=order_ids, wrong=wrong, sku=sku)
    routing.set_due(tx, order_ids=order_ids, due="approve", at=now)
    if order_ids:
        tx.wake_workers(Queue.ORDERS)
    return len(order_ids)


def place_hold(tx: WriteTx, *, order_id: OrderId, reason: str, now: datetime) -> None:
    """Hold an order: nothing is routed, picked or shipped until it is released."""
    if not reason.strip():
        raise errors.Invalid("Enter a reason for the hold.", field="reason")
    progress.lock(tx, order_id=order_id)
    holds.insert_holds(tx, [(order_id, Hold(HoldReason.MANUAL, written(reason.strip())))], at=now)
    event_log.append(tx, [events.Held(order_id, (HoldReason.MANUAL.value,))], at=now)


def release_holds(tx: WriteTx, *, order_id: OrderId, now: datetime) -> None:
    """Release an order: manual holds end, and the checks run again."""
    progress.lock(tx, order_id=order_id)
    standing = holds.select_open_holds(tx, order_ids=[order_id])
    if not standing:
        raise errors.Conflict("The order is not held.")
    holds.release_holds(tx, ids=[hold.id for hold in standing if _is_manual(hold)], at=now)
    (header,) = read.select_headers(tx, order_ids=[order_id])
    lines = read.select_lines(tx, order_ids=[order_id])
    if any(line.allocated + line.canceled < line.quantity for line in lines) and header.canceled_at is None:
        routing.set_due(tx, order_ids=[order_id], due="approve", at=now)
        tx.wake_workers(Queue.ORDERS)
