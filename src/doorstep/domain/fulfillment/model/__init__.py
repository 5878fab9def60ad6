"""Fulfillment orders: states, legal actions, scans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId, ShipmentId, Sku


class State(StrEnum):
    """State of the work. Planned work has its stock, but its location does not see it: it can still move."""

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
    """An action of a person on a fulfillment order."""

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
    """The legal actions now, main one first; a packed parcel ships only with its label, a held order not at all."""
    if order_held:
        return ()
    if state is State.PACKED and not has_label:
        return ()
    return _ACTIONS.get(state, ())


class RejectReason(StrEnum):
    """Why a location rejects; the first group is about the stock and corrects it.

    The last one cannot be chosen: the work was not accepted in time and taken away.
    """

    NOT_IN_STOCK = "not_in_stock"
    DAMAGED = "damaged"
    MISMATCH = "mismatch"
    STORE_CLOSED = "store_closed"
    NO_CAPACITY = "no_capacity"
    RECALLED = "recalled"
    NOT_ACCEPTED = "not_accepted"

    @classmethod
    def _missing_(cls, value: object) -> RejectReason | None:
        """Clients of earlier versions send the earlier name of a recall."""
        return cls.RECALLED if value == "asked_back" else None


# Stock correction per reason: None none, "all" nothing is left, "quantity" that many units less.
STOCK_EFFECT: dict[RejectReason, str | None] = {
    RejectReason.NOT_IN_STOCK: "all",
    RejectReason.DAMAGED: "quantity",
    RejectReason.MISMATCH: "quantity",
    RejectReason.STORE_CLOSED: None,
    RejectReason.NO_CAPACITY: None,
    RejectReason.RECALLED: None,
    RejectReason.NOT_ACCEPTED: None,
}


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Units of one order line to fulfill here."""

    line_no: int
    sku: Sku
    quantity: int
    picked: int = 0
    packed: int = 0


def cause(work_id: FulfillmentOrderId, line_no: int) -> str:
    """The key of a reservation in the ledger."""
    return f"fulfillment/{work_id}/line/{line_no}"


def parcel_cause(work_id: FulfillmentOrderId, line_no: int, shipment_id: ShipmentId) -> str:
    """The key of the reservation of a line's units in one of several parcels."""
    return f"{cause(work_id, line_no)}/shipment/{shipment_id}"


@dataclass(frozen=True, slots=True)
class Assignment:
    """A new fulfillment order; `planned` if its location does not see it yet.

    `leaves_at` and `arrives_at` are what routing expects; `held_back` work waits for the rest of its order.
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
    """A fulfillment order with its lines."""

    id: FulfillmentOrderId
    order_id: OrderId
    location_id: LocationId
    state: State
    version: int
    lines: tuple[WorkLine, ...]
    recall_requested: bool = False
    decision_id: int | None = None
    release_after: datetime | None = None

    @property
    def causes(self) -> list[str]:
        """The keys of its reservations."""
        return [cause(self.id, line.line_no) for line in self.lines]


# Unfinished work can be recalled; the first of these states is not accepted yet, so it is recalled at once.
RECALLABLE = (State.OPEN, State.ACCEPTED, State.PICKED)


class WrongScan(errors.Invalid):
    """The scanned code is not on the pick list, or all its units are picked."""


def scan(lines: Sequence[WorkLine], code: str, barcodes: dict[str, Sku]) -> WorkLine:
    """The line of which a scanned SKU or barcode picks one unit."""
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
    """Whether everything is picked."""
    return all(line.picked == line.quantity for line in lines)
