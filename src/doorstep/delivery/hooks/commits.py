"""Group commit: messages that arrive during a commit are stored together by the next one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from doorstep.domain.connections.actions import Arrival
from doorstep.kernel import errors

Write = Callable[[Sequence[Arrival]], None]


@dataclass(slots=True)
class GroupCommit:
    """Store messages, many per transaction; `add` returns once its own message is committed.

    There is no timer: the commit under way is the window in which the next group gathers. When the database falls
    behind (too many wait, or the oldest waits too long), new messages are refused before they are queued: a quick
    "later" is better than a time-out.
    """

    write: Write
    group_size: int = 500
    writers: int = 2
    queue_limit: int = 5_000
    _waiting: list[_Waiting] = field(default_factory=list)
    _stored_per_second: float = 0.0
    _busy: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def add(self, arrival: Arrival, *, within_seconds: float = 5.0) -> None:
        """Store one message; raises Unavailable when the database falls further behind (the sender retries)."""
        loop = asyncio.get_running_loop()
        if len(self._waiting) >= self.queue_limit or self._lag(loop.time()) > within_seconds:
            raise errors.Unavailable(
                "Messages arrive faster than they are stored.",
                retry_after_seconds=self._clear_in_seconds(within_seconds),
            )
        done: asyncio.Future[None] = loop.create_future()
        self._waiting.append(_Waiting(arrival, done, loop.time()))
        if self._busy < self.writers:
            self._busy += 1
            task = asyncio.create_task(self._drain())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        await done

    def _lag(self, now: float) -> float:
        """How long the oldest message has waited, in seconds."""
        return now - self._waiting[0].since if self._waiting else 0.0

    def _clear_in_seconds(self, at_most: float) -> float:
        """When the queue will be short again, at the rate of the last groups."""
        if not self._stored_per_second:
            return at_most
        return min(60.0, max(1.0, len(self._waiting) / self._stored_per_second))

    async def _drain(self) -> None:
        try:
            while self._waiting:
                group, self._waiting = self._waiting[: self.group_size], self._waiting[self.group_size :]
                await self._store(group)
        finally:
            self._busy -= 1

    async def _store(self, group: Sequence[_Waiting]) -> None:
        """Store a group; on failure split it in halves until the failing message stands alone, and refuse only that one.

        When the database does not answer, all are refused at once; their senders retry.
        """
        began = asyncio.get_running_loop().time()
        try:
            await asyncio.to_thread(self.write, [each.arrival for each in group])
        except Exception as problem:  # noqa: BLE001 - the HTTP edge: every waiting sender must get an answer
            if len(group) == 1 or isinstance(problem, errors.Unavailable):
                for each in group:
                    each.refuse(problem)
                return
            middle = len(group) // 2
            await self._store(group[:middle])
            await self._store(group[middle:])
            return
        self._pace(len(group), asyncio.get_running_loop().time() - began)
        for each in group:
            each.thank()

    def _pace(self, stored: int, seconds: float) -> None:
        """Record how fast groups are stored; recent ones count most."""
        rate = stored * self.writers / max(seconds, 0.001)
        self._stored_per_second = (
            rate if not self._stored_per_second else 0.8 * self._stored_per_second + 0.2 * rate
        )


@dataclass(slots=True)
class _Waiting:
    """A message whose sender waits for the answer."""

    arrival: Arrival
    done: asyncio.Future[None]
    since: float

    def thank(self) -> None:
        if not self.done.done():
            self.done.set_result(None)

    def refuse(self, problem: Exception) -> None:
        if not self.done.done():
            self.done.set_exception(problem)
