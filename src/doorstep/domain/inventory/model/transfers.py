"""Transfers between locations: requested, shipped, received, with discrepancies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import TypeVar

from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku, TransferId

T = TypeVar("T")


class TransferState(StrEnum):
    """State of a transfer."""

    DRAFT = "draft"
    REQUESTED = "requested"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CANCELED = "canceled"


# Requested reserves the goods at their origin; shipped puts them in transit; received adds them to stock.
TRANSFER_MOVES: dict[TransferState, frozenset[TransferState]] = {
    TransferState.DRAFT: frozenset({TransferState.REQUESTED, TransferState.CANCELED}),
    TransferState.REQUESTED: frozenset({TransferState.SHIPPED, TransferState.CANCELED}),
    TransferState.SHIPPED: frozenset({TransferState.RECEIVED}),
    TransferState.RECEIVED: frozenset(),
    TransferState.CANCELED: frozenset(),
}

# Legal actions per state, main one first.
TRANSFER_ACTIONS: dict[TransferState, tuple[str, ...]] = {
    TransferState.DRAFT: ("request", "change", "cancel"),
    TransferState.REQUESTED: ("ship", "cancel"),
    TransferState.SHIPPED: ("receive",),
    TransferState.RECEIVED: (),
    TransferState.CANCELED: (),
}


@dataclass(frozen=True, slots=True)
class RequestedLine:
    """Units to move; `why` is the reason of a suggestion."""

    sku: Sku
    quantity: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A new transfer."""

    origin_id: LocationId
    destination_id: LocationId
    lines: Sequence[RequestedLine]
    reference: str = ""
    note: str = ""
    expected_date: date | None = None


@dataclass(frozen=True, slots=True)
class TransferLine:
    """A SKU of a transfer and its progress."""

    sku: Sku
    requested: int
    shipped: int
    received: int
    why: str = ""

    @property
    def in_transit(self) -> int:
        """Shipped and not received yet."""
        return max(0, self.shipped - self.received)


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer with its lines; `version` counts its changes."""

    id: TransferId
    origin_id: LocationId
    destination_id: LocationId
    state: TransferState
    version: int
    expected_date: date | None
    lines: tuple[TransferLine, ...]

    def acting_locations(self, action: str) -> tuple[LocationId, ...]:
        """The locations whose staff may do it: the origin's; a draft is also changed and canceled at its destination."""
        if self.state is TransferState.DRAFT and action in {"change", "cancel"}:
            return self.origin_id, self.destination_id
        return (self.origin_id,)

    def cause(self, sku: Sku) -> str:
        """The key of a line's reservation in the ledger."""
        return f"transfer/{self.id}/{sku}"

    @property
    def number(self) -> str:
        """The document that announces it at its destination."""
        return f"transfer-{self.id}"

    @property
    def causes(self) -> list[str]:
        return [self.cause(line.sku) for line in self.lines]


@dataclass(frozen=True, slots=True)
class TransferReceiptLine:
    """Received units, and their condition."""

    sku: Sku
    quantity: int
    condition: Condition = Condition.NEW
    reason: str = ""


@dataclass(frozen=True, slots=True)
class TransferLineResult:
    """The result of a line's receipt: `taken` out of transit, `over` not sent, `lost` not coming."""

    sku: Sku
    taken: int
    over: int
    lost: int


def check_plan(plan: Plan) -> None:
    """Raise Invalid for a transfer to its own origin, or without units."""
    if plan.origin_id == plan.destination_id:
        raise errors.Invalid("Choose a destination other than the origin.", field="destination")
    check_requested(plan.lines)


def check_requested(lines: Sequence[RequestedLine]) -> None:
    """Raise Invalid for missing, empty or repeated lines."""
    if not lines:
        raise errors.Invalid("Enter the SKUs to move, and how many.", field="lines")
    for line in lines:
        if line.quantity < 1:
            raise errors.Invalid(f"{line.sku}: enter at least 1 unit.", field="quantity")
    if twice := _twice(line.sku for line in lines):
        raise errors.Invalid(f"{twice} is listed twice: enter one line per SKU.", field="lines")


def to_send(transfer: Transfer, given: Mapping[Sku, int] | None) -> dict[Sku, int]:
    """Units that ship, by SKU: as requested unless given otherwise. Raises Invalid."""
    asked = {line.sku: line.requested for line in transfer.lines}
    if given is None:
        return asked
    for sku, quantity in given.items():
        if sku not in asked:
            raise errors.Invalid(
                f"{sku} is not on this transfer: cancel it and draft another.", field="lines"
            )
        if quantity < 0:
            raise errors.Invalid(f"{sku}: enter 0 or more units.", field="quantity")
    sent = {sku: given.get(sku, 0) for sku in asked}
    if not any(sent.values()):
        raise errors.Invalid("Enter units to ship, or cancel the transfer.", field="lines")
    return sent


def compare_with_shipped(
    transfer: Transfer, given: Sequence[TransferReceiptLine], *, closes: bool
) -> list[TransferLineResult]:
    """Compare received units with those in transit; with `closes` the rest is lost. Raises Invalid."""
    check_arrived(given)
    came: dict[Sku, int] = {}
    for each in given:
        came[each.sku] = came.get(each.sku, 0) + each.quantity
    road = {line.sku: line.in_transit for line in transfer.lines}
    found = []
    for sku in [*road, *(sku for sku in came if sku not in road)]:
        taken = min(came.get(sku, 0), road.get(sku, 0))
        over = came.get(sku, 0) - taken
        lost = road.get(sku, 0) - taken if closes else 0
        if taken or over or lost:
            found.append(TransferLineResult(sku, taken, over, lost))
    return found


def check_arrived(given: Sequence[TransferReceiptLine]) -> None:
    """Raise Invalid for impossible receipts."""
    for each in given:
        if each.quantity < 1:
            raise errors.Invalid(
                f"{each.sku}: enter how many units were received, or remove the line.", field="quantity"
            )
        if each.condition is Condition.IN_TRANSIT:
            raise errors.Invalid(f"{each.sku}: enter a condition other than in transit.", field="condition")
    if twice := _twice((each.sku, each.condition.value) for each in given):
        raise errors.Invalid(f"{twice[0]} ({twice[1]}) is listed twice: add up the units.", field="lines")


def _twice(given: Iterable[T]) -> T | None:
    seen: set[T] = set()
    for each in given:
        if each in seen:
            return each
        seen.add(each)
    return None
