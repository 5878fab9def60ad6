"""Verbs of stock: every change is a movement in the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.inventory import events, model
from doorstep.domain.inventory.model import Condition, Movement, MovementType, Position
from doorstep.domain.inventory.store import ledger as store
from doorstep.domain.inventory.store import locks
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, OrderId, Sku


@dataclass(frozen=True, slots=True)
class NewReservation:
    """Units of a SKU at a location, and their cause (a path: fulfillment/7/line/1)."""

    cause: str
    sku: Sku
    location_id: LocationId
    quantity: int
    condition: Condition = Condition.NEW
    order_id: OrderId | None = None


def lock_stock(
    tx: WriteTx,
    *,
    skus: Iterable[Sku],
    order_ids: Sequence[OrderId] = (),
    carts: Collection[tuple[str, str]] = (),
) -> None:
    """Lock all stock of these SKUs, of what these orders reserved or wait for, and of what these carts hold.

    Decisions on it stay true. A transaction locks everything that it needs at once, and its orders before.
    """
    tied = locks.select_tied_skus(tx, order_ids=order_ids) if order_ids else []
    held = locks.select_held_skus(tx, carts=carts) if carts else []
    locks.lock_skus(tx, sorted({*skus, *tied, *held}))


def move(tx: WriteTx, *, movements: Sequence[Movement]) -> int:
    """Write movements; the counters follow in the same transaction. Raises InsufficientStock and changes nothing."""
    if not movements:
        return 0
    model.check(movements)
    store.ensure_positions(tx, movements)
    return store.apply(tx, movements)


def reserve(tx: WriteTx, *, reservations: Sequence[NewReservation], at: datetime) -> None:
    """Reserve units at their location, all or none; each cause ends once, by release or shipment. Raises InsufficientStock."""
    movements = [
        Movement(
            type=MovementType.RESERVED,
            sku=each.sku,
            location_id=each.location_id,
            quantity=each.quantity,
            cause=each.cause,
            occurred_at=at,
            condition=each.condition,
            order_id=each.order_id,
        )
        for each in reservations
    ]
    model.check(movements)
    store.apply(tx, movements)


@dataclass(frozen=True, slots=True)
class ReservationEnd:
    """Reservations to end: by their causes, of these orders (None: not for orders)."""

    causes: Sequence[str]
    order_ids: Sequence[int] | None = None
    reason: str = ""


def release(tx: WriteTx, *, ending: ReservationEnd, at: datetime) -> int:
    """Release reservations; ended ones are left alone. Returns how many."""
    return _end(tx, MovementType.RELEASED, ending, at)


def ship(tx: WriteTx, *, ending: ReservationEnd, at: datetime) -> int:
    """Ship reserved units; ended reservations are left alone. Returns how many."""
    return _end(tx, MovementType.SHIPPED, ending, at)


def _end(tx: WriteTx, kind: MovementType, ending: ReservationEnd, at: datetime) -> int:
    found = store.lock_reservations(tx, causes=ending.causes, order_ids=ending.order_ids)
    store.apply(tx, [_ending(each, kind, at, reason=ending.reason) for each in found])
    return len(found)


def _ending(each: store.Reservation, kind: MovementType, at: datetime, *, reason: str) -> Movement:
    return Movement(
        type=kind,
        sku=each.sku,
        location_id=each.location_id,
        quantity=each.quantity,
        cause=each.cause,
        occurred_at=at,
        condition=each.condition,
        reason=reason,
        order_id=each.order_id,
        reverses=each.id,
    )


@dataclass(frozen=True, slots=True)
class ReservationSplit:
    """A reservation of `whole` units of an order line to divide: units by the cause that each part gets."""

    cause: str
    order_id: OrderId
    whole: int
    parts: Mapping[str, int]


def split_reservations(tx: WriteTx, *, splits: Sequence[ReservationSplit], at: datetime) -> None:
    """Divide reservations, so that each part ends on its own; what is reserved stays the same. Parts of kits stay together."""
    by_cause = {each.cause: each for each in splits}
    order_ids = sorted({each.order_id for each in splits})
    ended = store.lock_reservations(tx, causes=list(by_cause), order_ids=order_ids)
    movements: list[Movement] = []
    for each in ended:
        division = by_cause[each.cause]
        released = _ending(each, MovementType.RELEASED, at, reason="divided over parcels")
        movements.append(released)
        movements += [
            replace(
                released,
                type=MovementType.RESERVED,
                quantity=each.quantity * units // division.whole,
                cause=cause,
                reverses=None,
            )
            for cause, units in division.parts.items()
        ]
    model.check(movements)
    store.apply(tx, movements)


@dataclass(frozen=True, slots=True)
class ReturnedUnits:
    """Returned units of an order line; `key` makes it happen once, `line_no` finds what shipped them."""

    key: str
    order_id: OrderId
    line_no: int
    sku: Sku
    location_id: LocationId
    quantity: int
    condition: Condition
    reason: str = ""


def receive_return_stock(tx: WriteTx, *, returned: Sequence[ReturnedUnits], at: datetime) -> int:
    """Book returned units where they are now; each movement names the one that shipped them."""
    shipped = {
        (each.order_id, each.line_no, each.sku): each.id
        for each in store.select_shipped(tx, order_ids=sorted({each.order_id for each in returned}))
    }
    return move(
        tx,
        movements=[
            Movement(
                type=MovementType.RETURNED,
                sku=each.sku,
                location_id=each.location_id,
                quantity=each.quantity,
                cause=each.key,
                occurred_at=at,
                condition=each.condition,
                key=f"{each.key}/{each.sku}",
                reason=each.reason,
                order_id=each.order_id,
                reverses=shipped.get((each.order_id, each.line_no, each.sku)),
            )
            for each in returned
        ],
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """A correction of on hand; exactly one of `change` and `set_to`. `key` makes it happen once."""

    sku: Sku
    location_id: LocationId
    reason: str
    change: int | None = None
    set_to: int | None = None
    condition: Condition = Condition.NEW
    key: str | None = None


def adjust(tx: WriteTx, *, correction: Correction, at: datetime) -> Position:
    """Correct a counter, with a reason; returns the new position. Reserved units cannot be adjusted away."""
    if not correction.reason.strip():
        raise errors.Invalid("Choose or enter a reason for the correction.", field="reason")
    if (correction.change is None) == (correction.set_to is None):
        raise errors.Invalid("Enter either a change or a new quantity, not both.", field="change")
    movement = Movement(
        type=MovementType.ADJUSTED,
        sku=correction.sku,
        location_id=correction.location_id,
        quantity=correction.change or 0,
        cause="adjustment",
        occurred_at=at,
        condition=correction.condition,
        key=correction.key,
        reason=correction.reason,
    )
    store.ensure_positions(tx, [movement])
    if correction.set_to is not None:
        before = store.lock_position(
            tx, sku=correction.sku, location_id=correction.location_id, condition=correction.condition
        )
        movement = replace(movement, quantity=correction.set_to - before.on_hand)
    if movement.quantity and move(tx, movements=[movement]):
        location, condition = correction.location_id, correction.condition.value
        fact = events.Adjusted(location, correction.sku, condition, movement.quantity, correction.reason)
        event_log.append(tx, [fact], at=at)
    return store.lock_position(
        tx, sku=correction.sku, location_id=correction.location_id, condition=correction.condition
    )
