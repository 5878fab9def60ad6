"""Verbs of cycle counts: open, record, submit, approve or reopen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import claims, known
from doorstep.domain.inventory.actions.claims import ClaimOrigin, ClaimResult
from doorstep.domain.inventory.model import Condition, MovementType
from doorstep.domain.inventory.model import counts as rules
from doorstep.domain.inventory.model.claims import Claim
from doorstep.domain.inventory.model.counts import (
    COUNT_MOVES,
    Count,
    CountedSku,
    CountLine,
    CountState,
    NewCount,
    Rest,
    Tolerance,
)
from doorstep.domain.inventory.store import claims as claim_store
from doorstep.domain.inventory.store import counts as store
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import CountId, LocationId, Sku

_DIRECTED = "Not found during pick"


@dataclass(frozen=True, slots=True)
class Command:
    """A change of a count. `version` is what the person saw (None: unguarded)."""

    count_id: CountId
    at: datetime
    version: int | None = None


def open_(tx: WriteTx, *, counts: Sequence[NewCount], at: datetime) -> list[CountId]:
    """Open counts. Raises Invalid, also when there is nothing to count."""
    for new in counts:
        rules.check_new(new)
    known.require_known(tx, skus=[sku for new in counts for sku in new.skus])
    ids = [CountId(each) for each in store.insert_counts(tx, counts, at=at)]
    for key, new in zip(ids, counts, strict=True):
        if new.skus:
            store.insert_lines(tx, [(key, sku, Condition.NEW) for sku in new.skus])
        elif not store.insert_ledger_lines(
            tx, count_id=key, location_id=new.location_id, category=new.category
        ):
            raise errors.Invalid("There is no stock to count there: enter the SKUs.", field="skus")
    reported = [
        events.CountOpened(key, new.location_id, new.kind.value) for key, new in zip(ids, counts, strict=True)
    ]
    event_log.append(tx, reported, at=at)
    return ids


@dataclass(frozen=True, slots=True)
class MissingStock:
    """A SKU that was not found at a location; `order_id` is the order that missed it, if any."""

    location_id: LocationId
    sku: Sku
    condition: Condition
    order_id: int | None = None


def open_directed(tx: WriteTx, *, missing: Sequence[MissingStock], at: datetime) -> list[CountId]:
    """Open a count per missed SKU and location, one at a time. Returns the new ones."""
    if not missing:
        return []
    pairs = [(miss.location_id, miss.sku) for miss in missing]
    opened = store.insert_directed(tx, pairs, title=_DIRECTED, at=at)
    by_location = {(each.location_id, each.directed_sku): each.id for each in opened}
    lines = [
        (by_location[miss.location_id, miss.sku], miss.sku, miss.condition)
        for miss in missing
        if (miss.location_id, miss.sku) in by_location
    ]
    store.insert_lines(tx, lines)
    orders = {(miss.location_id, miss.sku): miss.order_id for miss in reversed(missing)}
    reported = [
        events.CountOpened(key, location[0], rules.CountKind.DIRECTED.value, orders[location])
        for location, key in by_location.items()
    ]
    event_log.append(tx, reported, at=at)
    return list(by_location.values())


def find(tx: WriteTx, *, command: Command, found: Sequence[CountedSku], adds: bool) -> None:
    """Record counted units: the total per SKU, or (`adds`) one scan more or fewer."""
    count = _locked(tx, command)
    if count.state is not CountState.OPEN:
        raise errors.Conflict(
            f"This count is {count.state.value}: it cannot be changed.", state=count.state.value
        )
    rules.check_found(found, adds=adds)
    known.require_known(tx, skus=[each.sku for each in found])
    if len(found) + len(count.lines) > rules.MOST_LINES * 2:
        raise errors.Invalid("This count is too long: submit it and open another.", field="lines")
    more = [each for each in found if each.quantity >= 0]
    if more:
        store.write_found(tx, more, count_id=count.id, adds=adds, at=command.at)
    if fewer := [each for each in found if each.quantity < 0]:
        store.reduce_found(tx, fewer, count_id=count.id, at=command.at)


def submit(tx: WriteTx, *, command: Command, rest: Rest, tolerance: Tolerance) -> CountState:
    """Submit a count; uncounted lines are skipped or set to zero. Small variances are approved at once.

    Returns the new state: counted, or approved.
    """
    count = _locked(tx, command)
    states.transition(COUNT_MOVES, count.state, CountState.COUNTED, thing=f"Count {count.id}")
    if rest is Rest.NONE_THERE:
        store.fill_with_none(tx, count_id=count.id, at=command.at)
        count = _locked(tx, command)
    counted = [line for line in count.lines if line.counted is not None]
    if not counted:
        raise errors.Invalid("Nothing is counted yet: scan or enter the units.", field="lines")
    lines = _with_expected(tx, count, counted)
    store.write_expected(tx, lines, count_id=count.id)
    store.update_state(tx, count_id=count.id, state=CountState.COUNTED, at=command.at)
    off = sum(bool(line.variance) for line in lines)
    event_log.append(tx, [events.CountSubmitted(count.id, count.location_id, len(lines), off)], at=command.at)
    if all(tolerance.covers(line) for line in lines):
        with tx.acting("system"):
            _post_variances(tx, count, lines, command.at)
        return CountState.APPROVED
    return CountState.COUNTED


def _with_expected(tx: WriteTx, count: Count, lines: Sequence[CountLine]) -> list[CountLine]:
    """The lines with the ledger's quantity at the time of counting."""
    seen = claim_store.select_ledger_states(tx, _claims(count, lines))
    return [replace(line, expected=each.on_hand - each.moved) for line, each in zip(lines, seen, strict=True)]


def _claims(count: Count, lines: Sequence[CountLine]) -> list[Claim]:
    return [
        Claim(line.sku, count.location_id, line.condition, line.counted, line.counted_at)
        for line in lines
        if line.counted is not None and line.counted_at is not None
    ]


def approve(tx: WriteTx, *, command: Command, alone: bool = False) -> None:
    """Approve variances: the ledger follows, and what was sold since counting stays sold.

    Someone else than the counter approves, unless (`alone`) there is no one else. Raises OwnCount.
    """
    count = _locked(tx, command)
    states.transition(COUNT_MOVES, count.state, CountState.APPROVED, thing=f"Count {count.id}")
    rules.require_other_user(count, actor=tx.actor, alone=alone)
    _post_variances(tx, count, [line for line in count.lines if line.counted is not None], command.at)


def _post_variances(tx: WriteTx, count: Count, lines: Sequence[CountLine], at: datetime) -> None:
    """Post the variances, computed anew because movements may have come in late."""
    basis = ClaimOrigin(MovementType.COUNTED, f"count/{count.id}", count.title)
    settled = claims.apply(tx, claims=_claims(count, lines), basis=basis, at=at)
    outcomes = [
        replace(
            line,
            changed=each.verdict.change,
            missing=each.verdict.missing,
            outcome=each.verdict.reason or each.verdict.outcome.value,
        )
        for line, each in zip(lines, settled, strict=True)
    ]
    store.write_outcomes(tx, outcomes, count_id=count.id)
    store.update_state(tx, count_id=count.id, state=CountState.APPROVED, at=at)
    event_log.append(tx, [_approved(count, settled)], at=at)


def _approved(count: Count, settled: Sequence[ClaimResult]) -> events.CountApproved:
    return events.CountApproved(
        count.id,
        count.location_id,
        len(settled),
        sum(each.verdict.change for each in settled),
        tuple(sorted({each.claim.sku for each in settled if each.is_more_to_sell})),
    )


def recount(tx: WriteTx, *, command: Command, reason: str) -> None:
    """Reopen a count: lines with variances are counted again."""
    count = _locked(tx, command)
    states.transition(COUNT_MOVES, count.state, CountState.OPEN, thing=f"Count {count.id}")
    store.clear_variances(tx, count_id=count.id)
    store.update_state(tx, count_id=count.id, state=CountState.OPEN, at=command.at)
    event_log.append(tx, [events.CountReopened(count.id, count.location_id, reason)], at=command.at)


def cancel(tx: WriteTx, *, command: Command) -> None:
    """Cancel a count."""
    count = _locked(tx, command)
    states.transition(COUNT_MOVES, count.state, CountState.CANCELED, thing=f"Count {count.id}")
    store.update_state(tx, count_id=count.id, state=CountState.CANCELED, at=command.at)
    event_log.append(tx, [events.CountCanceled(count.id, count.location_id)], at=command.at)


def _locked(tx: WriteTx, command: Command) -> Count:
    count = store.lock_count(tx, count_id=command.count_id)
    if count is None:
        raise errors.NotFound(f"There is no count {command.count_id}.")
    if command.version is not None and command.version != count.version:
        raise errors.Conflict(
            "This count was changed by someone else meanwhile: reload and try again.",
            state=count.state.value,
            version=count.version,
        )
    return count
