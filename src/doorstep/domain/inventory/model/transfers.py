"""Goods that go from one of our places to another: asked for, sent, on the road, arrived; nothing is lost unsaid."""

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
    """Where a transfer stands."""

    DRAFT = "draft"
    REQUESTED = "requested"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CANCELED = "canceled"


# Requested ties up the goods at their origin; shipped puts them on the road; received puts them on the shelf.
TRANSFER_MOVES: dict[TransferState, frozenset[TransferState]] = {
    TransferState.DRAFT: frozenset({TransferState.REQUESTED, TransferState.CANCELED}),
    TransferState.REQUESTED: frozenset({TransferState.SHIPPED, TransferState.CANCELED}),
    TransferState.SHIPPED: frozenset({TransferState.RECEIVED}),
    TransferState.RECEIVED: frozenset(),
    TransferState.CANCELED: frozenset(),
}

# What a person may do in each state, the main thing first.
TRANSFER_ACTIONS: dict[TransferState, tuple[str, ...]] = {
    TransferState.DRAFT: ("request", "change", "cancel"),
    TransferState.REQUESTED: ("ship", "cancel"),
    TransferState.SHIPPED: ("receive",),
    TransferState.RECEIVED: (),
    TransferState.CANCELED: (),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """So many pieces to be moved; `why` is the sentence of a suggestion."""

    sku: Sku
    quantity: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """A transfer to be drafted."""

    origin_id: LocationId
    destination_id: LocationId
    lines: Sequence[Wanted]
    reference: str = ""
    note: str = ""
    expected_date: date | None = None


@dataclass(frozen=True, slots=True)
class TransferLine:
    """A SKU of a transfer and how far its pieces have come."""

    sku: Sku
    requested: int
    shipped: int
    received: int
    why: str = ""

    @property
    def on_the_road(self) -> int:
        """Sent and not yet said to have arrived."""
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

    def cause(self, sku: Sku) -> str:
        """What the ledger calls the pieces of a line."""
        return f"transfer/{self.id}/{sku}"

    @property
    def number(self) -> str:
        """What the document is called that announces it at its destination."""
        return f"transfer-{self.id}"

    @property
    def causes(self) -> list[str]:
        return [self.cause(line.sku) for line in self.lines]


@dataclass(frozen=True, slots=True)
class Arrived:
    """Pieces that came through the door, and in what condition."""

    sku: Sku
    quantity: int
    condition: Condition = Condition.NEW
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """What comes of a line's arrival: `taken` off the road, `over` what was not sent, `lost` what will not come."""

    sku: Sku
    taken: int
    over: int
    lost: int


def check_plan(plan: Plan) -> None:
    """Raise Invalid for a transfer that goes nowhere or moves nothing."""
    if plan.origin_id == plan.destination_id:
        raise errors.Invalid("A transfer goes to another place than it comes from.", field="destination")
    check_wanted(plan.lines)


def check_wanted(lines: Sequence[Wanted]) -> None:
    """Raise Invalid for lines that are none, empty, or say a SKU twice."""
    if not lines:
        raise errors.Invalid("Say which SKUs are to be moved, and how many.", field="lines")
    for line in lines:
        if line.quantity < 1:
            raise errors.Invalid(f"{line.sku}: at least 1 piece is moved.", field="quantity")
    if twice := _twice(line.sku for line in lines):
        raise errors.Invalid(f"{twice} stands there twice: give one line per SKU.", field="lines")


def to_send(transfer: Transfer, given: Mapping[Sku, int] | None) -> dict[Sku, int]:
    """Pieces that leave, by SKU: as requested unless something else is given. Raises Invalid."""
    asked = {line.sku: line.requested for line in transfer.lines}
    if given is None:
        return asked
    for sku, quantity in given.items():
        if sku not in asked:
            raise errors.Invalid(
                f"{sku} is not on this transfer: cancel it and draft another.", field="lines"
            )
        if quantity < 0:
            raise errors.Invalid(f"{sku}: 0 or more pieces leave.", field="quantity")
    sent = {sku: given.get(sku, 0) for sku in asked}
    if not any(sent.values()):
        raise errors.Invalid("Nothing leaves: cancel the transfer instead.", field="lines")
    return sent


def arrivals(transfer: Transfer, given: Sequence[Arrived], *, closes: bool) -> list[Arrival]:
    """Set what came against what is on the road; with `closes` the rest is lost. Raises Invalid."""
    check_arrived(given)
    came: dict[Sku, int] = {}
    for each in given:
        came[each.sku] = came.get(each.sku, 0) + each.quantity
    road = {line.sku: line.on_the_road for line in transfer.lines}
    found = []
    for sku in [*road, *(sku for sku in came if sku not in road)]:
        taken = min(came.get(sku, 0), road.get(sku, 0))
        over = came.get(sku, 0) - taken
        lost = road.get(sku, 0) - taken if closes else 0
        if taken or over or lost:
            found.append(Arrival(sku, taken, over, lost))
    return found


def check_arrived(given: Sequence[Arrived]) -> None:
    """Raise Invalid for pieces that cannot have come like that."""
    for each in given:
        if each.quantity < 1:
            raise errors.Invalid(
                f"{each.sku}: write how many pieces came, or leave it out.", field="quantity"
            )
        if each.condition is Condition.IN_TRANSIT:
            raise errors.Invalid(f"{each.sku}: what has come is not in transit any more.", field="condition")
    if twice := _twice((each.sku, each.condition.value) for each in given):
        raise errors.Invalid(f"{twice[0]} ({twice[1]}) stands there twice: add the pieces up.", field="lines")


def _twice(given: Iterable[T]) -> T | None:
    seen: set[T] = set()
    for each in given:
        if each in seen:
            return each
        seen.add(each)
    return None
