"""Cycle counts: blind, open or directed; variances, and who may approve them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel import errors
from doorstep.kernel.ids import CountId, LocationId, Sku


class CountKind(StrEnum):
    """Whether the counter sees the expected quantity; a directed count is for one SKU that an order missed."""

    BLIND = "blind"
    OPEN = "open"
    DIRECTED = "directed"


class CountState(StrEnum):
    """State of a count."""

    OPEN = "open"
    COUNTED = "counted"
    APPROVED = "approved"
    CANCELED = "canceled"


# A submitted count may be reopened.
COUNT_MOVES: dict[CountState, frozenset[CountState]] = {
    CountState.OPEN: frozenset({CountState.COUNTED, CountState.CANCELED}),
    CountState.COUNTED: frozenset({CountState.OPEN, CountState.APPROVED, CountState.CANCELED}),
    CountState.APPROVED: frozenset(),
    CountState.CANCELED: frozenset(),
}

# Legal actions per state, main one first.
COUNT_ACTIONS: dict[CountState, tuple[str, ...]] = {
    CountState.OPEN: ("count", "submit", "cancel"),
    CountState.COUNTED: ("approve", "recount", "cancel"),
    CountState.APPROVED: (),
    CountState.CANCELED: (),
}

MOST_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Tolerance per line: a smaller variance is approved automatically (units, or a percentage of the expected quantity)."""

    units: int = 0
    percent: int = 0

    def covers(self, line: CountLine) -> bool:
        """Whether the variance is within tolerance."""
        off = abs(line.variance or 0)
        return off <= max(self.units, (line.expected or 0) * self.percent // 100)


@dataclass(frozen=True, slots=True)
class CountLine:
    """A SKU in a condition: units counted, and the ledger's quantity at that time (None: not known yet)."""

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
        """Whether the counter must not see the expected quantity."""
        return self.kind is not CountKind.OPEN and self.state is CountState.OPEN


@dataclass(frozen=True, slots=True)
class NewCount:
    """A new count. Without SKUs it covers everything that the ledger has at the location (in a category)."""

    location_id: LocationId
    kind: CountKind
    title: str
    skus: Sequence[Sku] = ()
    category: str = ""


@dataclass(frozen=True, slots=True)
class CountedSku:
    """Counted units of a SKU."""

    sku: Sku
    quantity: int
    condition: Condition = Condition.NEW


class Rest(StrEnum):
    """What happens to uncounted lines: skipped, or set to zero."""

    SKIP = "skip"
    NONE_THERE = "none_there"


class OwnCount(errors.Refused):
    """The person who counted cannot approve the variance, unless there is no one else."""


def check_new(new: NewCount) -> None:
    """Raise Invalid for a directed count (the system opens those), or one that is too long."""
    if new.kind is CountKind.DIRECTED:
        raise errors.Invalid("Directed counts open automatically after a short pick.", field="kind")
    if not new.title.strip():
        raise errors.Invalid("Enter a name for the count.", field="title")
    if len(new.skus) > MOST_LINES:
        raise errors.Invalid(f"Count at most {MOST_LINES} SKUs at a time.", field="skus")


def check_found(found: Iterable[CountedSku], *, adds: bool) -> None:
    """Raise Invalid for impossible quantities; scans may also be taken back (`adds`)."""
    for each in found:
        if each.quantity < 0 and not adds:
            raise errors.Invalid(f"{each.sku}: enter 0 or more.", field="quantity")
        if each.condition is Condition.IN_TRANSIT:
            raise errors.Invalid(f"{each.sku}: units in transit cannot be counted.", field="condition")


def require_other_user(count: Count, *, actor: str, alone: bool) -> None:
    """Raise OwnCount if the same person counted and approves without confirming that there is no one else."""
    if count.counted_by == actor and not alone:
        raise OwnCount(
            "You counted this yourself: let someone else approve it, or confirm that there is no one else.",
            counted_by=count.counted_by,
        )
