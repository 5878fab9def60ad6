"""Verbs of incoming supply: counters and promises follow each change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.actions import promises
from doorstep.domain.inventory.actions.promises import SupplyArrival
from doorstep.domain.inventory.model import supplies as model
from doorstep.domain.inventory.model.ledger import Movement, MovementType
from doorstep.domain.inventory.model.supplies import SUPPLY_MOVES, Announcement, Supply, SupplyState
from doorstep.domain.inventory.store import ledger
from doorstep.domain.inventory.store import supplies as store
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, Sku
from doorstep.kernel.states import transition


@dataclass(frozen=True, slots=True)
class SupplyResult:
    """The changed lines, and whose promised date changed."""

    supplies: list[Supply]
    changed: list[events.PromiseMoved]


def put(tx: WriteTx, *, reported: Sequence[Announcement], at: datetime) -> SupplyResult:
    """Announce lines, or change known ones; repeating it changes nothing.

    Of a line that appears twice in one batch the last one counts. Raises Invalid, Conflict or UnknownPosition.
    """
    for each in reported:
        model.check_announcement(each)
    lines = {each.key: each for each in reported}
    _lock_positions(tx, [(each.sku, each.location_id) for each in lines.values()], at)
    known = {each.key for each in store.select_by_keys(tx, keys=sorted(lines))}
    fresh = store.insert_new(tx, [each for key, each in lines.items() if key not in known], at=at)
    made = {each.key for each in fresh}
    ids = [each.id for each in store.select_by_keys(tx, keys=sorted(set(lines) - made))]
    before = store.lock(tx, supply_ids=ids)
    after = [model.announced_again(each, lines[each.key]) for each in before]
    changed = _apply(tx, before, after, words="changed", at=at, fresh=fresh)
    return SupplyResult(sorted([*fresh, *after], key=lambda each: each.id), changed)


@dataclass(frozen=True, slots=True)
class SupplyUpdate:
    """New figures for a line; None keeps the old. `version` is the one that was seen."""

    supply_id: int
    eta_date: date | None = None
    quantity: int | None = None
    confidence: int | None = None
    version: int | None = None


def change(tx: WriteTx, *, changes: Sequence[SupplyUpdate], at: datetime) -> SupplyResult:
    """Change date, quantity or confidence of open lines; promises built on them move in the same transaction."""
    wanted = {each.supply_id: each for each in changes}
    before = _locked(tx, sorted(wanted), at)
    after = [_changed(each, wanted[each.id]) for each in before]
    return SupplyResult(after, _apply(tx, before, after, words="changed", at=at))


def _changed(before: Supply, wanted: SupplyUpdate) -> Supply:
    if wanted.version is not None and wanted.version != before.version:
        raise errors.Conflict(
            f"{before.document} was changed meanwhile: reload and try again.", version=before.version
        )
    if before.state is not SupplyState.OPEN:
        raise errors.Conflict(f"{before.document} is {before.state.value}: nothing more is expected.")
    after = replace(
        before,
        eta_date=wanted.eta_date or before.eta_date,
        quantity=before.quantity if wanted.quantity is None else wanted.quantity,
        confidence=before.confidence if wanted.confidence is None else wanted.confidence,
    )
    model.check_figures(after.quantity, after.confidence)
    return after


def close(tx: WriteTx, *, supply_ids: Sequence[int], at: datetime) -> SupplyResult:
    """Close these lines, whatever is missing."""
    return _end(tx, supply_ids, SupplyState.CLOSED, at)


def cancel(tx: WriteTx, *, supply_ids: Sequence[int], at: datetime) -> SupplyResult:
    """Cancel these lines."""
    return _end(tx, supply_ids, SupplyState.CANCELED, at)


def _end(tx: WriteTx, supply_ids: Sequence[int], state: SupplyState, at: datetime) -> SupplyResult:
    before = _locked(tx, sorted(set(supply_ids)), at)
    after = [
        replace(each, state=transition(SUPPLY_MOVES, each.state, state, thing=each.document))
        for each in before
    ]
    return SupplyResult(after, _apply(tx, before, after, words=state.value, at=at))


def receive(tx: WriteTx, *, units: Mapping[int, int], at: datetime) -> SupplyResult:
    """Record received units of these lines (by id): less is expected, and the units go to the lines promised from them.

    The receipt's own movement puts them on hand, in the same transaction.
    """
    before = _locked(tx, sorted(units), at)
    after = [model.received(each, units[each.id]) for each in before]
    promises.record_arrivals(
        tx, arrivals=[SupplyArrival(each.id, each.sku, units[each.id]) for each in before]
    )
    return SupplyResult(after, _apply(tx, before, after, words="received", at=at))


def preview(tx: WriteTx, *, changes: Sequence[SupplyUpdate], at: datetime) -> SupplyResult:
    """What `change` would do to lines and promises; nothing is changed."""
    return tx.preview(lambda: change(tx, changes=changes, at=at))


def _locked(tx: WriteTx, supply_ids: Sequence[int], at: datetime) -> list[Supply]:
    """Lock the SKUs first, as everywhere, then the lines. Raises NotFound."""
    found = store.select_by_ids(tx, supply_ids=supply_ids)
    missing = set(supply_ids) - {each.id for each in found}
    if missing:
        raise errors.NotFound(f"There is no supply {', '.join(map(str, sorted(missing)))}.")
    _lock_positions(tx, [(each.sku, each.location_id) for each in found], at)
    return store.lock(tx, supply_ids=supply_ids)


def _lock_positions(tx: WriteTx, locations: Sequence[tuple[Sku, LocationId]], at: datetime) -> None:
    """Lock the stock of these SKUs, and make sure that supply has a position at its destination."""
    here = [Movement(MovementType.EXPECTED, sku, location_id, 0, "", at) for sku, location_id in locations]
    ledger.ensure_positions(tx, here)


def _apply(
    tx: WriteTx,
    before: Sequence[Supply],
    after: Sequence[Supply],
    *,
    words: str,
    at: datetime,
    fresh: Sequence[Supply] = (),
) -> list[events.PromiseMoved]:
    """Write lines, counters and events; then re-assign promises. Returns changed dates."""
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old != new]
    if pairs:
        store.update(tx, [new for _, new in pairs], at=at)
    expected = [(each, each.expected) for each in fresh]
    expected += [(new, new.expected - old.expected) for old, new in pairs]
    movements = [_movement(supply, units, at) for supply, units in expected if units]
    if movements:
        ledger.apply(tx, movements)
    event_log.begin(tx, stream="supply", ids=[each.id for each in fresh])
    reported = [_fact(each, "announced") for each in fresh] + [_fact(new, words) for _, new in pairs]
    event_log.append(tx, reported, at=at)
    skus = sorted({each.sku for each, _ in expected})
    return promises.rearrange(tx, skus=skus, loosened=_loosened(pairs), at=at) if skus else []


def _loosened(pairs: Sequence[tuple[Supply, Supply]]) -> set[int]:
    """Lines whose promises must be re-assigned: later, less certain, or fewer units than announced."""
    return {
        new.id
        for old, new in pairs
        if new.eta_date != old.eta_date
        or new.confidence < old.confidence
        or new.quantity < old.quantity
        or (new.state is not SupplyState.OPEN and new.received < new.quantity)
    }


def _movement(supply: Supply, units: int, at: datetime) -> Movement:
    cause = f"supply/{supply.kind.value}/{supply.number}/line/{supply.line_no}"
    return Movement(MovementType.EXPECTED, supply.sku, supply.location_id, units, cause, at)


def _fact(supply: Supply, words: str) -> events.SupplyChanged:
    return events.SupplyChanged(
        supply.id,
        words,
        supply.document,
        supply.sku,
        supply.location_id,
        supply.quantity,
        supply.received,
        supply.eta_date,
        supply.confidence,
        supply.state.value,
    )
