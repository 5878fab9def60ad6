"""Verbs of stock: every change is a movement in the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.inventory import events as facts
from doorstep.domain.inventory import model
from doorstep.domain.inventory.model import Condition, Movement, MovementType, Position
from doorstep.domain.inventory.store import ledger as store
from doorstep.kernel import errors, events
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, OrderId, Sku


@dataclass(frozen=True, slots=True)
class Piece:
    """So many pieces of an order line at a location."""

    order_id: OrderId
    line_no: int
    sku: Sku
    location_id: LocationId
    quantity: int

    @property
    def cause(self) -> str:
        return f"order/{self.order_id}/line/{self.line_no}"


def lock_supply(tx: WriteTx, *, skus: Sequence[Sku]) -> list[Position]:
    """Lock what these SKUs have to sell, everywhere, so that what is decided on it stays true."""
    return store.lock_positions(tx, skus=sorted(set(skus)))


def move(tx: WriteTx, *, movements: Sequence[Movement]) -> int:
    """Write movements; counters follow in the same statement. Raises InsufficientStock and changes nothing then."""
    if not movements:
        return 0
    model.check(movements)
    store.ensure_positions(tx, movements)
    return store.apply(tx, movements)


def reserve(tx: WriteTx, *, pieces: Sequence[Piece], at: datetime) -> None:
    """Pin pieces to their location for an order."""
    move(tx, movements=[_movement(MovementType.RESERVED, piece, at) for piece in pieces])


def release(tx: WriteTx, *, pieces: Sequence[Piece], at: datetime, reason: str) -> None:
    """Give reserved pieces back to availability."""
    move(tx, movements=[_movement(MovementType.RELEASED, piece, at, reason=reason) for piece in pieces])


def ship(tx: WriteTx, *, pieces: Sequence[Piece], at: datetime) -> None:
    """Reserved pieces left the building."""
    move(tx, movements=[_movement(MovementType.SHIPPED, piece, at) for piece in pieces])


def _movement(kind: MovementType, piece: Piece, at: datetime, *, reason: str = "") -> Movement:
    return Movement(
        type=kind,
        sku=piece.sku,
        location_id=piece.location_id,
        quantity=piece.quantity,
        cause=piece.cause,
        occurred_at=at,
        reason=reason,
        order_id=piece.order_id,
    )


@dataclass(frozen=True, slots=True)
class Correction:
    """A change of on hand by a person or a feed; exactly one of `change` and `set_to`. `key` makes it happen once."""

    sku: Sku
    location_id: LocationId
    reason: str
    change: int | None = None
    set_to: int | None = None
    condition: Condition = Condition.NEW
    key: str | None = None


def adjust(tx: WriteTx, *, correction: Correction, at: datetime) -> Position:
    """Correct a counter, with a reason; returns the new position. Reserved pieces cannot be adjusted away."""
    if not correction.reason.strip():
        raise errors.Invalid("Say why the stock is corrected: choose or write a reason.", field="reason")
    if (correction.change is None) == (correction.set_to is None):
        raise errors.Invalid("Give either a change or a new count, not both.", field="change")
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
        fact = facts.Adjusted(location, correction.sku, condition, movement.quantity, correction.reason)
        events.append(tx, [fact], at=at)
    return store.lock_position(
        tx, sku=correction.sku, location_id=correction.location_id, condition=correction.condition
    )
