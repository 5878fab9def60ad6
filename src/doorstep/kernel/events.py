"""The append-only event log: timeline, audit trail, outbox and source of the figures, in the transaction of the facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

import msgspec
from psycopg.types.json import Jsonb

from doorstep.kernel.db import ReadTx, WriteTx


class Fact(Protocol):
    """A frozen dataclass of a domain's events.py; its field `<stream>_id` says which stream it belongs to."""

    type: ClassVar[str]
    stream: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Event:
    """A fact as it was recorded. `position` orders the log for people; feeds use Cursor."""

    position: int
    id: str
    stream: str
    stream_id: int
    version: int
    type: str
    data: dict[str, object]
    actor: str
    trace_id: str
    occurred_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a reader of the feed stands; start with Cursor()."""

    transaction: int = 0
    position: int = 0


def append(tx: WriteTx, facts: Sequence[Fact], *, at: datetime) -> None:
    """Record facts, in order, and enqueue one delivery for each of their subscribers: one statement for any number.

    Whoever appends to an order's stream holds the order's row lock; other streams are locked here.
    """
    if not facts:
        return
    streams = [fact.stream for fact in facts]
    ids = [getattr(fact, f"{fact.stream}_id") for fact in facts]
    _lock_streams(
        tx, sorted({(stream, key) for stream, key in zip(streams, ids, strict=True) if stream != "order"})
    )
    listeners = [
        subscription
        for subscription in tx.subscriptions
        if subscription.type in {fact.type for fact in facts}
    ]
    tx.execute(
        """
        WITH fresh AS (
            SELECT f.*, row_number() OVER (PARTITION BY f.stream, f.stream_id ORDER BY f.place) AS nth
              FROM unnest(%(streams)s::text[], %(ids)s::bigint[], %(types)s::text[], %(data)s::jsonb[],
                          %(traces)s::text[]) WITH ORDINALITY AS f(stream, stream_id, type, data, trace_id, place)
        ), recorded AS (
            INSERT INTO events (stream, stream_id, version, type, data, actor, trace_id, occurred_at)
            SELECT f.stream, f.stream_id, coalesce(head.version, 0) + f.nth, f.type, f.data,
                   %(actor)s, f.trace_id, %(at)s
              FROM fresh f
              LEFT JOIN LATERAL (
                   SELECT e.version FROM events e
                    WHERE e.stream = f.stream AND e.stream_id = f.stream_id
                    ORDER BY e.version DESC LIMIT 1) head ON true
             ORDER BY f.place
            RETURNING position, type, stream_id
        )
        INSERT INTO deliveries (subscriber, event_position, key)
        SELECT s.subscriber, r.position, r.stream_id
          FROM recorded r
          JOIN unnest(%(listened)s::text[], %(subscribers)s::text[]) AS s(type, subscriber) USING (type)
         ORDER BY r.position
        """,
        {
            "streams": streams,
            "ids": ids,
            "types": [fact.type for fact in facts],
            "data": [Jsonb(msgspec.to_builtins(fact)) for fact in facts],
            "actor": tx.actor,
            "traces": [tx.traces.get(key, tx.trace_id) for key in ids],
            "at": at,
            "listened": [subscription.type for subscription in listeners],
            "subscribers": [subscription.subscriber for subscription in listeners],
        },
    )
    if listeners:
        tx.wake_workers()


def _lock_streams(tx: WriteTx, streams: Sequence[tuple[str, int]]) -> None:
    for stream, key in streams:
        tx.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashint8(%s))", (stream, key))


_COLUMNS = (
    "position, id::text, stream, stream_id, version, type, data, actor, trace_id, occurred_at, recorded_at"
)


def of_stream(tx: ReadTx, *, stream: str, stream_id: int) -> list[Event]:
    """Everything that happened to one thing, oldest first."""
    return tx.all(
        Event,
        f"SELECT {_COLUMNS} FROM events WHERE stream = %s AND stream_id = %s ORDER BY version",
        (stream, stream_id),
    )


def feed(tx: ReadTx, *, after: Cursor, limit: int = 500) -> tuple[list[Event], Cursor]:
    """The next events after a cursor, and the new cursor. Never skips a late committer.

    Only events of transactions older than every running one are shown, in the order (transaction, position): what
    becomes visible later always sorts after what was shown.
    """
    rows = tx.rows(
        f"""
        SELECT {_COLUMNS}, txid::text::bigint AS transaction FROM events
         WHERE (txid, position) > (%(transaction)s::text::xid8, %(position)s)
           AND txid < pg_snapshot_xmin(pg_current_snapshot())
         ORDER BY txid, position LIMIT %(limit)s
        """,
        {"transaction": str(after.transaction), "position": after.position, "limit": limit},
    )
    if not rows:
        return [], after
    cursor = Cursor(int(str(rows[-1]["transaction"])), int(str(rows[-1]["position"])))
    return [_event(row) for row in rows], cursor


def _event(row: dict[str, object]) -> Event:
    return msgspec.convert(
        {key: value for key, value in row.items() if key != "transaction"}, Event, builtin_types=(datetime,)
    )
