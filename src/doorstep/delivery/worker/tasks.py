"""Run tasks: leased by connection, carried out with no transaction open, recorded when the lease ends."""

from __future__ import annotations

import concurrent.futures
import itertools
from collections.abc import Callable, Mapping, Sequence

from doorstep.bootstrap import App
from doorstep.delivery.worker import batch_tasks, batches, counts, shadowing
from doorstep.flows.backlog import NAME_OF
from doorstep.flows.context import Subscriber
from doorstep.kernel import http, jobs, log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Pending

_log = log.get("worker")
_MOST_THREADS = 256  # they wait for partners most of the time; idle ones are used again
_ASSIGNED_AT_ONCE = 1_000
_Future = concurrent.futures.Future[None]


class Tasks:
    """Runs tasks in threads: each connection has as many calls of its own as the settings say, by all workers together."""

    def __init__(self, app: App, rows: Mapping[str, Subscriber], *, wake: Callable[[], None]) -> None:
        """`wake` is called when a call has ended."""
        self._wake = wake
        self._app = app
        self._rows = rows
        self._single = sorted(name for name, row in rows.items() if row.task is not None)
        self._batched = [row for row in rows.values() if row.batch_task is not None]
        self._threads = concurrent.futures.ThreadPoolExecutor(_MOST_THREADS, "task")
        self._running: set[_Future] = set()
        self._batches: dict[tuple[str, int], _Future] = {}

    def take(self) -> int:
        """Start the tasks that are ready, as far as their connections are free; returns how many deliveries."""
        if not self._rows:
            return 0
        self._assign()
        return self._take_single() + sum(self._take_batches(row) for row in self._batched)

    def _assign(self) -> None:
        """Look up which connections new deliveries will call."""

        def work(tx: WriteTx) -> None:
            new = jobs.unassigned(tx, subscribers=list(self._rows), limit=_ASSIGNED_AT_ONCE)
            for name, group in itertools.groupby(sorted(new, key=_subscriber), key=_subscriber):
                jobs.assign(tx, connections=self._connections(tx, self._rows[name], list(group)))

        self._app.db.transact(work, actor="system")

    def _connections(self, tx: WriteTx, row: Subscriber, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
        found = row.partner(self._app.context, tx, deliveries) if row.partner is not None else {}
        return {each.id: found.get(each.id, jobs.NOT_FOUND) for each in deliveries}

    def _take_single(self) -> int:
        if not self._single:
            return 0
        self._running = {each for each in self._running if not each.done()}
        chosen = self._app.settings
        taken = self._app.db.transact(
            lambda tx: jobs.lease_tasks(
                tx,
                subscribers=self._single,
                per_connection=chosen.calls_per_connection,
                lease_seconds=chosen.lease_seconds,
            ),
            actor="system",
        )
        for delivery in taken:
            started = self._threads.submit(self._run, self._rows[delivery.subscriber], delivery)
            self._running.add(self._watched(started))
        return len(taken)

    def _take_batches(self, row: Subscriber) -> int:
        """A batch per connection that has no batch of this subscriber here."""
        self._batches = {key: each for key, each in self._batches.items() if not each.done()}
        busy = [connection_id for name, connection_id in self._batches if name == row.name]
        leased = batch_tasks.lease(self._app, row, without=busy)
        for connection_id, group in itertools.groupby(sorted(leased, key=_connection), key=_connection):
            started = self._threads.submit(batch_tasks.run, self._app, row, list(group))
            self._batches[row.name, connection_id] = self._watched(started)
        return len(leased)

    def _watched(self, started: _Future) -> _Future:
        started.add_done_callback(lambda _ended: self._wake())
        return started

    @property
    def busy(self) -> bool:
        """Whether a task is running."""
        return any(not each.done() for each in (*self._running, *self._batches.values()))

    def _run(self, row: Subscriber, delivery: Delivery) -> None:
        with log.traced(delivery.trace_id or None, subscriber=row.name, **batches.subject(delivery)):
            try:
                self._carry_out(row, delivery)
            except jobs.LostLease:
                _log.warning("another worker has taken this task over")
            except Exception as problem:  # noqa: BLE001 - the worker loop: the failure is recorded on the row
                batches.retry_later(self._app, row, delivery, problem, attempts=delivery.attempts)

    def _carry_out(self, row: Subscriber, delivery: Delivery) -> None:
        if row.task is None:
            raise TypeError(f"{row.name} is not a task")
        try:
            record = row.task(self._app.context, delivery)
        except http.Shadowed as shadowed:
            shadowing.keep(self._app, delivery, shadowed)
            return

        def work(tx: WriteTx) -> None:
            if isinstance(record, Pending):
                jobs.keep_pending(tx, delivery, record)
                return
            record(tx)
            jobs.finish(tx, [delivery])

        self._app.db.transact(work, actor="system", trace_id=delivery.trace_id)
        if not isinstance(record, Pending):
            counts.done(NAME_OF.get(row.name, "calls"))

    def close(self) -> None:
        """Finish running tasks; take no more."""
        self._threads.shutdown(wait=True)


def _subscriber(delivery: Delivery) -> str:
    return delivery.subscriber


def _connection(delivery: Delivery) -> int:
    return delivery.connection_id
