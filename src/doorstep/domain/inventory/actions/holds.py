"""Cart reservations: created, extended, dropped, expired, or converted into an order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.domain.inventory import events, model
from doorstep.domain.inventory.model import (
    CartReservation,
    HoldAnswer,
    HoldDecider,
    HoldRequest,
    HoldState,
    NetworkMovement,
    NetworkMovementType,
    Part,
    Requested,
    Selling,
)
from doorstep.domain.inventory.store import ledger, locks
from doorstep.domain.inventory.store import network as store
from doorstep.domain.inventory.store.network import End, FreshHold
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx

_ENDED_BY = {
    HoldState.CONSUMED: NetworkMovementType.CONSUMED,
    HoldState.LAPSED: NetworkMovementType.LAPSED,
    HoldState.DROPPED: NetworkMovementType.DROPPED,
}


class NotHeld(errors.NotFound):
    """The cart has no reservation (any more): it expired or became an order."""


def hold(tx: WriteTx, *, requests: Sequence[HoldRequest], selling: Selling, at: datetime) -> list[HoldAnswer]:
    """Reserve what each cart wants, all or none, in the given order; a repeated cart replaces its reservation.

    Reservations lower what can be promised to others. Stock is locked first, so that two carts never get the same unit.
    """
    for request in requests:
        model.check_request(request)
    parts = sorted(
        {(sku, condition.value) for each in requests for line in each.lines for sku, condition in line.parts}
    )
    held = locks.select_held_skus(tx, carts=[request.key for request in requests])
    locks.lock_skus(tx, sorted({*held, *(sku for sku, _ in parts)}))
    positions = ledger.select_positions(tx, parts=parts)
    standing = store.lock_holds(tx, carts=[request.key for request in requests])
    free = model.free(positions, store.select_requested(tx, parts=parts))
    decider = HoldDecider(free, _held(standing), selling.kept(requests, positions))
    answers, granted = [], {}
    for request in requests:
        refused = decider.decide(request)
        answers.append(HoldAnswer(request, None if refused else at + request.ttl, refused))
        if not refused:
            granted[request.key] = request
    _write(
        tx,
        list(granted.values()),
        [each for each in standing if (each.channel, each.reference) in granted],
        at,
    )
    return answers


def _held(standing: Iterable[CartReservation]) -> dict[tuple[str, str], dict[model.Part, int]]:
    held: dict[tuple[str, str], dict[model.Part, int]] = {}
    for each in standing:
        mine = held.setdefault((each.channel, each.reference), {})
        mine[each.part] = mine.get(each.part, 0) + each.quantity
    return held


def _write(
    tx: WriteTx, granted: Sequence[HoldRequest], replaced: Sequence[CartReservation], at: datetime
) -> None:
    """Replace reservations; the counters change by the difference only."""
    dropped = _end(tx, replaced, HoldState.DROPPED, at)
    fresh = [
        FreshHold(
            request.channel, request.reference, line.sku, sku, condition.value, units * line.quantity,
            at + request.ttl, at,
        )
        for request in granted
        for line in _merged(request)
        for (sku, condition), units in line.parts.items()
    ]  # fmt: skip
    store.copy_holds(tx, fresh)
    taken = [
        NetworkMovement(NetworkMovementType.HELD, sku, condition, quantity, request.cause, at)
        for request in granted
        for (sku, condition), quantity in model.needs(request.lines).items()
    ]
    store.apply(tx, [*dropped, *taken])


def _merged(request: HoldRequest) -> list[model.HoldLine]:
    """Merge lines of the same SKU."""
    total: dict[str, model.HoldLine] = {}
    for line in request.lines:
        before = total.get(line.sku)
        quantity = line.quantity + (before.quantity if before else 0)
        total[line.sku] = model.HoldLine(line.sku, quantity, line.parts)
    return list(total.values())


def _end(
    tx: WriteTx,
    holds: Sequence[CartReservation],
    state: HoldState,
    at: datetime,
    *,
    orders: Mapping[int, int] | None = None,
) -> list[NetworkMovement]:
    """End locked reservations; returns the effect on the counters. `orders` says which order used a reservation."""
    by_hold = orders or {}
    if holds:
        states.transition(model.HOLD_MOVES, HoldState.HELD, state, thing="A hold")
        store.end_holds(tx, [End(each.id, by_hold.get(each.id)) for each in holds], state=state, at=at)
    return [
        NetworkMovement(
            _ENDED_BY[state], each.sku, each.condition, each.quantity, f"hold/{each.channel}/{each.reference}", at,
            by_hold.get(each.id),
        )
        for each in holds
    ]  # fmt: skip


def extend(tx: WriteTx, *, carts: Sequence[tuple[str, str]], ttl: timedelta, at: datetime) -> datetime:
    """Extend reservations to at least now + ttl. Raises NotHeld if a cart has none."""
    if not timedelta(0) < ttl <= model.LONGEST_TTL:
        raise errors.Invalid("A reservation lasts from 1 second to 24 hours.", field="ttl_seconds")
    _require_all_held(carts, store.extend_holds(tx, carts=carts, until=at + ttl))
    return at + ttl


def keep(tx: WriteTx, *, carts: Sequence[tuple[str, str]], until: datetime, at: datetime) -> None:
    """Keep reservations during a payment or review: expiry extends them, until then at the latest."""
    if not at < until <= at + model.LONGEST_KEEP:
        raise errors.Invalid("A reservation can be kept for 7 days at most.", field="keep_until")
    _require_all_held(carts, store.keep_holds(tx, carts=carts, until=until))


def _require_all_held(carts: Sequence[tuple[str, str]], found: Sequence[tuple[str, str]]) -> None:
    gone = sorted(set(carts) - set(found))
    if gone:
        names = ", ".join(f"{channel}/{reference}" for channel, reference in gone)
        raise NotHeld(f"{names} has no reservation (any more): make a new one.")


def release_cart_reservations(tx: WriteTx, *, carts: Sequence[tuple[str, str]], at: datetime) -> int:
    """Drop reservations; changes nothing if there are none. Returns how many ended."""
    locks.lock_skus(tx, sorted(locks.select_held_skus(tx, carts=carts)))
    holds = store.lock_holds(tx, carts=carts)
    _freed(tx, holds, _end(tx, holds, HoldState.DROPPED, at), at)
    return len(holds)


def expire(tx: WriteTx, *, at: datetime, limit: int = 1_000) -> int:
    """Expire reservations, except kept ones: those are extended. Returns how many expired."""
    store.extend_kept(tx, at=at, until=at + model.DEFAULT_TTL)
    holds = store.lock_expired(tx, at=at, limit=limit)
    _freed(tx, holds, _end(tx, holds, HoldState.LAPSED, at), at)
    return len(holds)


def _freed(
    tx: WriteTx, holds: Sequence[CartReservation], movements: Sequence[NetworkMovement], at: datetime
) -> None:
    store.apply(tx, movements)
    if holds:
        event_log.append(tx, [events.Released(tuple(sorted({each.sku for each in holds})))], at=at)


@dataclass(frozen=True, slots=True)
class NetworkClaims:
    """Stock claimed across the network apart from these orders, and which of them had a cart reservation."""

    asked: Mapping[Part, Requested]
    served: frozenset[int]


def consume(
    tx: WriteTx, *, parts: Iterable[Part], carts: Mapping[tuple[str, str], int], at: datetime
) -> NetworkClaims:
    """Convert cart reservations into these orders, in the transaction that reserves or commits for the orders.

    The caller has locked the stock of `parts` and of what the carts hold, so that the answer stays true.
    """
    holds = store.lock_holds(tx, carts=list(carts)) if carts else []
    asked_parts = {*parts, *(each.part for each in holds)}
    asked = store.select_requested(tx, parts=sorted((sku, condition.value) for sku, condition in asked_parts))
    orders = {each.id: carts[each.channel, each.reference] for each in holds}
    store.apply(tx, _end(tx, holds, HoldState.CONSUMED, at, orders=orders))
    for each in holds:
        before = asked[each.part]
        asked[each.part] = Requested(before.held - each.quantity, before.committed)
    return NetworkClaims(asked, frozenset(orders.values()))
