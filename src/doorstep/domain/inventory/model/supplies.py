"""Incoming supply: lines of purchase orders, transfers, ASNs and production."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku
from doorstep.kernel.states import transition

SURE = 100


class SupplyKind(StrEnum):
    """What kind of document announces it."""

    PURCHASE_ORDER = "purchase_order"
    TRANSFER = "transfer"
    ASN = "asn"
    PRODUCTION = "production"


class SupplyState(StrEnum):
    """Whether more is expected of the line."""

    OPEN = "open"
    CLOSED = "closed"
    CANCELED = "canceled"


# A closed line reopens when its document asks for more than was received.
SUPPLY_MOVES: dict[SupplyState, frozenset[SupplyState]] = {
    SupplyState.OPEN: frozenset({SupplyState.CLOSED, SupplyState.CANCELED}),
    SupplyState.CLOSED: frozenset({SupplyState.OPEN}),
    SupplyState.CANCELED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class Announcement:
    """A document line as a person, a file or a system sends it; (kind, number, line_no) identifies it."""

    kind: SupplyKind
    number: str
    line_no: int
    sku: Sku
    location_id: LocationId
    quantity: int
    eta_date: date
    confidence: int = SURE
    source: str = "manual"

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.kind.value, self.number, self.line_no)


@dataclass(frozen=True, slots=True)
class Supply:
    """A stored line; `received` may pass `quantity`, because suppliers over-deliver."""

    id: int
    kind: SupplyKind
    number: str
    line_no: int
    sku: Sku
    location_id: LocationId
    quantity: int
    received: int
    eta_date: date
    confidence: int
    state: SupplyState
    source: str
    version: int

    @property
    def key(self) -> tuple[str, str, int]:
        return (self.kind.value, self.number, self.line_no)

    @property
    def document(self) -> str:
        return f"{self.kind.value} {self.number} line {self.line_no}"

    @property
    def expected(self) -> int:
        """Units still expected: what the incoming counter of its position has for this line."""
        return max(0, self.quantity - self.received) if self.state is SupplyState.OPEN else 0


def check_announcement(reported: Announcement) -> None:
    """Raise Invalid for a line that announces nothing or has no number."""
    if not reported.number.strip():
        raise errors.Invalid("Enter the document's number.", field="number")
    check_figures(reported.quantity, reported.confidence)


def check_figures(quantity: int, confidence: int) -> None:
    """Raise Invalid unless units are announced, with a confidence that is a percentage."""
    if quantity < 1:
        raise errors.Invalid(
            "A line announces at least 1 unit: close or cancel it if nothing comes.", field="quantity"
        )
    if not 0 <= confidence <= SURE:
        raise errors.Invalid("Enter a confidence of 0 to 100 percent.", field="confidence")


def announced_again(before: Supply, reported: Announcement) -> Supply:
    """The line after its document was sent again; equal to `before` when nothing changed. Raises Conflict."""
    if (before.sku, before.location_id) != (reported.sku, reported.location_id):
        raise errors.Conflict(
            f"{before.document} announces {before.sku} elsewhere already: cancel it and use another line number.",
        )
    after = replace(
        before, quantity=reported.quantity, eta_date=reported.eta_date, confidence=reported.confidence
    )
    if after == before or before.state is SupplyState.CANCELED:
        if after != before:
            raise errors.Conflict(f"{before.document} is canceled: announce it under another line number.")
        return before
    if before.state is SupplyState.CLOSED:
        if reported.quantity <= max(before.received, before.quantity):
            return before
        after = replace(
            after, state=transition(SUPPLY_MOVES, before.state, SupplyState.OPEN, thing="The line")
        )
    return after


def received(before: Supply, units: int) -> Supply:
    """The line after units were received; it closes when all were, and accepts more than announced."""
    if units < 1:
        raise errors.Invalid("Receive at least 1 unit.", field="quantity")
    after = replace(before, received=before.received + units)
    if before.state is SupplyState.OPEN and after.received >= after.quantity:
        return replace(after, state=SupplyState.CLOSED)
    return after
