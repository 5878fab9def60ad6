"""Reads of the lab: runs, the orders that change, files that were brought in."""

from __future__ import annotations

from collections.abc import Iterator
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


def run(tx: ReadTx, *, run_id: int) -> LabRun:
    """One run. Raises NotFound."""
    found = store.select_run(tx, run_id=run_id)
    if found is None:
        raise errors.NotFound(f"There is no run {run_id} of the lab.")
    return found


def files(tx: ReadTx, *, run_id: int) -> Files:
    """What was brought in for a run."""
    return store.select_files(tx, run_id=run_id)


def changes(tx: ReadTx, *, run_id: int, part: Slice) -> list[LabChange]:
    """Orders that change. Raises Invalid for a part that there is not."""
    if part.only not in ONLY or part.sort not in SORTS:
        raise errors.Invalid(
            f"Changes may be {', '.join(filter(None, ONLY))}, sorted by {', '.join(SORTS)}.", field="only"
        )
    return store.select_changes(tx, run_id=run_id, part=part)


def counts(tx: ReadTx, *, run_id: int) -> Counts:
    """How many orders change, and how."""
    return store.count_changes(tx, run_id=run_id)


def csv(tx: ReadTx, *, run_id: int, only: str = "") -> Iterator[bytes]:
    """Orders that change, as CSV. Raises Invalid for a part that there is not."""
    if only not in ONLY:
        raise errors.Invalid(f"Changes may be {', '.join(filter(None, ONLY))}.", field="only")
    return store.changes_as_csv(tx, run_id=run_id, only=only)


def decided(tx: ReadTx, *, since: datetime, until: datetime) -> list[Decided]:
    """Decisions of a window that are to be looked back on."""
    return store.select_decided(tx, since=since, until=until)
