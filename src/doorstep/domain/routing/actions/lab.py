"""Run simulations: request one, process it under a lease, store or delete its result."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.routing.model.lab import Difference, Measured
from doorstep.domain.routing.store import lab as store
from doorstep.domain.routing.store.lab import Hindsight, LabRun, Lease, NewRun
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.queues import Queue

__all__ = ["Hindsight", "LabRun", "Lease", "NewRun"]

_LEASE_SECONDS = 20.0
_MOST_ATTEMPTS = 3


class Canceled(errors.Refused):
    """The run was canceled by a user."""


class Lost(errors.Conflict):
    """The lease expired and another worker took over."""


def queue(tx: WriteTx, *, new: NewRun, at: datetime) -> int | None:
    """Request a run; a worker processes it. Returns its id, None for a day whose hindsight gap was already computed."""
    if new.until <= new.since:
        raise errors.Invalid("Enter an end after the start.", field="days")
    tx.wake_workers(Queue.CALCULATIONS)
    return store.insert_run(tx, new, at=at)


def take(tx: WriteTx, *, at: datetime) -> LabRun | None:
    """Claim the oldest waiting run; a run whose worker died is restarted, three times at most."""
    store.fail_abandoned(tx, at=at, most=_MOST_ATTEMPTS)
    return store.lease_run(tx, at=at, seconds=_LEASE_SECONDS, most=_MOST_ATTEMPTS)


def report_progress(tx: WriteTx, *, hold: Lease, done: int, total: int) -> None:
    """Store the progress and renew the lease. Raises Canceled, Lost."""
    is_canceled = store.save_progress(tx, hold=hold, done=done, total=total, seconds=_LEASE_SECONDS)
    if is_canceled is None:
        raise Lost("Another worker took over this run.")
    if is_canceled:
        raise Canceled("The run was canceled.")


def finish(
    tx: WriteTx,
    *,
    hold: Lease,
    measured: tuple[Measured | None, Measured | None],
    changes: Sequence[tuple[str, Difference]],
    at: datetime,
) -> None:
    """Store the result: the totals of both sides, and the orders that change. Raises Lost."""
    before, after = measured
    if not store.finish(tx, hold=hold, before=before, after=after, changed=len(changes), at=at):
        raise Lost("Another worker took over this run.")
    store.copy_changes(tx, iter(changes), run_id=hold.run_id)


def fail(tx: WriteTx, *, hold: Lease, error: str, at: datetime) -> None:
    """Mark the run as failed, with the reason for users."""
    store.end(tx, hold=hold, state="failed", error=error, at=at)


def drop(tx: WriteTx, *, hold: Lease, at: datetime) -> None:
    """Mark the run as canceled."""
    store.end(tx, hold=hold, state="canceled", error="", at=at)


def requeue(tx: WriteTx, *, hold: Lease) -> None:
    """Return the run to the queue: this worker stops, another one claims it."""
    store.end(tx, hold=hold, state="waiting", error="", at=None)
    tx.wake_workers(Queue.CALCULATIONS)


def cancel(tx: WriteTx, *, run_id: int, at: datetime) -> None:
    """Cancel a run. Raises NotFound, Refused for one that has ended."""
    if not store.cancel(tx, run_id=run_id, at=at):
        _refuse(tx, run_id, "has ended: there is nothing to cancel")


def delete(tx: WriteTx, *, run_id: int) -> None:
    """Delete a run with its result. Raises NotFound, Refused for one that has not ended."""
    if not store.delete(tx, run_id=run_id):
        _refuse(tx, run_id, "has not ended: cancel it first")


def _refuse(tx: WriteTx, run_id: int, why: str) -> None:
    if store.select_run(tx, run_id=run_id) is None:
        raise errors.NotFound(f"There is no simulation {run_id}.")
    raise errors.Refused(f"Simulation {run_id} {why}.")


def delete_old(tx: WriteTx, *, before: datetime) -> int:
    """Delete old runs; returns how many."""
    return store.delete_old(tx, before=before)


def record_hindsight(tx: WriteTx, *, known: Sequence[Hindsight]) -> None:
    """Store what decisions cost and what the best plan of their day would have cost."""
    store.set_hindsight(tx, known)
