"""Run batch tasks: many deliveries leased at once, called with no transaction open, recorded together."""

from __future__ import annotations

import functools
import time
from collections.abc import Collection, Sequence

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches, counts, shadowing
from doorstep.flows.backlog import NAME_OF
from doorstep.flows.context import BatchResult, Subscriber
from doorstep.kernel import http, jobs, log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Pending

_log = log.get("worker")
_OF_LEASE = (
    0.5  # a batch stops calling after this part of its lease: the last call and the recording need the rest
)


def lease(app: App, row: Subscriber, *, without: Collection[int] = ()) -> list[Delivery]:
    """Lease a batch of ready deliveries of each connection, except of these connections."""
    return app.db.transact(
        lambda tx: jobs.lease_tasks(
            tx,
            subscribers=[row.name],
            per_connection=row.batch_size,
            lease_seconds=app.settings.lease_seconds,
            is_shared=False,
            without=without,
        ),
        actor="system",
    )


def run(app: App, row: Subscriber, deliveries: Sequence[Delivery]) -> None:
    """Make the calls of a leased batch and record what each of them came to."""
    with log.traced(None, subscriber=row.name):
        result = _called(app, row, deliveries)
        failed = dict(result.failed)
        try:
            _finish(app, result)
            counts.done(NAME_OF.get(row.name, "calls"), len(result.done))
        except Exception as problem:  # noqa: BLE001 - the worker loop: the calls are looked up and repeated
            failed |= {each.id: problem for each in result.done}
        for delivery in deliveries:
            if delivery.id in failed:
                _fail(app, row, delivery, failed[delivery.id])
            elif delivery.id in result.pending:
                _keep_pending(app, delivery, result.pending[delivery.id])
        _give_back(app, deliveries, result)


def _called(app: App, row: Subscriber, deliveries: Sequence[Delivery]) -> BatchResult:
    ends_at = time.monotonic() + app.settings.lease_seconds * _OF_LEASE
    if row.batch_task is None:
        raise TypeError(f"{row.name} is not a batch task")
    try:
        return row.batch_task(app.context, deliveries, functools.partial(_left, ends_at))
    except Exception as problem:  # noqa: BLE001 - the worker loop: the failure is recorded on each row
        return BatchResult((), _record_nothing, {each.id: problem for each in deliveries})


def _left(ends_at: float) -> float:
    return ends_at - time.monotonic()


def _record_nothing(_tx: WriteTx, _done: Sequence[Delivery]) -> None:
    """A batch that failed as a whole has no results."""


def _finish(app: App, result: BatchResult) -> None:
    """One transaction for all results; what another worker has taken over is left to that one."""

    def work(tx: WriteTx) -> None:
        ours = jobs.lock_leased(tx, result.done)
        if len(ours) < len(result.done):
            _log.warning("another worker has taken over some of a batch", lost=len(result.done) - len(ours))
        tx.traces |= {(each.stream, each.key): each.trace_id for each in ours}
        if ours:
            result.record(tx, ours)
        jobs.finish(tx, ours)

    app.db.transact(work, actor="system")


def _fail(app: App, row: Subscriber, delivery: Delivery, problem: Exception) -> None:
    if not isinstance(problem, http.Shadowed):
        batches.retry_later(app, row, delivery, problem, attempts=delivery.attempts)
        return
    try:
        shadowing.keep(app, delivery, problem)
    except jobs.LostLease:
        _log.warning("another worker has taken this task over")


def _keep_pending(app: App, delivery: Delivery, pending: Pending) -> None:
    try:
        app.db.transact(
            lambda tx: jobs.keep_pending(tx, delivery, pending), actor="system", trace_id=delivery.trace_id
        )
    except jobs.LostLease:
        _log.warning("another worker has taken this task over")


def _give_back(app: App, deliveries: Sequence[Delivery], result: BatchResult) -> None:
    called = {each.id for each in result.done} | set(result.failed) | set(result.pending)
    left = [each for each in deliveries if each.id not in called]
    if left:
        app.db.transact(lambda tx: jobs.give_back(tx, left), actor="system")
