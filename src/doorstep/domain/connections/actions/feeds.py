"""Read feeds and history, and fetch what hints name: lease, store a page with its position, fail, pause."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from doorstep.domain.connections.actions import inbox
from doorstep.domain.connections.model import (
    LIVE_MOVES,
    READING_MOVES,
    Document,
    Feed,
    Hint,
    Listed,
    Page,
    Reading,
    ReadingState,
    Window,
    feeds,
)
from doorstep.domain.connections.store import feeds as store
from doorstep.domain.connections.store import fetches
from doorstep.domain.connections.store import inbox as inbox_store
from doorstep.domain.connections.store.feeds import FeedState, Progress
from doorstep.domain.connections.store.fetches import Fetch
from doorstep.domain.connections.store.inbox import Arrival
from doorstep.kernel import errors, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import ConnectionId
from doorstep.kernel.jobs import Failure
from doorstep.kernel.queues import Queue

__all__ = ["FeedState", "Fetch"]
FETCH_TOPIC = "doorstep.fetch"  # a hint in the inbox: a fetch that failed for good, to be tried again


def declare(tx: WriteTx, *, declared: Mapping[ConnectionId, Sequence[Feed]]) -> int:
    """Give every feed of these connections its position; a new one is read from now on."""
    pairs = [
        (connection_id, feed.name)
        for connection_id, found in declared.items()
        for feed in found
        if feed.every_seconds
    ]
    return store.insert_missing(
        tx,
        connection_ids=[connection_id for connection_id, _ in pairs],
        feeds=[name for _, name in pairs],
    )


def lease(tx: WriteTx, *, connection_ids: Sequence[int]) -> Reading | None:
    """Lease the feed of these connections that is due longest; back-fills come after feeds. None: nothing is due."""
    return store.lease_due(tx, connection_ids=connection_ids, lease_seconds=feeds.LEASE_SECONDS)


def store_page(
    tx: WriteTx, *, reading: Reading, feed: Feed, window: Window, page: Page, trace_id: str
) -> Reading | None:
    """Store a page and the position after it, in one transaction.

    Gives back the reading to go on with, or None when its window is read or a person has stopped it. Raises LostLease.
    """
    is_backfill = reading.ends_at is not None
    arrivals = [
        Arrival(reading.connection_id, each.event_id, each.topic, {}, each.body, trace_id, is_backfill)
        for each in page.documents
    ]
    new = inbox.receive(tx, arrivals=arrivals) if arrivals else 0
    position = feeds.advance(reading.position, window, page, feed, is_backfill=is_backfill)
    is_done = is_backfill and position.window is None and position.watermark_at == reading.ends_at
    goes_on = position.window is not None or (is_backfill and not is_done)
    progress = Progress(
        position,
        documents=len(arrivals),
        new_documents=new,
        due_in_seconds=0.0 if goes_on else feed.every_seconds,
        lease_seconds=feeds.LEASE_SECONDS if goes_on else None,
        is_done=is_done,
    )
    is_running = store.update_progress(tx, reading=reading, progress=progress)
    return _next(reading, progress) if goes_on and is_running else None


def _next(reading: Reading, progress: Progress) -> Reading:
    window = progress.position.window
    return Reading(
        id=reading.id,
        connection_id=reading.connection_id,
        feed=reading.feed,
        lease=reading.lease,
        failures=0,
        watermark_at=progress.position.watermark_at,
        window_since=window.since if window else None,
        window_until=window.until if window else None,
        page_token=window.token if window else "",
        newest_at=progress.position.newest_at,
        ends_at=reading.ends_at,
        reconciled_until=reading.reconciled_until,
    )


def fail(tx: WriteTx, *, reading: Reading, problem: errors.DoorstepError, feed: Feed, jitter: float) -> None:
    """Record a failure; it is tried again later. A page token that the vendor rejects is dropped: the window starts anew."""
    asked = problem.retry_after_seconds if isinstance(problem, errors.Unavailable) else None
    wait = feeds.wait_seconds(
        reading.failures + 1, every_seconds=feed.every_seconds, asked=asked, jitter=jitter
    )
    is_rejected = isinstance(problem, errors.Invalid) and bool(reading.page_token)
    store.update_failure(
        tx,
        reading,
        error=problem.message,
        error_class=problem.error_class,
        wait=1.0 if is_rejected and not reading.failures else wait,
        drop_token=is_rejected,
    )


def release(tx: WriteTx, *, reading: Reading) -> None:
    """Stop before the window is read; another process may go on at once."""
    store.end_lease(tx, reading)


def reconcile(tx: WriteTx, *, reading: Reading, hour: Window, listed: Sequence[Listed]) -> int:
    """Compare a complete hour at the vendor with what is stored; what is missing is fetched. Returns how many."""
    known = inbox_store.select_known(
        tx, connection_id=reading.connection_id, event_ids=[each.event_id for each in listed]
    )
    missing = [each.hint for each in listed if each.event_id not in known]
    if missing:
        want(tx, connection_id=reading.connection_id, hints=missing)
    store.update_reconciled(tx, reading_id=reading.id, until=hour.until, missing=len(missing))
    return len(missing)


def want(tx: WriteTx, *, connection_id: int, hints: Sequence[Hint]) -> None:
    """Have these resources fetched. Workers are notified."""
    fetches.upsert(tx, connection_id=connection_id, hints=hints)
    tx.wake_workers(Queue.CALLS)


def hint_of(body: bytes) -> Hint:
    """The hint in a message of FETCH_TOPIC."""
    found = json.loads(body)
    return Hint(found["feed"], found["external_id"])


def lease_fetches(tx: WriteTx, *, connection_ids: Sequence[int], limit: int) -> list[Fetch]:
    """Lease due fetches of one feed of one connection, that which waits longest."""
    return fetches.lease_due(
        tx, connection_ids=connection_ids, limit=limit, lease_seconds=feeds.LEASE_SECONDS
    )


def give_back(tx: WriteTx, *, leased: Sequence[Fetch]) -> None:
    """Leased fetches that were not tried are due again, as if they had not been leased."""
    fetches.update_given_back(tx, leased)


def store_fetched(
    tx: WriteTx, *, done: Sequence[Fetch], documents: Sequence[Document], trace_id: str
) -> None:
    """Store what was fetched; hints that came meanwhile have it fetched again."""
    arrivals = [
        Arrival(done[0].connection_id, each.event_id, each.topic, {}, each.body, trace_id)
        for each in documents
    ]
    if arrivals:
        inbox.receive(tx, arrivals=arrivals)
    fetches.delete(tx, done)


def fail_fetch(tx: WriteTx, *, fetch: Fetch, failure: Failure, trace_id: str) -> None:
    """Postpone a fetch, or make it a dead message of the inbox, which a person can retry or discard."""
    if failure.retry_in_seconds is not None:
        wait = failure.retry_in_seconds
        fetches.update_failed(tx, fetch, error=failure.error, error_class=failure.error_class, wait=wait)
        return
    body = json.dumps({"feed": fetch.feed, "external_id": fetch.external_id}).encode()
    event_id = f"{FETCH_TOPIC}:{fetch.feed}:{fetch.external_id}"
    arrival = Arrival(fetch.connection_id, event_id, FETCH_TOPIC, {}, body, trace_id)
    inbox_store.insert_dead(tx, arrival, failure=failure, attempts=fetch.attempts)
    fetches.delete(tx, [fetch])


def start_backfill(
    tx: WriteTx, *, connection_id: int, feed: Feed, since: datetime, until: datetime, now: datetime
) -> int:
    """Read a part of the past, after all live work; returns the id of the back-fill. One at a time per feed."""
    if not feed.history_days:
        raise errors.Refused(f"{feed.label} has no history to read.")
    if since >= until or until > now:
        raise errors.Invalid(
            "A back-fill needs a start before its end, and an end that is not in the future."
        )
    if since < now - timedelta(days=feed.history_days):
        raise errors.Invalid(f"{feed.label} goes back at most {feed.history_days} days.", field="since")
    if store.select_open_backfill(tx, connection_id=connection_id, feed=feed.name):
        raise errors.Conflict(f"A back-fill of {feed.label} is running: wait until it ends, or cancel it.")
    tx.wake_workers(Queue.CALLS)
    return store.insert_backfill(
        tx, connection_id=connection_id, feed=feed.name, since=since, until=until, actor=tx.actor
    )


def change_state(tx: WriteTx, *, reading_id: int, to: ReadingState) -> FeedState:
    """Pause, resume or cancel. A live feed cannot be canceled: pause it."""
    found = store.lock_state(tx, reading_id=reading_id)
    if to is ReadingState.CANCELED and found.ends_at is None:
        raise errors.Refused("A feed cannot be canceled: pause it.")
    subject = "The feed" if found.ends_at is None else "The back-fill"
    moves = READING_MOVES if found.ends_at else LIVE_MOVES
    states.transition(moves, ReadingState(found.state), to, thing=subject)
    store.update_state(tx, reading_id=reading_id, state=to)
    tx.wake_workers(Queue.CALLS)
    return store.lock_state(tx, reading_id=reading_id)


def read_now(tx: WriteTx, *, reading_id: int) -> None:
    """Read a feed at once instead of at its next time. Refused while it is paused or has ended."""
    found = store.lock_state(tx, reading_id=reading_id)
    if found.state != ReadingState.RUNNING:
        raise errors.Refused(f"It is {found.state}: only what is running can be read.")
    store.update_due(tx, reading_id=reading_id)
    tx.wake_workers(Queue.CALLS)


def read_failed_now(tx: WriteTx, *, connection_id: int) -> None:
    """Read now what failed of a connection: what it failed for is repaired."""
    store.update_failed_due(tx, connection_id=connection_id)
    tx.wake_workers(Queue.CALLS)
