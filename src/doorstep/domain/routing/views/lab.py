"""Read simulations: runs, the orders that change, uploaded files."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.routing.store import lab as store
from doorstep.domain.routing.store.lab import (
    ONLY,
    SORTS,
    Counts,
    Decided,
    Files,
    LabChange,
    LabRun,
    Slice,
)
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["ONLY", "SORTS", "Counts", "Decided", "Files", "LabChange", "LabRun", "Slice"]


def runs(tx: ReadTx, *, limit: int = 50) -> list[LabRun]:
    """The newest simulations."""
    return store.select_runs(tx, limit=limit)


def is_due(tx: ReadTx) -> bool:
    """Whether a simulation waits, or lost its worker."""
    return store.exists_due(tx)


def run(tx: ReadTx, *, run_id: int) -> LabRun:
    """One run. Raises NotFound."""
    found = store.select_run(tx, run_id=run_id)
    if found is None:
        raise errors.NotFound(f"There is no simulation {run_id}.")
    return found


def files(tx: ReadTx, *, run_id: int) -> Files:
    """The uploaded files of a run."""
    return store.select_files(tx, run_id=run_id)


def changes(tx: ReadTx, *, run_id: int, part: Slice) -> list[LabChange]:
    """Changed orders. Raises Invalid for an unknown filter."""
    if part.only not in ONLY or part.sort not in SORTS:
        raise errors.Invalid(
            f"Changes may be {', '.join(filter(None, ONLY))}, sorted by {', '.join(SORTS)}.", field="only"
        )
    return store.select_changes(tx, run_id=run_id, part=part)


def counts(tx: ReadTx, *, run_id: int) -> Counts:
    """Counts of the orders that change, by kind."""
    return store.count_changes(tx, run_id=run_id)


def decided(tx: ReadTx, *, since: datetime, until: datetime) -> list[Decided]:
    """Decisions of a period for the hindsight gap."""
    return store.select_decided(tx, since=since, until=until)
