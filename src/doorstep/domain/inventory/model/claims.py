"""What somebody says is on hand (a count, a snapshot, a till), set against the ledger: pure rules, no clock of their own.

A claim about a moment is compared with what the ledger had at that moment, so that what was sold since stays sold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel.ids import LocationId, Sku

# What customers are promised; more of it may serve orders that wait.
SELLABLE = frozenset({Condition.NEW, Condition.B_GRADE})


class Outcome(StrEnum):
    """What came of a claim."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    IGNORED = "ignored"
    CONTRADICTED = "contradicted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Claim:
    """`quantity` pieces were there at `as_of`; or, for a change, so many came (or went, below zero) by then."""

    sku: Sku
    location_id: LocationId
    condition: Condition
    quantity: int
    as_of: datetime
    is_change: bool = False

    @property
    def position(self) -> tuple[Sku, LocationId, Condition]:
        return self.sku, self.location_id, self.condition


@dataclass(frozen=True, slots=True)
class Seen:
    """What we know of a claim's position. `moved` is what came and went since the claim's moment."""

    on_hand: int
    reserved: int
    missing: int
    moved: int
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What follows from a claim: `change` of on hand, and the reserved pieces that are `missing` afterwards."""

    outcome: Outcome
    change: int
    missing: int
    reason: str = ""


def classify(claim: Claim, seen: Seen) -> Verdict:
    """Compare a claim with the ledger.

    An older claim than the last count or snapshot of its position says nothing new. On hand never falls below what
    is reserved: the rest is missing, which makes the position's promises unknown until people have looked.
    """
    if seen.confirmed_at is not None and claim.as_of <= seen.confirmed_at:
        reason = f"A count or snapshot of {seen.confirmed_at:%Y-%m-%d %H:%M:%S} UTC is newer."
        return Verdict(Outcome.IGNORED, 0, seen.missing, reason)
    truth = seen.on_hand - seen.missing + claim.quantity if claim.is_change else claim.quantity + seen.moved
    on_hand = max(truth, seen.reserved)
    change, missing = on_hand - seen.on_hand, min(on_hand - truth, seen.reserved)
    if truth < on_hand:
        return Verdict(Outcome.CONTRADICTED, change, missing, _discrepancy(truth, seen.reserved))
    settled = change == 0 and missing == seen.missing
    return Verdict(Outcome.UNCHANGED if settled else Outcome.APPLIED, change, missing)


def _discrepancy(truth: int, reserved: int) -> str:
    if truth < 0:
        return f"{-truth} more have left since than were there."
    return f"{truth} are there but {reserved} are reserved: {reserved - truth} are missing."
