"""The worker loop: do what is due, sleep until something is."""

from __future__ import annotations

import concurrent.futures
import functools
import threading
from collections.abc import Callable, Mapping

import prometheus_client

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches, files, periodic
from doorstep.delivery.worker.lab import Lab
from doorstep.delivery.worker.tasks import Tasks
from doorstep.flows.map import MAP
from doorstep.kernel import errors, jobs, log

_log = log.get("worker")
_rounds = prometheus_client.Counter("doorstep_worker_items", "Items that workers processed", ["kind"])


class Worker:
    """One worker process. `run` returns after `stop` and finishes running work; nothing is lost if it is killed."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._tasks = Tasks(app, {row.name: row for row in MAP if row.task is not None})
        self._lab = Lab(app)
        self._steps = list({row.name: row for row in MAP if row.handler is not None}.values())
        self._aside = concurrent.futures.ThreadPoolExecutor(1, "periodic")
        self._stopping = threading.Event()
        self._awake = threading.Event()

    def stop(self) -> None:
        """Stop after the running work."""
        self._stopping.set()
        self._awake.set()

    def run(self) -> None:
        """Work until stopped. Waits for a database that goes away."""
        periodic.declare(self._app)
        listen = functools.partial(self._app.db.listen, wake=self._awake.set, stopped=self._stopping.is_set)
        threading.Thread(target=listen, name="listener", daemon=True).start()
        _log.info("worker ready")
        while not self._stopping.is_set():
            try:
                self._lab.take()
                idle = not self.work_once()
            except errors.Unavailable as problem:
                _log.warning("the database does not answer", error=str(problem))
                self._stopping.wait(1)
                continue
            except Exception as problem:  # noqa: BLE001 - the worker loop: a bug in one round must not end the process
                batches.report(problem, "a round failed")
                self._stopping.wait(1)
                continue
            if idle:
                self._sleep()
        self.close()

    def close(self) -> None:
        """Wait for running work."""
        self._aside.shutdown()
        self._lab.close()
        self._tasks.close()

    def work_once(self) -> int:
        """One round over everything; returns how much was processed."""
        done = self._counted("message", batches.read_inbox)
        done += self._counted("order", batches.route_due)
        for row in batches.ready(self._app, self._steps):
            done += self._counted(row.name, functools.partial(batches.run_handler, row=row))
        done += self._counted("file", files.advance)
        taken = self._tasks.take()
        _rounds.labels("task").inc(taken)
        return (
            done
            + taken
            + self._counted("periodic", functools.partial(periodic.run_due, aside=self._aside.submit))
        )

    def _counted(self, kind: str, work: Callable[[App], int]) -> int:
        done = work(self._app)
        if done:
            _rounds.labels(kind).inc(done)
        return done

    def _sleep(self) -> None:
        """Sleep until a notification, the end of a task, or something is due."""
        if self._tasks.busy:
            self._tasks.wait(0.02)
            return
        with self._app.db.read() as tx:
            due = jobs.next_due_seconds(tx)
        poll = self._app.settings.poll_seconds
        while not self._awake.wait(min(poll, max(due, 0.01))):
            self._lab.take()
            with self._app.db.read() as tx:
                if batches.is_due(tx, now=self._app.clock.now()):
                    break
                due = jobs.next_due_seconds(tx)
        self._awake.clear()


def waiting(app: App) -> Mapping[str, int]:
    """How many deliveries each subscriber has."""
    with app.db.read() as tx:
        return jobs.waiting(tx)
