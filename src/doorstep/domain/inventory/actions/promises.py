"""Promise backorders from incoming supply, and move the promises when supply moves."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from doorstep.domain.inventory import events
from doorstep.domain.inventory.model import promises as model
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.promises import (
    LineKey,
    Need,
    Promise,
    PromiseAllocator,
    PromiseState,
    Refusal,
    SellAhead,
    SuppliedUnits,
    line_date,
)
from doorstep.domain.inventory.store import ledger, supplies
from doorstep.domain.inventory.store import promises as store
from doorstep.domain.inventory.store.promises import Fresh
from doorstep.kernel import event_log
from doorstep.kernel.db import WriteTx


def put_sell_ahead(tx: WriteTx, *, policies: Sequence[SellAhead], at: datetime) -> None:
    """Set whether SKUs may be sold ahead. Existing promises stay, also above a new limit."""
    for policy in policies:
        model.check_sell_ahead(policy)
    ids = store.upsert_sell_ahead(tx, policies, at=at)
    reported = [
        events.SellAheadChanged(
            ids[each.sku],
            each.sku,
            each.mode.value,
            each.quantity_limit,
            each.available_from_date,
            each.until_date,
        )
        for each in policies
    ]
    event_log.append(tx, reported, at=at)


def promise(tx: WriteTx, *, lines: Sequence[Need], at: datetime) -> list[Refusal]:
    """Promise what these order lines lack, line by line, all or none; returns the lines that cannot be promised.

    Repeating it with the same units changes nothing; with another quantity the line is promised anew and keeps its turn.
    Only missing components of a kit are promised. The caller has locked the orders; the SKUs are locked here.
    """
    skus = sorted({line.sku for line in lines})
    if not skus:
        return []
    here = _lock_skus(tx, skus)
    policies: dict[str, SellAhead] = {each.sku: each for each in store.lock_sell_ahead(tx, skus=skus)}
    standing = store.lock_of_skus(tx, skus=skus)
    lacking = [_lacking(needs, here) for needs in _by_line(lines)]
    fresh_lines = [needs for needs in lacking if not _stands(needs, standing)]
    renewed = {need.key for needs in fresh_lines for need in needs}
    staying = [each for each in standing if each.key not in renewed]
    outstanding: dict[str, int] = {}
    for each in staying:
        outstanding[each.sku] = outstanding.get(each.sku, 0) + each.pending
    supply = model.supply_queue(supplies.lock_open(tx, skus=skus), staying)
    book = PromiseAllocator(policies, supply, outstanding, at.date())
    granted: dict[LineKey, list[SuppliedUnits]] = {}
    refused: list[Refusal] = []
    for needs in fresh_lines:
        answer = book.promise(needs)
        if isinstance(answer, Refusal):
            refused.append(answer)
        else:
            granted.update(answer)
    replaced = [each for each in standing if each.key in renewed]
    _write(tx, replaced, granted, at)
    if replaced:  # what they release goes to the next in line
        rearrange(tx, skus=skus, loosened=(), at=at)
    return refused


def _by_line(lines: Iterable[Need]) -> list[list[Need]]:
    """The components of each line together, lines in the given order."""
    total: dict[tuple[int, int], dict[LineKey, Need]] = {}
    for line in lines:
        parts = total.setdefault((line.order_id, line.line_no), {})
        before = parts.get(line.key)
        parts[line.key] = replace(line, quantity=line.quantity + before.quantity) if before else line
    return [list(parts.values()) for parts in total.values()]


def _lacking(needs: list[Need], here: Mapping[str, int]) -> list[Need]:
    """The missing components of a line; of a line with one component, that component."""
    return [need for need in needs if here.get(need.sku, 0) < need.quantity] or needs


def _stands(needs: Sequence[Need], standing: Sequence[Promise]) -> bool:
    """Whether exactly this is promised already."""
    for need in needs:
        mine = sum(each.quantity for each in standing if each.key == need.key)
        if mine != need.quantity:
            return False
    return True


def keep(tx: WriteTx, *, lines: Collection[tuple[int, int]], at: datetime) -> None:
    """Mark promises of lines that have their stock as kept."""
    _end_lines(tx, lines, PromiseState.KEPT, at)


def cancel(tx: WriteTx, *, lines: Collection[tuple[int, int]], at: datetime) -> None:
    """Cancel promises of lines that want nothing any more; their supply goes to others."""
    _end_lines(tx, lines, PromiseState.CANCELED, at)


def cancel_of_order(tx: WriteTx, *, order_id: int, at: datetime) -> None:
    """Cancel all promises of this order."""
    found = store.select_of_orders(tx, order_ids=[order_id])
    cancel(tx, lines={(each.order_id, each.line_no) for each in found}, at=at)


def _end_lines(tx: WriteTx, lines: Collection[tuple[int, int]], state: PromiseState, at: datetime) -> None:
    order_ids = sorted({order_id for order_id, _ in lines})
    skus = sorted({each.sku for each in _of_lines(tx, order_ids, lines)})
    if not skus:
        return
    _lock_skus(tx, skus)
    ended = _of_lines(tx, order_ids, lines)  # again, because supply may have moved them before the lock
    store.end(tx, promise_ids=[each.id for each in ended], state=state.value, at=at)
    rearrange(tx, skus=skus, loosened=(), at=at)


def _of_lines(tx: WriteTx, order_ids: Sequence[int], lines: Collection[tuple[int, int]]) -> list[Promise]:
    found = store.select_of_orders(tx, order_ids=order_ids) if order_ids else []
    return [each for each in found if (each.order_id, each.line_no) in lines]


def rearrange(
    tx: WriteTx, *, skus: Sequence[str], loosened: Collection[int], at: datetime
) -> list[events.PromiseMoved]:
    """Re-assign promises on these supplies, and those without one: longest waiting first.

    The caller has locked the SKUs. Returns, and appends, changed dates.
    """
    standing = store.lock_of_skus(tx, skus=skus)
    loose = [
        each for each in standing if each.pending and (each.supply_id is None or each.supply_id in loosened)
    ]
    if not loose:
        return []
    gone = {each.id for each in loose}
    supply = model.supply_queue(
        supplies.lock_open(tx, skus=skus), [each for each in standing if each.id not in gone]
    )
    policies: dict[str, SellAhead] = {each.sku: each for each in store.select_sell_ahead(tx, skus=skus)}
    placed = model.rearrange(loose, policies, supply)
    moved = [(each, units) for each, units in zip(loose, placed, strict=True) if not _stays(each, units)]
    _replace(tx, moved, at)
    reported = _moved(standing, store.lock_of_skus(tx, skus=skus) if moved else standing)
    event_log.begin(tx, stream="supply_promise", ids=[each.supply_promise_id for each in reported])
    event_log.append(tx, reported, at=at)
    return reported


def record_changes(tx: WriteTx, *, changes: Sequence[events.PromiseChanged], at: datetime) -> None:
    """Record changed promise dates on the orders. The caller has locked the orders."""
    event_log.append(tx, changes, at=at)


def _stays(promise: Promise, units: Sequence[SuppliedUnits]) -> bool:
    return list(units) == [SuppliedUnits(promise.pending, promise.supply_id, promise.promised_date)]


def _replace(tx: WriteTx, moved: Sequence[tuple[Promise, list[SuppliedUnits]]], at: datetime) -> None:
    """Replace promises: old ones end (what arrived stays), new ones keep their turn."""
    if not moved:
        return
    whole = [each.id for each, _ in moved if not each.arrived]
    store.end(tx, promise_ids=whole, state=PromiseState.REOPENED.value, at=at)
    store.shrink(tx, promise_ids=[each.id for each, _ in moved if each.arrived])
    together: dict[tuple[LineKey, int | None, date | None], Fresh] = {}
    for each, units in moved:
        for promised in units:
            key = (each.key, promised.supply_id, promised.promised_date)
            row = together.get(key, _fresh(each.key, promised._replace(quantity=0), each.made_at))
            together[key] = replace(
                row, quantity=row.quantity + promised.quantity, made_at=min(row.made_at, each.made_at)
            )
    store.copy_promises(tx, list(together.values()))


def _fresh(key: LineKey, promised: SuppliedUnits, made_at: datetime) -> Fresh:
    return Fresh(*key, promised.quantity, promised.supply_id, promised.promised_date, made_at)


def _days(promises: Iterable[Promise]) -> dict[LineKey, date | None]:
    days: dict[LineKey, list[date | None]] = {}
    for each in promises:
        days.setdefault(each.key, []).append(each.promised_date)
    return {key: line_date(given) for key, given in days.items()}


def _moved(before: Iterable[Promise], after: Sequence[Promise]) -> list[events.PromiseMoved]:
    old, new = _days(before), _days(after)
    newest = {each.key: each.id for each in sorted(after, key=lambda each: each.id)}
    return [
        events.PromiseMoved(newest[key], *key, old[key], new[key])
        for key in sorted(new)
        if old[key] != new[key]
    ]


def _write(
    tx: WriteTx, replaced: Sequence[Promise], granted: Mapping[LineKey, list[SuppliedUnits]], at: datetime
) -> None:
    """Store granted promises; a line that was promised another quantity keeps its turn."""
    turns: dict[LineKey, datetime] = {}
    for each in replaced:
        turns[each.key] = min(each.made_at, turns.get(each.key, each.made_at))
    store.end(tx, promise_ids=[each.id for each in replaced], state=PromiseState.REOPENED.value, at=at)
    store.copy_promises(
        tx,
        [_fresh(key, promised, turns.get(key, at)) for key, units in granted.items() for promised in units],
    )
    before = _days(replaced)
    reported: list[event_log.DomainEvent] = []
    for key, units in granted.items():
        day = line_date(promised.promised_date for promised in units)
        if key not in before:
            reported.append(events.Promised(*key, sum(promised.quantity for promised in units), day))
        elif before[key] != day:
            reported.append(events.PromiseChanged(*key, before[key], day))
    reported += [
        events.PromiseChanged(*key, day, None) for key, day in before.items() if key not in granted and day
    ]
    event_log.append(tx, reported, at=at)


@dataclass(frozen=True, slots=True)
class SupplyArrival:
    """Count received units of a supply."""

    supply_id: int
    sku: str
    quantity: int


def record_arrivals(tx: WriteTx, *, arrivals: Sequence[SupplyArrival]) -> None:
    """Assign received units to promised lines: first those of this supply, then those without one."""
    standing = store.lock_of_skus(tx, skus=sorted({each.sku for each in arrivals}))
    pending = {each.id: each.pending for each in standing}
    came: dict[int, int] = {}
    for arrival in arrivals:
        left = arrival.quantity
        own = [each for each in standing if each.supply_id == arrival.supply_id]
        undated = [each for each in standing if each.supply_id is None and each.sku == arrival.sku]
        for each in (*own, *undated):
            taken = min(left, pending[each.id])
            if taken:
                pending[each.id] -= taken
                came[each.id] = came.get(each.id, 0) + taken
                left -= taken
    if came:
        store.add_arrived(tx, units=sorted(came.items()))


def _lock_skus(tx: WriteTx, skus: Sequence[str]) -> dict[str, int]:
    """Lock the SKUs; returns what is free of each, everywhere."""
    free: dict[str, int] = {}
    for position in ledger.lock_positions(tx, parts=[(sku, Condition.NEW.value) for sku in skus]):
        free[position.sku] = free.get(position.sku, 0) + position.available
    return free
