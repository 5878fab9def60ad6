"""Feeds: what a connector reads by the clock, how far it has read, and hints that name one resource to read again.

A feed is read in windows of the vendor's own time. A window begins where the last one ended, less an overlap for late
commits and slow clocks; what is read twice has the same event id and is stored once. After every page the position is
stored together with the page, so a process that dies loses nothing and repeats at most one page.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.kernel.ids import ConnectionId

LEASE_SECONDS = 120.0  # for one page, or for one call that fetches
LONGEST_WAIT_SECONDS = 3_600.0
_LATE_AFTER_RUNS = 3
_LATE_AFTER_AT_LEAST_SECONDS = 900.0
RECONCILED_AFTER = timedelta(hours=1)  # an hour is compared once it is complete at the vendor


@dataclass(frozen=True, slots=True)
class Feed:
    """A source of messages at the vendor.

    It is read every `every_seconds` (0: never, its resources are only fetched by hints).
    `slice_seconds` is the longest window that one read of history asks for, `history_days` how far back the vendor
    goes (0: it gives no history). `is_listed`: the connector can list the event ids of an hour cheaply (Lister).
    `is_folder`: files are taken from a folder (FileSource) instead of windows of time.
    """

    name: str
    label: str
    every_seconds: float
    overlap_seconds: float = 300.0
    slice_seconds: float = 86_400.0
    history_days: int = 0
    is_listed: bool = False
    is_folder: bool = False


@dataclass(frozen=True, slots=True)
class Hint:
    """A message said only that a resource changed: it is fetched, and what comes is stored and read like a message."""

    feed: str
    external_id: str


@dataclass(frozen=True, slots=True)
class Document:
    """A raw document that was fetched. The same version has the same `event_id`; `changed_at` is the vendor's time."""

    event_id: str
    topic: str
    body: bytes = field(repr=False)
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """From (inclusive) and until (exclusive), in the vendor's time; `token` continues after a page.

    `reaches_now`: `until` was the present when the window began, so whatever is newer may come with it.
    """

    since: datetime
    until: datetime
    token: str = ""
    reaches_now: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a window. An empty `next_token` ends the window.

    `receipts` are acknowledged at the vendor once the documents are stored (queues and files).
    """

    documents: Sequence[Document]
    next_token: str = ""
    receipts: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Listed:
    """What the vendor lists for an hour: the event id that the document would have, and how to fetch it."""

    event_id: str
    hint: Hint


class ReadingState(StrEnum):
    """running: read when due. paused: by a person. done: a back-fill has reached its end. canceled: by a person."""

    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    CANCELED = "canceled"


READING_MOVES: Mapping[ReadingState, frozenset[ReadingState]] = {
    ReadingState.RUNNING: frozenset({ReadingState.PAUSED, ReadingState.DONE, ReadingState.CANCELED}),
    ReadingState.PAUSED: frozenset({ReadingState.RUNNING, ReadingState.CANCELED}),
    ReadingState.DONE: frozenset(),
    ReadingState.CANCELED: frozenset(),
}
# A feed that is read by the clock has no end.
LIVE_MOVES: Mapping[ReadingState, frozenset[ReadingState]] = {
    ReadingState.RUNNING: frozenset({ReadingState.PAUSED}),
    ReadingState.PAUSED: frozenset({ReadingState.RUNNING}),
}


@dataclass(frozen=True, slots=True)
class Position:
    """How far a feed has been read: everything before `watermark_at`.

    `window` is the one that is being read, `newest_at` the newest change that its pages have had so far.
    """

    watermark_at: datetime
    window: Window | None = None
    newest_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of a feed that this process has leased. `ends_at` is set for a back-fill, which has an end."""

    id: int
    connection_id: ConnectionId
    feed: str
    lease: int
    failures: int
    watermark_at: datetime
    window_since: datetime | None = None
    window_until: datetime | None = None
    page_token: str = ""
    newest_at: datetime | None = None
    ends_at: datetime | None = None
    reconciled_until: datetime | None = None

    @property
    def position(self) -> Position:
        if self.window_since is None or self.window_until is None:
            return Position(self.watermark_at)
        window = Window(
            self.window_since, self.window_until, self.page_token, reaches_now=self.ends_at is None
        )
        return Position(self.watermark_at, window, self.newest_at)


def next_window(position: Position, feed: Feed, *, now: datetime, ends_at: datetime | None = None) -> Window:
    """The window to read next: the unfinished one, else from the watermark less the overlap until now.

    A back-fill reads slices from its watermark to its end, without overlap: the live feed covers its borders.
    """
    if position.window is not None:
        return position.window
    if ends_at is not None:
        until = min(position.watermark_at + timedelta(seconds=feed.slice_seconds), ends_at)
        return Window(position.watermark_at, until)
    overlap = timedelta(seconds=feed.overlap_seconds)
    return Window(position.watermark_at - overlap, max(now, position.watermark_at), reaches_now=True)


def advance(position: Position, window: Window, page: Page, feed: Feed, *, is_backfill: bool) -> Position:
    """The position once this page of this window is stored. The watermark never moves back.

    The watermark of a live feed follows the vendor's clock: it moves to the newest change that was seen, so a slow clock
    at the vendor loses nothing. A quiet feed moves to an overlap before the window's end.
    """
    changes = [each.changed_at for each in page.documents if each.changed_at is not None]
    newest = max([*changes, position.newest_at or window.since])
    if page.next_token:
        return replace(position, window=replace(window, token=page.next_token), newest_at=newest)
    if is_backfill:
        return Position(window.until)
    quiet = window.until - timedelta(seconds=feed.overlap_seconds)
    return Position(max(position.watermark_at, min(window.until, max(newest, quiet))))


def wait_seconds(failures: int, *, every_seconds: float, asked: float | None, jitter: float) -> float:
    """How long to wait after this many failures in a row: doubling from the feed's own rhythm, with jitter (0 … 1)."""
    wait = min(LONGEST_WAIT_SECONDS, max(5.0, every_seconds / 4) * 2.0 ** min(failures - 1, 12))
    return max(asked or 0.0, wait * (0.75 + jitter / 2))


def is_late(feed: Feed, last_success: datetime | None, *, now: datetime) -> bool:
    """Whether a feed has not been read for several times its rhythm."""
    if last_success is None:
        return False
    patience = max(_LATE_AFTER_RUNS * feed.every_seconds, _LATE_AFTER_AT_LEAST_SECONDS)
    return (now - last_success).total_seconds() > patience


def hour_buckets(since: datetime, *, now: datetime, at_most: int) -> list[Window]:
    """Complete hours after `since` that have not been compared yet, oldest first."""
    start = since.replace(minute=0, second=0, microsecond=0)
    found: list[Window] = []
    while len(found) < at_most and start + 2 * RECONCILED_AFTER <= now:
        found.append(Window(start, start + timedelta(hours=1)))
        start += timedelta(hours=1)
    return found
