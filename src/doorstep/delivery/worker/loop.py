"""The worker loop: each queue does what is due, and sleeps until something is, without waiting for another queue."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches, counts, periodic
from doorstep.delivery.worker.queue_work import QueueWork
from doorstep.kernel import errors, log
from doorstep.kernel.queues import EVERY, Queue

_log = log.get("worker")


class Worker:
    """One worker process for some queues. `run` returns after `stop` and finishes running work.

    Nothing is lost if it is killed.
    """

    def __init__(self, app: App, queues: Sequence[Queue] = EVERY) -> None:
        self._app = app
        self._stopping = threading.Event()
        self._loops = {queue: _Loop(app, queue, self._stopping) for queue in queues}

    def stop(self) -> None:
        """Stop after the running work."""
        self._stopping.set()
        for loop in self._loops.values():
            loop.awake.set()

    def run(self) -> None:
        """Work until stopped. Waits for a database that goes away."""
        periodic.declare(self._app)
        threading.Thread(target=self._listen, name="listener", daemon=True).start()
        threads = [threading.Thread(target=loop.run, name=queue.value) for queue, loop in self._loops.items()]
        for thread in threads:
            thread.start()
        _log.info("worker ready", queues=[*self._loops])
        for thread in threads:
            thread.join()
        self.close()

    def _listen(self) -> None:
        self._app.db.listen(
            queues=[*self._loops],
            wake=lambda queue: self._loops[queue].awake.set(),
            stopped=self._stopping.is_set,
        )

    def close(self) -> None:
        """Wait for running work."""
        for loop in self._loops.values():
            loop.work.close()
        counts.write(self._app, wait=False)


class _Loop:
    """The thread of a queue."""

    def __init__(self, app: App, queue: Queue, stopping: threading.Event) -> None:
        self.awake = threading.Event()
        self.work = QueueWork(app, queue, wake=self.awake.set)
        self._app = app
        self._stopping = stopping

    def run(self) -> None:
        """Work until stopped."""
        while not self._stopping.is_set():
            self.awake.clear()  # before looking, so that what comes during the round is not overlooked
            try:
                self.work.start_simulation()
                idle = not self.work.run_round()
                counts.write(self._app)
                if idle:
                    self._sleep()
            except errors.Unavailable as problem:
                _log.warning("the database does not answer", queue=self.work.queue, error=str(problem))
                self._stopping.wait(1)
            except Exception as problem:  # noqa: BLE001 - the worker loop: a bug in one round must not end the process
                batches.report(problem, "a round failed", queue=self.work.queue)
                self._stopping.wait(1)

    def _sleep(self) -> None:
        """Sleep until a notification, the end of a call, or something is due."""
        poll = self._app.settings.poll_seconds
        while not self._stopping.is_set():  # a stop just before the round has been overlooked otherwise
            if self.awake.wait(min(poll, max(self.work.next_due_seconds(), 0.01))):
                return
            counts.write(self._app)
            if self.work.is_due():
                return
