"""Run tasks: leased, carried out with no transaction open, recorded when the lease ends."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Mapping

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.flows.context import Subscriber
from doorstep.kernel import http, jobs, log
from doorstep.kernel.jobs import Delivery

_log = log.get("worker")


class Tasks:
    """Runs tasks in a few threads; takes only as many as it can start at once."""

    def __init__(self, app: App, rows: Mapping[str, Subscriber]) -> None:
        self._app = app
        self._rows = rows
        self._threads = concurrent.futures.ThreadPoolExecutor(app.settings.worker_threads, "task")
        self._running: set[concurrent.futures.Future[None]] = set()

    def take(self) -> int:
        """Start as many tasks as there are free threads; returns how many."""
        self._running = {each for each in self._running if not each.done()}
        free = self._app.settings.worker_threads - len(self._running)
        if free <= 0:
            return 0
        with self._app.db.write(actor="system") as tx:
            taken = jobs.lease_tasks(
                tx, subscribers=list(self._rows), limit=free, lease_seconds=self._app.settings.lease_seconds
            )
        for delivery in taken:
            self._running.add(self._threads.submit(self._run, self._rows[delivery.subscriber], delivery))
        return len(taken)

    @property
    def busy(self) -> bool:
        """Whether a task is running."""
        return any(not each.done() for each in self._running)

    def wait(self, seconds: float) -> None:
        """Wait until the first running task is done, or the time is over."""
        running = [each for each in self._running if not each.done()]
        concurrent.futures.wait(running, timeout=seconds, return_when=concurrent.futures.FIRST_COMPLETED)

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
            self._keep(delivery, shadowed)
            return
        with self._app.db.write(actor="system", trace_id=delivery.trace_id) as tx:
            record(tx)
            jobs.finish(tx, [delivery])

    def _keep(self, delivery: Delivery, shadowed: http.Shadowed) -> None:
        """The call was not made: keep the delivery until a person sends or drops it."""
        would_send = {key: value for key, value in shadowed.data.items() if key != "connection"}
        _log.info("call not sent: the connection is in shadow mode", would_send=would_send)
        with self._app.db.write(actor="system", trace_id=delivery.trace_id) as tx:
            connection = str(shadowed.data.get("connection", ""))
            jobs.keep_shadowed(tx, delivery, connection=connection, would_send=would_send)

    def close(self) -> None:
        """Finish running tasks; take no more."""
        self._threads.shutdown(wait=True)
