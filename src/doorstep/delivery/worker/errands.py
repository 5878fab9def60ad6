"""Errands: leased, carried out with no transaction open, recorded with the end of the lease."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Mapping

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.flows.map import Row
from doorstep.kernel import http, jobs, log
from doorstep.kernel.jobs import Delivery

_log = log.get("worker")


class Errands:
    """Runs errands in a few threads; takes no more from the table than it can start at once."""

    def __init__(self, app: App, rows: Mapping[str, Row]) -> None:
        self._app = app
        self._rows = rows
        self._threads = concurrent.futures.ThreadPoolExecutor(app.settings.worker_threads, "errand")
        self._running: set[concurrent.futures.Future[None]] = set()

    def take(self) -> int:
        """Start as many errands as there are free threads; returns how many were started."""
        self._running = {each for each in self._running if not each.done()}
        free = self._app.settings.worker_threads - len(self._running)
        if free <= 0:
            return 0
        with self._app.db.write(actor="system") as tx:
            taken = jobs.lease_errands(
                tx, subscribers=list(self._rows), limit=free, lease_seconds=self._app.settings.lease_seconds
            )
        for delivery in taken:
            self._running.add(self._threads.submit(self._run, self._rows[delivery.subscriber], delivery))
        return len(taken)

    @property
    def busy(self) -> bool:
        """Whether an errand is under way."""
        return any(not each.done() for each in self._running)

    def wait(self, seconds: float) -> None:
        """Until the first errand under way is done, or the time is over."""
        running = [each for each in self._running if not each.done()]
        concurrent.futures.wait(running, timeout=seconds, return_when=concurrent.futures.FIRST_COMPLETED)

    def _run(self, row: Row, delivery: Delivery) -> None:
        with log.traced(delivery.trace_id or None, subscriber=row.name, order_id=delivery.key):
            try:
                self._carry_out(row, delivery)
            except jobs.LostLease:
                _log.warning("another worker has taken this errand over")
            except Exception as problem:  # noqa: BLE001 - the worker loop: the failure is recorded on the row
                batches.set_back(self._app, row, delivery, problem, attempts=delivery.attempts)

    def _carry_out(self, row: Row, delivery: Delivery) -> None:
        if row.errand is None:
            raise TypeError(f"{row.name} is not an errand")
        try:
            record = row.errand(self._app.world, delivery)
        except http.Shadowed as shadowed:
            _log.info("shadow: this would have been sent", would_send=shadowed.data)
            record = None
        with self._app.db.write(actor="system", trace_id=delivery.trace_id) as tx:
            if record is not None:
                record(tx)
            jobs.finish(tx, [delivery])

    def close(self) -> None:
        """Let errands under way end; take no more."""
        self._threads.shutdown(wait=True)
