"""What people do with feeds: pause, resume, read now, fill in history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.connections.actions import feeds as actions
from doorstep.domain.connections.model import Connection, Feed, ReadingState, feeds
from doorstep.domain.connections.views import feeds as views
from doorstep.domain.connections.views.feeds import FeedState
from doorstep.flows.context import Context
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class FeedReport:
    """A feed or a back-fill with its declaration; `is_late`: it has not been read for several times its rhythm.

    `waiting_fetches`: resources that messages named and that are not fetched yet.
    """

    feed: Feed
    state: FeedState
    is_late: bool
    waiting_fetches: int

    @property
    def progress(self) -> float:
        """The share of a back-fill that is read, 0 … 1; 1 for a feed."""
        if self.state.ends_at is None:
            return 1.0
        whole = self.state.ends_at - self.state.starts_at
        return (self.state.watermark_at - self.state.starts_at) / whole


def reports(context: Context, tx: ReadTx, *, connection: Connection) -> list[FeedReport]:
    """The feeds of a connection, then its back-fills, newest first."""
    declared = {each.name: each for each in context.partners.feeds(connection.id)}
    waiting = views.waiting_fetches(tx, connection_id=connection.id)
    return [
        _report(declared, waiting, each, context.clock.now())
        for each in views.states(tx, connection_id=connection.id)
    ]


def _report(
    declared: Mapping[str, Feed], waiting: Mapping[str, int], state: FeedState, now: datetime
) -> FeedReport:
    feed = declared.get(state.feed, Feed(state.feed, state.feed, 0))
    is_feed = state.ends_at is None
    is_late = is_feed and state.state == ReadingState.RUNNING
    return FeedReport(
        feed,
        state,
        is_late and feeds.is_late(feed, state.last_succeeded_at, now=now),
        waiting.get(state.feed, 0) if is_feed else 0,
    )


def _of(tx: ReadTx, connection: Connection, reading_id: int) -> None:
    known = {each.id for each in views.states(tx, connection_id=connection.id)}
    if reading_id not in known:
        raise errors.NotFound(f"{connection.key} has no feed or back-fill {reading_id}.")


def pause(tx: WriteTx, *, connection: Connection, reading_id: int) -> None:
    """Read a feed or a back-fill no further until it is resumed."""
    _of(tx, connection, reading_id)
    actions.change_state(tx, reading_id=reading_id, to=ReadingState.PAUSED)


def resume(tx: WriteTx, *, connection: Connection, reading_id: int) -> None:
    """Read on from where it was paused."""
    _of(tx, connection, reading_id)
    actions.change_state(tx, reading_id=reading_id, to=ReadingState.RUNNING)


def cancel(tx: WriteTx, *, connection: Connection, reading_id: int) -> None:
    """End a back-fill; what it has read stays."""
    _of(tx, connection, reading_id)
    actions.change_state(tx, reading_id=reading_id, to=ReadingState.CANCELED)


def read_now(tx: WriteTx, *, connection: Connection, reading_id: int) -> None:
    """Read at once instead of at the next time."""
    _of(tx, connection, reading_id)
    actions.read_now(tx, reading_id=reading_id)


VERBS: Mapping[str, Callable[..., None]] = {
    "pause": pause,
    "resume": resume,
    "cancel": cancel,
    "run": read_now,
}


def start_backfill(
    context: Context, tx: WriteTx, *, connection: Connection, feed: str, since: datetime, until: datetime
) -> int:
    """Read a part of the past, after all live work; returns the id of the back-fill."""
    for declared in context.partners.feeds(connection.id):
        if declared.name == feed:
            return actions.start_backfill(
                tx,
                connection_id=connection.id,
                feed=declared,
                since=since,
                until=until,
                now=context.clock.now(),
            )
    raise errors.NotFound(f"{connection.key} has no feed {feed!r}.")
