"""`doorstep connections feeds|feed|back-fill|read-again`: what is read by the clock, and messages to read again."""

from __future__ import annotations

import functools
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from doorstep.delivery.cli.opening import opened
from doorstep.delivery.cli.terminal import out
from doorstep.domain.connections import actions
from doorstep.domain.connections.actions import Selection
from doorstep.flows.capture import feed_control
from doorstep.flows.capture.feed_control import FeedReport
from doorstep.kernel import errors


class Verb(StrEnum):
    """What can be done with a feed or a back-fill."""

    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    RUN = "run"


def list_feeds(key: str) -> None:
    """List what a connection reads by the clock, and its back-fills."""
    with opened() as app:
        connection = app.registry.by_key(key)
        with app.db.read() as tx:
            found = feed_control.reports(app.context, tx, connection=connection)
    table = Table("id", "feed", "state", "read until", "new", "missing", "problem", box=None, pad_edge=False)
    for each in found:
        table.add_row(*_row(each))
    out.print(table if found else f"{key} reads nothing by the clock.")


def _row(report: FeedReport) -> list[str]:
    state = report.state
    is_backfill = state.ends_at is not None
    late = "late" if report.is_late else ""
    return [
        str(state.id),
        f"{state.feed} (back-fill {report.progress:.0%})" if is_backfill else state.feed,
        state.state,
        f"{state.watermark_at:%Y-%m-%d %H:%M:%S}",
        str(state.new_documents),
        str(state.missing_documents),
        state.error or late,
    ]


def change_feed(
    key: str,
    verb: Verb,
    feed_id: Annotated[int, typer.Argument(help="The id that `doorstep connections feeds` shows.")],
) -> None:
    """Pause, resume or cancel a feed or a back-fill, or run it now."""
    with opened() as app:
        connection = app.registry.by_key(key)
        change = functools.partial(feed_control.VERBS[verb.value], connection=connection, reading_id=feed_id)
        app.db.transact(change, actor="cli")
    done = {"pause": "paused", "resume": "running", "cancel": "canceled", "run": "due now"}
    out.print(f"{key}: {feed_id} is {done[verb.value]}.")


def back_fill(
    key: str,
    feed: Annotated[str, typer.Argument(help="Name of the feed.")],
    since: Annotated[
        datetime,
        typer.Option("--from", help="Where to begin (UTC), as in 2026-05-01 or 2026-05-01T08:00:00."),
    ],
    until: Annotated[
        datetime | None, typer.Option("--to", help="Where to end (UTC); now if not given.")
    ] = None,
) -> None:
    """Read a part of a feed's past, after all live work. A worker reads it; it goes on after a restart."""
    with opened() as app:
        now = app.clock.now()
        connection = app.registry.by_key(key)
        reading_id = app.db.transact(
            lambda tx: feed_control.start_backfill(
                app.context,
                tx,
                connection=connection,
                feed=feed,
                since=_utc(since),
                until=_utc(until) if until else now,
            ),
            actor="cli",
        )
    out.print(f"{key}: back-fill {reading_id} of {feed} has begun: doorstep connections feeds {key}")


def read_again(
    key: str,
    message: Annotated[
        list[int] | None, typer.Option("--message", help="Id of a message; may be repeated.")
    ] = None,
    topic: Annotated[str, typer.Option(help="Only messages of this topic.")] = "",
    since: Annotated[datetime | None, typer.Option("--from", help="Received at or after (UTC).")] = None,
    until: Annotated[datetime | None, typer.Option("--to", help="Received before (UTC).")] = None,
) -> None:
    """Read stored messages again with today's connector: some, a topic, or a time range. They come after live ones."""
    with opened() as app:
        connection = app.registry.by_key(key)
        selection = Selection(
            connection.id, message, topic, _utc(since) if since else None, _utc(until) if until else None
        )
        count = app.db.transact(lambda tx: actions.read_again(tx, selection=selection), actor="cli")
    out.print("1 message is read again." if count == 1 else f"{count} messages are read again.")


def _utc(given: datetime) -> datetime:
    if given.tzinfo:
        raise errors.Invalid("Give times in UTC, without an offset.")
    return given.replace(tzinfo=UTC)
