"""Process in batches, one transaction each; on failure, bisect to isolate the failing row."""

from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from typing import Literal

from doorstep.bootstrap import App
from doorstep.delivery.worker import counts
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import Problem
from doorstep.domain.orders import actions as orders
from doorstep.flows.allocation import allocate
from doorstep.flows.backlog import NAME_OF
from doorstep.flows.capture import approve, intake
from doorstep.flows.context import Subscriber
from doorstep.kernel import errors, jobs, log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Delivery

_log = log.get("worker")
Due = Literal["approve", "route"]


def policy(app: App) -> jobs.RetryPolicy:
    """The retry policy from the settings."""
    chosen = app.settings
    return jobs.RetryPolicy(chosen.max_attempts, chosen.retry_base_seconds, chosen.retry_longest_seconds)


def read_inbox(app: App) -> int:
    """Apply due messages; returns how many were claimed."""
    ids: list[int] = []

    def work(tx: WriteTx) -> None:
        messages = connections.claim(tx, limit=app.settings.intake_batch_size)
        ids[:] = [message.id for message in messages]
        if messages:
            intake.read(app.context, tx, messages)

    try:
        app.db.transact(work, actor="system")
    except Exception as problem:
        if not ids:
            raise
        _split_inbox(app, ids, problem)
    return len(ids)


def _split_inbox(app: App, ids: Sequence[int], problem: Exception) -> None:
    if len(ids) == 1:
        _set_message_aside(app, ids[0], problem)
        return
    middle = len(ids) // 2
    for part in (ids[:middle], ids[middle:]):
        try:
            app.db.transact(functools.partial(_read_again, app, part), actor="system")
        except Exception as again:  # noqa: BLE001 - the worker loop, see above
            _split_inbox(app, part, again)


def _read_again(app: App, ids: Sequence[int], tx: WriteTx) -> None:
    messages = connections.reclaim(tx, ids=ids)
    if messages:
        intake.read(app.context, tx, messages)


def _set_message_aside(app: App, message_id: int, problem: Exception) -> None:
    """Postpone one message, or make it a dead letter."""

    def work(tx: WriteTx) -> None:
        for message in connections.reclaim(tx, ids=[message_id]):
            failure = policy(app).failure(problem, attempts=message.attempts + 1, jitter=random.random())  # noqa: S311 - spreads retries
            if isinstance(problem, errors.Conflict) and message.attempts < app.settings.max_attempts:
                # Another process was faster: retry soon, with increasing waits.
                failure = jobs.Failure(str(problem), "transient", min(1.0, 0.05 * 2**message.attempts))
            counts.failed("inbox")
            report(problem, "a message could not be read", message_id=message_id, trace_id=message.trace_id)
            postponed = Problem(message_id, failure.error, failure.error_class, failure.retry_in_seconds)
            connections.set_aside(tx, problem=postponed)

    app.db.transact(work, actor="system")


def ready(app: App, rows: Sequence[Subscriber]) -> list[Subscriber]:
    """The handlers that have deliveries."""
    with app.db.read() as tx:
        names = jobs.ready_subscribers(tx, subscribers=[row.name for row in rows])
    return [row for row in rows if row.name in names]


def run_handler(app: App, row: Subscriber) -> int:
    """Run one batch of a handler; returns how many deliveries it took."""
    if row.handler is None:
        return 0
    handler, batch = row.handler, list[Delivery]()

    def work(tx: WriteTx) -> None:
        batch[:] = jobs.lock_deliveries(tx, subscriber=row.name, limit=app.settings.batch_size)
        if batch:
            tx.traces |= {(delivery.stream, delivery.key): delivery.trace_id for delivery in batch}
            handler(app.context, tx, batch)
            jobs.finish(tx, batch)

    try:
        app.db.transact(work, actor="system")
    except Exception as problem:
        if not batch:
            raise
        for delivery in batch:
            _run_alone(app, row, delivery, problem if len(batch) == 1 else None)
    return len(batch)


def _run_alone(app: App, row: Subscriber, delivery: Delivery, known: Exception | None) -> None:
    def work(tx: WriteTx) -> None:
        if row.handler is not None:
            row.handler(app.context, tx, [delivery])
        jobs.finish(tx, [delivery])

    try:
        if known is not None:
            raise known  # noqa: TRY301 - a failure that is known is handled like a new one
        app.db.transact(work, actor="system", trace_id=delivery.trace_id)
    except jobs.LostLease:
        return
    except Exception as problem:  # noqa: BLE001 - the worker loop: the failure is recorded on the row
        retry_later(app, row, delivery, problem, attempts=delivery.attempts + 1)


def retry_later(app: App, row: Subscriber, delivery: Delivery, problem: Exception, *, attempts: int) -> None:
    """Record a failed delivery: a retry, or a dead letter (then its subscriber's on_dead_letter runs)."""
    failed = attempts - delivery.forgiven
    failure = policy(app).failure(problem, attempts=failed, jitter=random.random())  # noqa: S311 - spreads retries
    context = {"subscriber": row.name, "trace_id": delivery.trace_id, **subject(delivery)}
    report(problem, "a delivery failed", **context)
    counts.failed(NAME_OF.get(row.name, "calls"))

    def work(tx: WriteTx) -> None:
        jobs.fail(tx, delivery, failure=failure, attempts=attempts)
        if failure.retry_in_seconds is None:
            _on_dead_letter(app, row, tx, delivery, problem)

    try:
        app.db.transact(work, actor="system", trace_id=delivery.trace_id)
    except jobs.LostLease:
        _log.warning("lease expired, another worker took over", **context)


def _on_dead_letter(app: App, row: Subscriber, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """Run the subscriber's on_dead_letter; if that fails, too, the dead letter stays."""
    if row.on_dead_letter is None:
        return
    try:
        with tx.savepoint():
            row.on_dead_letter(app.context, tx, delivery, problem)
    except Exception as again:  # noqa: BLE001 - the worker loop: the delivery must not come back for ever
        report(again, "on_dead_letter failed", subscriber=row.name, **subject(delivery))


def subject(delivery: Delivery) -> dict[str, object]:
    """What a delivery is about, for logs: {"order_id": 7}."""
    return {f"{delivery.stream}_id": delivery.key}


def report(problem: Exception, event: str, **context: object) -> None:
    """Log one line for an expected failure, a stack trace for a bug."""
    if isinstance(problem, errors.DoorstepError):
        _log.warning(event, error=str(problem), **context)
    else:
        _log.error(event, exc_info=problem, **context)


def route_due(app: App) -> int:
    """Approve and allocate orders that are due (released, short, rejected); returns how many."""
    return _due(app, "approve") + _due(app, "route")


def _due(app: App, due: Due) -> int:
    order_ids: list[OrderId] = []

    def work(tx: WriteTx) -> None:
        limit = app.settings.intake_batch_size
        order_ids[:] = orders.claim_due(tx, due=due, now=app.clock.now(), limit=limit)
        _decide(app, tx, due, order_ids)

    try:
        app.db.transact(work, actor="system")
    except Exception:
        if not order_ids:
            raise
        for order_id in order_ids:
            _decide_alone(app, due, order_id)
    return len(order_ids)


def _decide(app: App, tx: WriteTx, due: Due, order_ids: Sequence[OrderId]) -> None:
    if due == "approve":
        approve.approve(tx, order_ids=order_ids, serviceable=app.context.serviceable, now=app.clock.now())
    else:
        allocate.allocate(tx, order_ids=order_ids, now=app.clock.now())


def _decide_alone(app: App, due: Due, order_id: OrderId) -> None:
    """Run one order of a failed batch; the failing one is postponed and logged until it is fixed."""

    def work(tx: WriteTx) -> None:
        if orders.reclaim(tx, order_id=order_id, due=due):
            _decide(app, tx, due, [order_id])

    try:
        app.db.transact(work, actor="system")
    except Exception as problem:  # noqa: BLE001 - the worker loop: one order must not stop the others
        counts.failed("orders")
        report(problem, "an order could not be decided", order_id=order_id, due=due)
        app.db.transact(
            lambda tx: orders.postpone(tx, order_id=order_id, due=due, now=app.clock.now()), actor="system"
        )
