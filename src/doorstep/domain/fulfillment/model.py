"""The work of one location for one order: states, what a person may do now, what a scan means."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId, Sku


class State(StrEnum):
    """Where the work stands. Planned work has its stock, but its location does not know of it: it can still go elsewhere."""

    PLANNED = "planned"
    OPEN = "open"
    ACCEPTED = "accepted"
    PICKED = "picked"
    PACKED = "packed"
    SHIPPED = "shipped"
    REJECTED = "rejected"
    CANCELED = "canceled"


MOVES: dict[State, frozenset[State]] = {
    State.PLANNED: frozenset({State.OPEN, State.CANCELED}),
    State.OPEN: frozenset({State.ACCEPTED, State.REJECTED, State.CANCELED}),
    State.ACCEPTED: frozenset({State.PICKED, State.REJECTED, State.CANCELED}),
    State.PICKED: frozenset({State.PACKED, State.REJECTED, State.CANCELED}),
    State.PACKED: frozenset({State.SHIPPED}),
    State.SHIPPED: frozenset(),
    State.REJECTED: frozenset(),
    State.CANCELED: frozenset(),
}


class Action(StrEnum):
    """What a person may do with a fulfillment order."""

    ACCEPT = "accept"
    PICK = "pick"
    PACK = "pack"
    SHIP = "ship"
    REJECT = "reject"


_ACTIONS: dict[State, tuple[Action, ...]] = {
    State.OPEN: (Action.ACCEPT, Action.REJECT),
    State.ACCEPTED: (Action.PICK, Action.REJECT),
    State.PICKED: (Action.PACK, Action.REJECT),
    State.PACKED: (Action.SHIP,),
}


def legal_actions(state: State, *, has_label: bool, order_held: bool = False) -> tuple[Action, ...]:
    """What may be done now, the main thing first; a packed parcel leaves only with its label, a held order not at all."""
    if order_held:
        return ()
    if state is State.PACKED and not has_label:
        return ()
    return _ACTIONS.get(state, ())


class RejectReason(StrEnum):
    """Why a location cannot fulfil; the first group is about the goods and corrects the stock there.

    Nobody chooses the last one: the location let the work lie, and it was taken away.
    """

    NOT_IN_STOCK = "not_in_stock"
    DAMAGED = "damaged"
    MISMATCH = "mismatch"
    STORE_CLOSED = "store_closed"
    NO_CAPACITY = "no_capacity"
    ASKED_BACK = "asked_back"
    NOT_ACCEPTED = "not_accepted"


# What a reject says about the stock of the rejected lines: None nothing, "all" nothing is there, "quantity" that many less.
STOCK_EFFECT: dict[RejectReason, str | None] = {
    RejectReason.NOT_IN_STOCK: "all",
    RejectReason.DAMAGED: "quantity",
    RejectReason.MISMATCH: "quantity",
    RejectReason.STORE_CLOSED: None,
    RejectReason.NO_CAPACITY: None,
    RejectReason.ASKED_BACK: None,
    RejectReason.NOT_ACCEPTED: None,
}


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Pieces of one order line to be fulfilled here."""

    line_no: int
    sku: Sku
    quantity: int
    picked: int = 0
    packed: int = 0


def cause(work_id: FulfillmentOrderId, line_no: int) -> str:
    """What stock is reserved for, as the ledger writes it."""
    return f"fulfillment/{work_id}/line/{line_no}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A new fulfillment order as routing decided it; planned if its location shall not know of it yet.

    `leaves_at` and `arrives_at` are what routing expects, `held_back` work waits for the rest of its order.
    """

    order_id: OrderId
    location_id: LocationId
    lines: tuple[WorkLine, ...]
    planned: bool = False
    release_after: datetime | None = None
    leaves_at: datetime | None = None
    arrives_at: datetime | None = None
    held_back: bool = False


@dataclass(frozen=True, slots=True)
class Work:
    """A fulfillment order with its lines, locked for a change."""

    id: FulfillmentOrderId
    order_id: OrderId
    location_id: LocationId
    state: State
    version: int
    lines: tuple[WorkLine, ...]
    asked_back: bool = False
    decision_id: int | None = None
    release_after: datetime | None = None

    @property
    def causes(self) -> list[str]:
        """What the reservations of its lines are called."""
        return [cause(self.id, line.line_no) for line in self.lines]


# Work that its location has not finished yet can be asked back; nobody has accepted the first of these, so it just goes.
ASKABLE = (State.OPEN, State.ACCEPTED, State.PICKED)


class WrongScan(errors.Invalid):
    """The scanned code is none of the things to pick here, or all of them are picked already."""


def scan(lines: Sequence[WorkLine], code: str, barcodes: dict[str, Sku]) -> WorkLine:
    """The line that a scanned SKU or barcode picks one piece of."""
    sku = barcodes.get(code, Sku(code))
    mine = [line for line in lines if line.sku == sku]
    if not mine:
        raise WrongScan(
            f"{code} is not on this pick list: put it back and scan the right item.", field="code"
        )
    for line in mine:
        if line.picked < line.quantity:
            return line
    raise WrongScan(f"All {sum(line.quantity for line in mine)} × {sku} are picked already.", field="code")


def all_picked(lines: Sequence[WorkLine]) -> bool:
    """Nothing is left to pick."""
    return all(line.picked == line.quantity for line in lines)
