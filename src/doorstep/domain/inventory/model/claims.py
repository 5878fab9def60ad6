"""Compare reported on-hand quantities (count, feed, POS) with the ledger. Pure, without a clock.

A claim is compared with what the ledger had at the claim's time, so that what was sold since stays sold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel.ids import LocationId, Sku

# Sellable stock; more of it may serve waiting orders.
SELLABLE = frozenset({Condition.NEW, Condition.B_GRADE})


class ClaimOutcome(StrEnum):
    """The result of a claim."""

    APPLIED = "applied"
    UNCHANGED = "unchanged"
    IGNORED = "ignored"
    CONTRADICTED = "contradicted"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Claim:
    """`quantity` units were there at `as_of`; or, for a change, so many came (or went, below zero) by then."""

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
class LedgerState:
    """What we know of a claim's position. `moved` is what came and went since the claim's time."""

    on_hand: int
    reserved: int
    missing: int
    moved: int
    confirmed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The effect of a claim: `change` of on hand, and the reserved units that are `missing` afterwards."""

    outcome: ClaimOutcome
    change: int
    missing: int
    reason: str = ""


def classify(claim: Claim, seen: LedgerState) -> Verdict:
    """Compare a claim with the ledger.

    A claim older than the last count or snapshot of its position has no effect. On hand never falls below reserved: the rest
    is missing, and the position's availability is unknown until it is checked.
    """
    if seen.confirmed_at is not None and claim.as_of <= seen.confirmed_at:
        reason = f"A count or snapshot of {seen.confirmed_at:%Y-%m-%d %H:%M:%S} UTC is newer."
        return Verdict(ClaimOutcome.IGNORED, 0, seen.missing, reason)
    truth = seen.on_hand - seen.missing + claim.quantity if claim.is_change else claim.quantity + seen.moved
    on_hand = max(truth, seen.reserved)
    change, missing = on_hand - seen.on_hand, min(on_hand - truth, seen.reserved)
    if truth < on_hand:
        return Verdict(ClaimOutcome.CONTRADICTED, change, missing, _discrepancy(truth, seen.reserved))
    settled = change == 0 and missing == seen.missing
    return Verdict(ClaimOutcome.UNCHANGED if settled else ClaimOutcome.APPLIED, change, missing)


def _discrepancy(truth: int, reserved: int) -> str:
    if truth < 0:
        return f"Since then, {-truth} more left than were reported."
    return f"Units found: {truth}, reserved: {reserved}, missing: {reserved - truth}."
