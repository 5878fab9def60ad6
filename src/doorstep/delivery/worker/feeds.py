"""Read the feeds of connections in a few threads, one at a time per connection, so that a slow vendor holds no other."""

from __future__ import annotations

import concurrent.futures
import threading
import time

from doorstep.bootstrap import App
from doorstep.delivery.worker import batches
from doorstep.domain.connections.views import feeds as feed_views
from doorstep.flows.capture import feeds
from doorstep.kernel import errors, log

_POLL_SECONDS = 1.0
_MOST_THREADS = 256  # one per connection: they wait for vendors most of the time
_NEVER = float("-inf")


class FeedReader:
    """Leases what is due and reads it. Work that is unfinished when the process dies is taken over by another."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._threads = concurrent.futures.ThreadPoolExecutor(_MOST_THREADS, "feed")
        self._running: dict[int, concurrent.futures.Future[None]] = {}
        self._stopping = threading.Event()
        self._looked_at = _NEVER
        self._declared: frozenset[int] = frozenset()

    def take(self) -> int:
        """Start what is due, one per connection; returns how much. Looks at most once a second."""
        self._running = {key: each for key, each in self._running.items() if not each.done()}
        now = time.monotonic()
        if now - self._looked_at < _POLL_SECONDS:
            return 0
        self._looked_at = now
        readable = self._app.registry.readable()
        if not readable:
            return 0
        self._declare(frozenset(each.id for each in readable))
        with self._app.db.read() as tx:
            if not feed_views.is_due(tx):
                return 0
        return self._start()

    def _declare(self, connection_ids: frozenset[int]) -> None:
        """Once per process and connection: a new version of a connector may have brought a feed."""
        if not connection_ids <= self._declared:
            feeds.declare(self._app.context)
            self._declared = connection_ids

    def _start(self) -> int:
        started = 0
        while (work := self._lease()) is not None:
            self._running[work.connection.id] = self._threads.submit(self._run, work)
            started += 1
        return started

    def _lease(self) -> feeds.Work | None:
        idle = [each for each in self._app.registry.readable() if each.id not in self._running]
        return feeds.lease(self._app.context, idle) if idle else None

    def _run(self, work: feeds.Work) -> None:
        names = {"connection": work.connection.key, "feed": work.feed.name}
        with log.traced(None, **names):
            try:
                feeds.run(
                    self._app.context,
                    work,
                    policy=batches.policy(self._app),
                    stopped=self._stopping.is_set,
                )
            except Exception as problem:  # noqa: BLE001 - the worker loop: the failure is recorded on the feed
                batches.report(problem, "a feed could not be read", **names)
                self._record(work, problem)

    def _record(self, work: feeds.Work, problem: Exception) -> None:
        """Show a connector's failure on its page; without the database the lease runs out, and it is tried again."""
        try:
            feeds.record_bug(self._app.context, work, problem)
        except errors.DoorstepError as again:
            batches.report(again, "the failure of a feed could not be recorded", feed=work.feed.name)

    def wait(self) -> None:
        """Wait until nothing runs, for tests."""
        concurrent.futures.wait(self._running.values())
        self._looked_at = _NEVER

    def close(self) -> None:
        """Stop after the page that is being read."""
        self._stopping.set()
        self._threads.shutdown(wait=True)
