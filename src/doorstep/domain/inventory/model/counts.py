"""Counting what is really there: blind, open, or where an order has missed something; what differs, and who may agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel import errors
from doorstep.kernel.ids import CountId, LocationId, Sku


class CountKind(StrEnum):
    """Whether the counter sees what the ledger expects; a directed count asks for one SKU that an order missed."""

    BLIND = "blind"
    OPEN = "open"
    DIRECTED = "directed"


class CountState(StrEnum):
    """Where a count stands."""

    OPEN = "open"
    COUNTED = "counted"
    APPROVED = "approved"
    CANCELED = "canceled"


# A counted count may be sent back to be counted again.
COUNT_MOVES: dict[CountState, frozenset[CountState]] = {
    CountState.OPEN: frozenset({CountState.COUNTED, CountState.CANCELED}),
    CountState.COUNTED: frozenset({CountState.OPEN, CountState.APPROVED, CountState.CANCELED}),
    CountState.APPROVED: frozenset(),
    CountState.CANCELED: frozenset(),
}

# What a person may do in each state, the main thing first.
COUNT_ACTIONS: dict[CountState, tuple[str, ...]] = {
    CountState.OPEN: ("count", "hand_in", "cancel"),
    CountState.COUNTED: ("approve", "recount", "cancel"),
    CountState.APPROVED: (),
    CountState.CANCELED: (),
}

MOST_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A line that differs by no more is agreed by itself: so many pieces, or so many percent of what was expected."""

    pieces: int = 0
    percent: int = 0

    def covers(self, line: CountLine) -> bool:
        """Whether nobody needs to look at this line."""
        off = abs(line.variance or 0)
        return off <= max(self.pieces, (line.expected or 0) * self.percent // 100)


@dataclass(frozen=True, slots=True)
class CountLine:
    """A SKU in a condition: pieces found, and what the ledger had when they were counted (None: not known yet)."""

    sku: Sku
    condition: Condition
    counted: int | None = None
    counted_at: datetime | None = None
    expected: int | None = None
    changed: int | None = None
    missing: int = 0
    outcome: str = ""

    @property
    def variance(self) -> int | None:
        if self.counted is None or self.expected is None:
            return None
        return self.counted - self.expected


@dataclass(frozen=True, slots=True)
class Count:
    """A count with its lines; `version` counts its changes."""

    id: CountId
    location_id: LocationId
    kind: CountKind
    state: CountState
    title: str
    version: int
    counted_by: str
    lines: tuple[CountLine, ...]

    @property
    def hides_expected(self) -> bool:
        """Whoever counts must not know what would be right."""
        return self.kind is not CountKind.OPEN and self.state is CountState.OPEN


@dataclass(frozen=True, slots=True)
class NewCount:
    """A count to be opened. Without SKUs it is of everything that the ledger has at the location (in a category)."""

    location_id: LocationId
    kind: CountKind
    title: str
    skus: Sequence[Sku] = ()
    category: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """Pieces of a SKU that somebody has in front of them."""

    sku: Sku
    quantity: int
    condition: Condition = Condition.NEW


class Rest(StrEnum):
    """What is said of lines that nobody counted: nothing, or that there are none."""

    SKIP = "skip"
    NONE_THERE = "none_there"


class OwnCount(errors.Refused):
    """Who counted does not also agree to the difference, unless nobody else is there."""


def check_new(new: NewCount) -> None:
    """Raise Invalid for a count that is a system's to open, or too long for anybody's feet."""
    if new.kind is CountKind.DIRECTED:
        raise errors.Invalid(
            "Directed counts open by themselves when an order misses something.", field="kind"
        )
    if not new.title.strip():
        raise errors.Invalid("Say what is counted, in a few words.", field="title")
    if len(new.skus) > MOST_LINES:
        raise errors.Invalid(f"Count at most {MOST_LINES} SKUs at a time.", field="skus")


def check_found(found: Iterable[Found], *, adds: bool) -> None:
    """Raise Invalid for pieces that cannot be there; scans may also be taken back (`adds`)."""
    for each in found:
        if each.quantity < 0 and not adds:
            raise errors.Invalid(f"{each.sku}: a count is 0 or more.", field="quantity")
        if each.condition is Condition.IN_TRANSIT:
            raise errors.Invalid(f"{each.sku}: what is in transit cannot be counted.", field="condition")


def require_somebody_else(count: Count, *, actor: str, alone: bool) -> None:
    """Raise OwnCount if the same person counted and agrees, and has not said that nobody else is there."""
    if count.counted_by == actor and not alone:
        raise OwnCount(
            "You counted this yourself: let somebody else agree, or say that nobody else is there.",
            counted_by=count.counted_by,
        )
