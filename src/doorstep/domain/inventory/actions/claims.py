"""Apply on-hand claims of counts and feeds to the ledger; mark and report discrepancies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import ledger
from doorstep.domain.inventory.model import Condition, Movement, MovementType
from doorstep.domain.inventory.model import claims as rules
from doorstep.domain.inventory.model.claims import SELLABLE, Claim, ClaimOutcome, LedgerState, Verdict
from doorstep.domain.inventory.store import claims as store
from doorstep.domain.inventory.store import ledger as ledger_store
from doorstep.domain.inventory.store.claims import Discrepancy
from doorstep.kernel import event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku

_AT_ONCE = 500
Key = tuple[Sku, LocationId, Condition]


@dataclass(frozen=True, slots=True)
class ClaimOrigin:
    """Where claims come from: their name in the ledger, and their cause (a path: count/7, feed/erp/12)."""

    kind: MovementType
    cause: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The result of a claim, and on hand after it."""

    claim: Claim
    verdict: Verdict
    on_hand: int

    @property
    def is_more_to_sell(self) -> bool:
        return self.verdict.change > 0 and self.claim.condition in SELLABLE


def apply(tx: WriteTx, *, claims: Sequence[Claim], basis: ClaimOrigin, at: datetime) -> list[ClaimResult]:
    """Bring the ledger to what the claims say, any number at once; results in their order.

    Movements carry the claim's time, so that a later claim about an earlier time still adds up.
    """
    if not claims:
        return []
    store.ensure_claimed(tx, claims)
    settled = _classified(claims, store.select_ledger_states(tx, claims))
    event_log.lock_streams(tx, stream="location", ids=(claim.location_id for claim in claims))
    movements = [_movement(each, basis) for each in settled if each.verdict.change]
    if movements:
        ledger_store.apply(tx, movements)
    store.mark(tx, _marks(settled))
    _report_discrepancies(tx, settled, basis, at)
    return settled


def _classified(claims: Sequence[Claim], seen: Sequence[LedgerState]) -> list[ClaimResult]:
    """One result per claim; several changes of one position follow each other."""
    now: dict[Key, LedgerState] = {}
    settled = []
    for claim, found in zip(claims, seen, strict=True):
        before = now.get(claim.position, found)
        verdict = rules.classify(claim, before)
        after = replace(before, on_hand=before.on_hand + verdict.change, missing=verdict.missing)
        now[claim.position] = after
        settled.append(ClaimResult(claim, verdict, after.on_hand))
    return settled


def _movement(each: ClaimResult, basis: ClaimOrigin) -> Movement:
    return Movement(
        type=basis.kind,
        sku=each.claim.sku,
        location_id=each.claim.location_id,
        quantity=each.verdict.change,
        cause=basis.cause,
        occurred_at=each.claim.as_of,
        condition=each.claim.condition,
        reason=basis.reason,
    )


def _marks(settled: Sequence[ClaimResult]) -> list[Discrepancy]:
    """The last claim per position; a change does not say when the whole position was checked."""
    marks: dict[Key, Discrepancy] = {}
    for each in settled:
        if each.verdict.outcome is not ClaimOutcome.IGNORED:
            confirmed_at = None if each.claim.is_change else each.claim.as_of
            marks[each.claim.position] = Discrepancy(*each.claim.position, each.verdict.missing, confirmed_at)
    return list(marks.values())


def _report_discrepancies(
    tx: WriteTx, settled: Sequence[ClaimResult], basis: ClaimOrigin, at: datetime
) -> None:
    """One event per location, with the orders that wait for units which may not exist."""
    against = {
        each.claim.position: each for each in settled if each.verdict.outcome is ClaimOutcome.CONTRADICTED
    }
    if not against:
        return
    waiting: dict[Key, list[int]] = {}
    for found in store.select_waiting(tx, list(against)):
        waiting.setdefault((found.sku, found.location_id, found.condition), []).append(found.order_id)
    by_location: dict[LocationId, list[events.Missing]] = {}
    for (sku, location_id, condition), each in against.items():
        orders = tuple(waiting.get((sku, location_id, condition), ()))
        missing = events.Missing(sku, condition.value, each.verdict.missing, each.verdict.reason, orders)
        by_location.setdefault(location_id, []).append(missing)
    reported = [
        events.DiscrepancyFound(location_id, basis.cause, tuple(positions))
        for location_id, positions in sorted(by_location.items())
    ]
    event_log.append(tx, reported, at=at)


def write_off_missing(tx: WriteTx, *, at: datetime) -> int:
    """Write off missing units whose reservations were released meanwhile; returns how many positions.

    Reserved ones stay counted, because orders still rely on them; shipped ones were found.
    """
    found = store.lock_missing(tx, limit=_AT_ONCE)
    gone = {each: min(each.missing, each.on_hand - each.reserved) for each in found}
    movements = [
        Movement(
            type=MovementType.COUNTED,
            sku=each.sku,
            location_id=each.location_id,
            quantity=-units,
            cause="missing",
            occurred_at=at,
            condition=each.condition,
            reason="Missing, no longer reserved",
        )
        for each, units in gone.items()
        if units
    ]
    ledger.move(tx, movements=movements)
    marks = [
        Discrepancy(
            each.sku, each.location_id, each.condition, min(each.missing - units, each.reserved), None
        )
        for each, units in gone.items()
    ]
    store.mark(tx, marks)
    return len(found)
