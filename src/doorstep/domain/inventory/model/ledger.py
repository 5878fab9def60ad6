"""The stock ledger: movements, and the counters that only movements change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku


class Condition(StrEnum):
    """Condition of units; only `new` is promised to customers, b_grade has its own price."""

    NEW = "new"
    B_GRADE = "b_grade"
    QUARANTINE = "quarantine"
    DAMAGED = "damaged"
    IN_TRANSIT = "in_transit"


class MovementType(StrEnum):
    """Why stock changed."""

    RECEIVED = "received"
    RESERVED = "reserved"
    RELEASED = "released"
    SHIPPED = "shipped"
    ADJUSTED = "adjusted"
    TRANSFERRED = "transferred"
    RETURNED = "returned"
    EXPECTED = "expected"
    REGRADED = "regraded"
    COUNTED = "counted"
    SYNCHRONIZED = "synchronized"


# The effect of a movement of quantity q on (on hand, reserved, incoming).
EFFECTS: dict[MovementType, tuple[int, int, int]] = {
    MovementType.RECEIVED: (1, 0, 0),
    MovementType.RESERVED: (0, 1, 0),
    MovementType.RELEASED: (0, -1, 0),
    MovementType.SHIPPED: (-1, -1, 0),
    MovementType.ADJUSTED: (1, 0, 0),
    MovementType.TRANSFERRED: (1, 0, 0),
    MovementType.RETURNED: (1, 0, 0),
    MovementType.EXPECTED: (0, 0, 1),
    MovementType.REGRADED: (1, 0, 0),
    MovementType.COUNTED: (1, 0, 0),
    MovementType.SYNCHRONIZED: (1, 0, 0),
}
# These carry their own sign: units may come or go.
SIGNED = frozenset(
    {
        MovementType.ADJUSTED,
        MovementType.TRANSFERRED,
        MovementType.EXPECTED,
        MovementType.REGRADED,
        MovementType.COUNTED,
        MovementType.SYNCHRONIZED,
    }
)


class InsufficientStock(errors.Refused):
    """Not enough stock; `data.detail` is the counter that would become negative."""


class UnknownPosition(errors.NotFound):
    """The SKU or the location does not exist."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement. `cause` is a path (fulfillment/12/line/1, return/7/line/1, feed/erp/…).

    A movement with a `key` happens once however often it is requested. `reverses` is the id of the movement that this one ends
    or undoes; a reservation is ended once.
    """

    type: MovementType
    sku: Sku
    location_id: LocationId
    quantity: int
    cause: str
    occurred_at: datetime
    condition: Condition = Condition.NEW
    key: str | None = None
    reason: str = ""
    order_id: int | None = None
    reverses: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """The counters of one SKU at one location in one condition."""

    sku: Sku
    location_id: LocationId
    condition: Condition
    on_hand: int
    reserved: int
    incoming: int = 0
    missing: int = 0

    @property
    def available(self) -> int:
        """Unreserved units; missing units do not count, also after their reservation was released."""
        return max(0, self.on_hand - self.reserved - self.missing)


def check(movements: Iterable[Movement]) -> None:
    """Raise Invalid for an impossible movement: zero, or negative where its type has no sign."""
    for movement in movements:
        if movement.quantity == 0 or (movement.quantity < 0 and movement.type not in SIGNED):
            raise errors.Invalid(
                f"{movement.sku}: a {movement.type.value.replace('_', ' ')} movement cannot have the quantity {movement.quantity}.",
                field="quantity",
            )


@dataclass(frozen=True, slots=True)
class Drift:
    """A counter that differs from the sum of its movements; there must never be one.

    `location_id` is None for the counters of the network (held, committed).
    """

    sku: str
    location_id: int | None
    condition: Condition
    counter: str
    counted: int
    by_ledger: int
