"""Group commit: while one statement is being written, what arrives waits together for the next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from doorstep.domain.connections.actions import Arrival
from doorstep.kernel import errors

Write = Callable[[Sequence[Arrival]], None]


@dataclass(slots=True)
class GroupCommit:
    """Stores arrivals, many per transaction; `add` returns once its own arrival is committed.

    There is no timer: the commit under way is the window in which the next group gathers.
    """

    write: Write
    group_size: int = 500
    writers: int = 2
    queue_limit: int = 5_000
    _waiting: list[tuple[Arrival, asyncio.Future[None]]] = field(default_factory=list)
    _busy: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def add(self, arrival: Arrival) -> None:
        """Store one arrival; raises Unavailable when the database lags behind (the sender will come again)."""
        if len(self._waiting) >= self.queue_limit:
            raise errors.Unavailable("Too many messages are waiting to be stored.", retry_after_seconds=5)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, done))
        if self._busy < self.writers:
            self._busy += 1
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await done

    async def _drain(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self.group_size], self._waiting[self.group_size :]
                await self._store(group)
        finally:
            self._busy -= 1

    async def _store(self, group: Sequence[tuple[Arrival, asyncio.Future[None]]]) -> None:
        """Write a group; if it fails each is written alone, so that only the guilty one is refused.

        A database that does not answer is nobody's guilt: then all are refused at once, and come again.
        """
        try:
            await asyncio.to_thread(self.write, [arrival for arrival, _ in group])
        except Exception as problem:  # noqa: BLE001 - the HTTP edge: every waiting sender must get an answer
            if len(group) == 1 or isinstance(problem, errors.Unavailable):
                for _, done in group:
                    _fail(done, problem)
                return
            for each in group:
                await self._store([each])
            return
        for _, done in group:
            if not done.done():
                done.set_result(None)


def _fail(done: asyncio.Future[None], problem: Exception) -> None:
    if not done.done():
        done.set_exception(problem)
