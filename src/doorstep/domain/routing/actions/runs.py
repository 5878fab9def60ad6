"""Store the history of runs, and claim scheduled runs that are due."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from doorstep.domain.routing.model import runs as model
from doorstep.domain.routing.model.rules import RuleSet, Run
from doorstep.domain.routing.store import runs as store
from doorstep.domain.routing.store.runs import Due, NewRun
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId

__all__ = ["NewRun"]


def record(tx: WriteTx, *, run: NewRun) -> int:
    """Store the result of a run; returns its id."""
    return store.insert_run(tx, run)


def delete_old(tx: WriteTx, *, before: datetime) -> int:
    """Delete old history; returns how much."""
    return store.delete_runs(tx, before=before)


def claim_due(tx: WriteTx, *, document: RuleSet, now: datetime) -> list[Run]:
    """Claim the scheduled runs of these rules that are due, each exactly once; new schedules start at their next time."""
    wanted = {run.name: run for run in document.runs if run.active and run.schedule}
    known = {each.run: each for each in store.lock_schedule(tx)}
    gone = sorted(known.keys() - wanted.keys())
    if gone:
        store.delete_schedule(tx, runs=gone)
    due = [run for name, run in wanted.items() if _is_due(run, known.get(name), now)]
    fresh = [run for name, run in wanted.items() if name not in known or known[name].schedule != _words(run)]
    moved = [
        Due(run.name, _words(run), model.next_time(run.schedule, run.timezone, now)) for run in (*due, *fresh)
    ]
    if moved:
        store.put_schedule(tx, moved)
    return due


def bring_forward(tx: WriteTx, *, run: str, at: datetime) -> None:
    """Make a scheduled run due now, so that the next worker claims it. Raises NotFound."""
    if not store.bring_forward(tx, run=run, at=at):
        raise errors.NotFound(f"The active rules have no scheduled run {run!r}.")


def _is_due(run: Run, known: Due | None, now: datetime) -> bool:
    return known is not None and known.schedule == _words(run) and known.next_run_at <= now


def _words(run: Run) -> str:
    return f"{run.schedule} {run.timezone}"


def set_prices(tx: WriteTx, *, prices: Mapping[tuple[str, LocationId], int], at: datetime) -> None:
    """Store the scarcity prices of units for expected orders; units that are not listed have no price."""
    store.replace_prices(tx, {key: price for key, price in prices.items() if price > 0}, at=at)
