"""Runs of the lab: one at a time, in a thread of its own, so that orders never wait for them."""

from __future__ import annotations

import concurrent.futures
import threading
import time

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.flows.routing_rules import simulation_jobs

_LOOK_EVERY_SECONDS = 2.0


class Lab:
    """Takes up what is asked of the lab. A run that is under way when the worker ends goes back to the others."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._thread = concurrent.futures.ThreadPoolExecutor(1, "lab")
        self._running: concurrent.futures.Future[None] | None = None
        self._stopping = threading.Event()
        self._looked_at = float("-inf")

    def take(self) -> None:
        """Look now and then whether something waits."""
        if self._running is not None and not self._running.done():
            return
        if time.monotonic() - self._looked_at >= _LOOK_EVERY_SECONDS:
            self._looked_at = time.monotonic()
            self._running = self._thread.submit(self._work)

    def _work(self) -> None:
        try:
            simulation_jobs.run_next(self._app.context, stopped=self._stopping.is_set)
        except Exception as problem:  # noqa: BLE001 - the worker loop: its lease runs out, and it is tried again or given up
            batches.report(problem, "a run of the lab failed")

    def close(self) -> None:
        """End at the next batch."""
        self._stopping.set()
        self._thread.shutdown(wait=True)
