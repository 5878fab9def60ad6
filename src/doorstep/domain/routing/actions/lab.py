"""Verbs of the lab: ask for a run, work on it under a lease, keep or drop what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.routing.model.lab import Difference, Measured
from doorstep.domain.routing.store import lab as store
from doorstep.domain.routing.store.lab import Hindsight, Hold, LabRun, NewRun
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx

__all__ = ["Hindsight", "Hold", "LabRun", "NewRun"]

_LEASE_SECONDS = 20.0
_MOST_ATTEMPTS = 3


class Canceled(errors.Refused):
    """Somebody wants the run to end."""


class Lost(errors.Conflict):
    """Another worker has the run by now."""


def queue(tx: WriteTx, *, new: NewRun, at: datetime) -> int | None:
    """Ask for a run; a worker takes it up. Returns its id, None for a day that was looked back on already."""
    if new.until <= new.since:
        raise errors.Invalid("The window ends before it begins.", field="days")
    return store.insert_run(tx, new, at=at)


def take(tx: WriteTx, *, at: datetime) -> LabRun | None:
    """Take up the oldest run that nobody works on; one whose worker died is begun anew, three times at most."""
    store.fail_forsaken(tx, at=at, most=_MOST_ATTEMPTS)
    return store.lease_run(tx, at=at, seconds=_LEASE_SECONDS, most=_MOST_ATTEMPTS)


def report_progress(tx: WriteTx, *, hold: Hold, done: int, total: int) -> None:
    """How far it is; keeps the lease. Raises Canceled, Lost."""
    is_canceled = store.save_progress(tx, hold=hold, done=done, total=total, seconds=_LEASE_SECONDS)
    if is_canceled is None:
        raise Lost("Another worker has taken this run over.")
    if is_canceled:
        raise Canceled("It was canceled.")


def finish(
    tx: WriteTx,
    *,
    hold: Hold,
    measured: tuple[Measured | None, Measured | None],
    changes: Sequence[tuple[str, Difference]],
    at: datetime,
) -> None:
    """Keep what came of it: both sides, and the orders that change with their numbers. Raises Lost."""
    before, after = measured
    if not store.finish(tx, hold=hold, before=before, after=after, changed=len(changes), at=at):
        raise Lost("Another worker has taken this run over.")
    store.copy_changes(tx, iter(changes), run_id=hold.run_id)


def fail(tx: WriteTx, *, hold: Hold, error: str, at: datetime) -> None:
    """It came to nothing; people read why."""
    store.end(tx, hold=hold, state="failed", error=error, at=at)


def drop(tx: WriteTx, *, hold: Hold, at: datetime) -> None:
    """It was canceled."""
    store.end(tx, hold=hold, state="canceled", error="", at=at)


def put_back(tx: WriteTx, *, hold: Hold) -> None:
    """The worker stops: another takes it up."""
    store.end(tx, hold=hold, state="waiting", error="", at=None)


def cancel(tx: WriteTx, *, run_id: int, at: datetime) -> None:
    """End a run. Raises NotFound, Refused for one that is over."""
    if not store.cancel(tx, run_id=run_id, at=at):
        _refuse(tx, run_id, "is over: there is nothing to cancel")


def delete(tx: WriteTx, *, run_id: int) -> None:
    """Forget a run with what came of it. Raises NotFound, Refused for one that is not over."""
    if not store.delete(tx, run_id=run_id):
        _refuse(tx, run_id, "is not over: cancel it first")


def _refuse(tx: WriteTx, run_id: int, why: str) -> None:
    if store.select_run(tx, run_id=run_id) is None:
        raise errors.NotFound(f"There is no run {run_id} of the lab.")
    raise errors.Refused(f"Run {run_id} {why}.")


def delete_old(tx: WriteTx, *, before: datetime) -> int:
    """Old runs go; returns how many."""
    return store.delete_old(tx, before=before)


def queue_hindsight(tx: WriteTx, *, known: Sequence[Hindsight]) -> None:
    """Keep what decisions cost and what the best plan of their day would have cost."""
    store.set_hindsight(tx, known)
