"""Run simulations one at a time, in a thread of their own, so that orders never wait for them."""

from __future__ import annotations

import concurrent.futures
import threading
import time

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.flows.routing_rules import simulation_jobs

_POLL_SECONDS = 2.0


class Lab:
    """Runs queued simulations. A run that is unfinished when the worker stops is continued by another."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "lab")
        self._running: concurrent.futures.Future[None] | None = None
        self._stopping = threading.Event()
        self._polled_at = float("-inf")

    def take(self) -> None:
        """Check now and then whether a simulation is queued."""
        if self._running is not None and not self._running.done():
            return
        if time.monotonic() - self._polled_at >= _POLL_SECONDS:
            self._polled_at = time.monotonic()
            self._running = self._thread.submit(self._work)

    def _work(self) -> None:
        try:
            simulation_jobs.run_next(self._app.context, stopped=self._stopping.is_set)
        except Exception as problem:  # noqa: BLE001 - the worker loop: its lease runs out, and it is tried again or given up
            batches.report(problem, "a simulation failed")

    def close(self) -> None:
        """Stop at the next batch."""
        self._stopping.set()
        self._thread.shutdown(wait=True)
