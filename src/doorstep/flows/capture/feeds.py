"""Read feeds and fill in history. What is read goes through the inbox, like a webhook."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from doorstep.domain.connections.actions import feeds as actions
from doorstep.domain.connections.actions.feeds import Fetch
from doorstep.domain.connections.model import Connection, Feed, Reading, feeds
from doorstep.flows.capture import fetches, folders, reconcile
from doorstep.flows.context import Context
from doorstep.kernel import errors, http, jobs, log
from doorstep.kernel.db import WriteTx

_FETCHED_AT_ONCE = 50
_TURN_SECONDS = 20.0  # then another feed of the connection gets its turn
_log = log.get("feeds")


@dataclass(frozen=True, slots=True)
class Work:
    """What a process has leased: the reading of a feed, or fetches of one feed."""

    connection: Connection
    feed: Feed
    reading: Reading | None = None
    fetches: Sequence[Fetch] = ()


def declare(context: Context) -> None:
    """Give every feed of the connections its position, also those that a new version of a connector brings."""
    declared = {each.id: context.partners.feeds(each.id) for each in context.partners.readable()}
    context.db.transact(lambda tx: actions.declare(tx, declared=declared), actor="system")


def lease(context: Context, connections: Sequence[Connection]) -> Work | None:
    """Lease what is due first at these connections: fetches, then feeds, then back-fills. None: nothing is due."""
    known = {each.id: each for each in connections}

    def work(tx: WriteTx) -> tuple[list[Fetch], Reading | None]:
        leased = actions.lease_fetches(tx, connection_ids=list(known), limit=_FETCHED_AT_ONCE)
        return leased, None if leased else actions.lease(tx, connection_ids=list(known))

    leased, reading = context.db.transact(work, actor="system")
    if leased:
        connection = known[leased[0].connection_id]
        return Work(connection, _feed(context, connection, leased[0].feed), fetches=leased)
    if reading is None:
        return None
    connection = known[reading.connection_id]
    return Work(connection, _feed(context, connection, reading.feed), reading)


def _feed(context: Context, connection: Connection, name: str) -> Feed:
    """The feed as the connector declares it; one that it no longer declares is read once a day, and fails visibly."""
    found = (each for each in context.partners.feeds(connection.id) if each.name == name)
    return next(found, Feed(name, name, 86_400.0))


def run(context: Context, work: Work, *, policy: jobs.RetryPolicy, stopped: Callable[[], bool]) -> None:
    """Carry leased work out; failures are recorded and tried again."""
    try:
        if work.reading is not None:
            _read(context, work, work.reading, stopped)
        else:
            fetches.fetch(
                context, connection=work.connection, feed=work.feed.name, leased=work.fetches, policy=policy
            )
    except jobs.LostLease:
        _log.warning(
            "another process reads this feed now", connection=work.connection.key, feed=work.feed.name
        )


def _read(context: Context, work: Work, reading: Reading, stopped: Callable[[], bool]) -> None:
    began = time.monotonic()
    going: Reading | None = reading
    while going is not None:
        try:
            if work.feed.is_folder:
                folders.read(context, work.connection, work.feed, going, stopped=stopped)
                return
            going = _page(context, work, going)
        except errors.DoorstepError as problem:
            if isinstance(problem, jobs.LostLease):
                raise
            _failed(context, work, going or reading, problem)
            return
        if going is not None and (stopped() or time.monotonic() - began > _TURN_SECONDS):
            _release(context, going)
            return
    if work.feed.is_listed and reading.ends_at is None:
        reconcile.compare(context, connection=work.connection, feed=work.feed, reading=reading)


def _release(context: Context, reading: Reading) -> None:
    context.db.transact(lambda tx: actions.release(tx, reading=reading), actor="system")


def record_bug(context: Context, work: Work, problem: Exception) -> None:
    """A connector failed in a way it must not: the feed shows it and is tried again, fetches become dead messages."""
    error = errors.Refused(f"The connector failed: {type(problem).__name__}: {problem}")
    if work.reading is not None:
        _failed(context, work, work.reading, error)
    else:
        fetches.fail(context, leased=work.fetches, problem=error, policy=jobs.RetryPolicy(1, 1.0))


def _page(context: Context, work: Work, reading: Reading) -> Reading | None:
    """Read one page, store it with the position after it, then remove it from the vendor's queue."""
    window = feeds.next_window(reading.position, work.feed, now=context.clock.now(), ends_at=reading.ends_at)
    puller = context.partners.puller(work.connection.id)
    with http.in_background() if reading.ends_at else contextlib.nullcontext():
        page = puller.pull(work.feed.name, window)
    trace_id = log.new_trace_id()
    following = context.db.transact(
        lambda tx: actions.store_page(
            tx, reading=reading, feed=work.feed, window=window, page=page, trace_id=trace_id
        ),
        actor=f"connection:{work.connection.key}",
    )
    if page.receipts:
        queue = context.partners.queue(work.connection.id)
        queue.acknowledge_receipts(work.feed.name, page.receipts)
    return following


def _failed(context: Context, work: Work, reading: Reading, problem: errors.DoorstepError) -> None:
    _log.warning(
        "a feed could not be read",
        connection=work.connection.key,
        feed=work.feed.name,
        error=problem.message,
    )
    jitter = random.random()  # noqa: S311 - spreads retries
    context.db.transact(
        lambda tx: actions.fail(tx, reading=reading, problem=problem, feed=work.feed, jitter=jitter),
        actor="system",
    )
