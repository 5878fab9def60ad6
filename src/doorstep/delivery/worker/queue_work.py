"""What each queue has to do: its own work, its handlers and calls, its periodic jobs."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches, counts, files, periodic
from doorstep.delivery.worker.feeds import FeedReader
from doorstep.delivery.worker.simulations import Simulations
from doorstep.delivery.worker.tasks import Tasks
from doorstep.domain.connections import views as connections
from doorstep.domain.connections.views import feeds
from doorstep.domain.inventory.views import imports
from doorstep.domain.orders import views as orders
from doorstep.domain.routing.views import lab
from doorstep.flows.jobs import JOBS
from doorstep.flows.map import MAP
from doorstep.kernel import jobs
from doorstep.kernel.db import ReadTx
from doorstep.kernel.queues import Queue


@dataclass(frozen=True, slots=True)
class Own:
    """Work of a queue that is neither a delivery nor a job: what does it, and when it is due."""

    rounds: Mapping[str, Callable[[App], int]]
    is_due: Callable[[ReadTx, datetime], bool]
    next_due_seconds: Callable[[ReadTx, datetime], float | None] = lambda _tx, _now: None


def _is_order_due(tx: ReadTx, now: datetime) -> bool:
    return connections.is_due(tx) or orders.is_due(tx, now=now)


def _next_order_seconds(tx: ReadTx, now: datetime) -> float | None:
    waits = (connections.next_due_seconds(tx), orders.next_due_seconds(tx, now=now))
    return min((each for each in waits if each is not None), default=None)


def _next_feed_seconds(tx: ReadTx, _now: datetime) -> float | None:
    """What is due and was not started waits for its connection: look again soon."""
    due = feeds.next_due_seconds(tx)
    return None if due is None else max(due, 1.0)


OWN: Mapping[Queue, Own] = {
    Queue.ORDERS: Own(
        {"inbox": batches.read_inbox, "orders": batches.route_due}, _is_order_due, _next_order_seconds
    ),
    Queue.CALLS: Own({}, lambda tx, _now: feeds.is_due(tx), _next_feed_seconds),
    Queue.FILES: Own({"files": files.advance}, lambda tx, _now: imports.is_due(tx)),
    Queue.CALCULATIONS: Own({}, lambda tx, _now: lab.is_due(tx)),
}
_NOTHING = Own({}, lambda _tx, _now: False)


def of_queue(queue: Queue) -> jobs.Work:
    """The subscribers and jobs of a queue."""
    return jobs.Work(
        tuple(sorted({row.name for row in MAP if row.queue is queue})),
        tuple(job.name for job in JOBS if job.queue is queue),
    )


def _take_feeds(feeds: FeedReader, _app: App) -> int:
    return feeds.take()


class QueueWork:
    """The work of one queue in this process."""

    def __init__(self, app: App, queue: Queue, *, wake: Callable[[], None] = lambda: None) -> None:
        """`wake` is called when something that runs in a thread of its own has ended."""
        rows = {row.name: row for row in MAP if row.queue is queue}
        self.queue = queue
        self._app = app
        self._own = OWN.get(queue, _NOTHING)
        self._work = of_queue(queue)
        self._handlers = [row for row in rows.values() if row.handler is not None]
        self._tasks = Tasks(app, {name: row for name, row in rows.items() if row.handler is None}, wake=wake)
        self._simulations = Simulations(app, wake=wake) if queue is Queue.CALCULATIONS else None
        self._feeds = FeedReader(app) if queue is Queue.CALLS else None

    def run_round(self) -> int:
        """Do what is due; returns how much was done or started."""
        done = sum(self._counted(kind, work) for kind, work in self._own.rounds.items())
        for row in batches.ready(self._app, self._handlers) if self._handlers else ():
            done += self._counted("steps", functools.partial(batches.run_handler, row=row))
        if self._feeds is not None:
            done += self._counted("feeds", functools.partial(_take_feeds, self._feeds))
        done += self._tasks.take()
        return done + self._counted("jobs", functools.partial(periodic.run_due, names=self._work.schedules))

    def start_simulation(self) -> None:
        """Start the next simulation, in a thread of its own, if none runs here and one waits."""
        if self._simulations is not None:
            self._simulations.take()

    def _counted(self, kind: str, work: Callable[[App], int]) -> int:
        done = work(self._app)
        counts.done(kind, done)
        return done

    def is_due(self) -> bool:
        """Whether a round would find something to do."""
        with self._app.db.read() as tx:
            return self._own.is_due(tx, self._app.clock.now()) or jobs.is_due(tx, self._work)

    def next_due_seconds(self) -> float:
        """Seconds until something becomes due by itself (at most 60)."""
        with self._app.db.read() as tx:
            own = self._own.next_due_seconds(tx, self._app.clock.now())
            due = jobs.next_due_seconds(tx, self._work)
        return due if own is None else min(own, due)

    @property
    def busy(self) -> bool:
        """Whether a call is being made."""
        return self._tasks.busy

    def close(self) -> None:
        """Finish what runs; take no more."""
        if self._simulations is not None:
            self._simulations.close()
        if self._feeds is not None:
            self._feeds.close()
        self._tasks.close()
