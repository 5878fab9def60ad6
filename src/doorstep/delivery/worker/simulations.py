"""Run simulations one at a time, in a thread of their own, so that the jobs of the queue do not wait for them."""

from __future__ import annotations

import concurrent.futures
import threading
from collections.abc import Callable

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches, counts
from doorstep.domain.routing.views import lab
from doorstep.flows.routing_rules import simulation_jobs


class Simulations:
    """Runs queued simulations. A run that is unfinished when the worker stops is continued by another."""

    def __init__(self, app: App, *, wake: Callable[[], None]) -> None:
        self._app = app
        self._wake = wake
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "simulation")
        self._running: concurrent.futures.Future[None] | None = None
        self._stopping = threading.Event()

    def take(self) -> None:
        """Start the next queued simulation unless one runs."""
        if self._running is not None and not self._running.done():
            return
        with self._app.db.read() as tx:
            is_due = lab.is_due(tx)
        if is_due:
            self._running = self._thread.submit(self._work)
            self._running.add_done_callback(lambda _ended: self._wake())

    def _work(self) -> None:
        try:
            if simulation_jobs.run_next(self._app.context, stopped=self._stopping.is_set):
                counts.done("simulations")
        except Exception as problem:  # noqa: BLE001 - the worker loop: its lease runs out, and it is tried again or given up
            counts.failed("simulations")
            batches.report(problem, "a simulation failed")

    def close(self) -> None:
        """Stop at the next batch."""
        self._stopping.set()
        self._thread.shutdown(wait=True)
