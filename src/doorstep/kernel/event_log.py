"""The append-only event log: timeline, audit trail, outbox and source of the figures."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol

import msgspec

from doorstep.kernel.db import ReadTx, Subscription, WriteTx

NO_PARTNER = -1  # deliveries.connection_id of a handler; 0: not looked up yet


class DomainEvent(Protocol):
    """A frozen dataclass of a domain's events.py; its field `<stream>_id` names its stream."""

    type: ClassVar[str]
    stream: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded event. `position` orders the log for people; feeds use Cursor."""

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
    """The position of a reader of the feed; start with Cursor()."""

    transaction: int = 0
    position: int = 0


def begin(tx: WriteTx, *, stream: str, ids: Iterable[int]) -> None:
    """These streams begin in this transaction: no one else can have written to them, so versions need no look-up."""
    tx.heads |= dict.fromkeys(((stream, each) for each in ids), 0)


def lock_streams(tx: WriteTx, *, stream: str, ids: Iterable[int]) -> None:
    """Lock several streams at once, in order, where a transaction appends to them in several steps."""
    _find_heads(tx, sorted({(stream, each) for each in ids} - tx.heads.keys()))


def append(tx: WriteTx, events: Sequence[DomainEvent], *, at: datetime) -> None:
    """Append events, in order, with one delivery per subscriber that needs it: one COPY of each for any number.

    Whoever appends to an order's stream holds the order's row lock; other streams are locked here.
    """
    if not events:
        return
    keys = [(fact.stream, getattr(fact, f"{fact.stream}_id")) for fact in events]
    _find_heads(tx, sorted(set(keys) - tx.heads.keys()))
    positions = _positions(tx, len(events))
    tx.copy(
        "COPY events (position, stream, stream_id, version, type, data, actor, trace_id, occurred_at) FROM STDIN",
        _rows(tx, events, keys, positions, at),
    )
    listeners = _listeners(tx)
    deliveries = [
        (each.subscriber, position, stream, stream_id, 0 if each.calls_partner else NO_PARTNER)
        for position, (stream, stream_id), fact in zip(positions, keys, events, strict=True)
        for each in listeners.get(fact.type, ())
        if each.needs is None or each.needs(fact)
    ]
    if deliveries:
        tx.copy(
            "COPY deliveries (subscriber, event_position, stream, key, connection_id) FROM STDIN", deliveries
        )
        happened = {fact.type for fact in events}
        tx.wake_workers(*{each.queue for kind in happened for each in listeners.get(kind, ())})


def _rows(
    tx: WriteTx,
    events: Sequence[DomainEvent],
    keys: Sequence[tuple[str, int]],
    positions: Sequence[int],
    at: datetime,
) -> Iterator[tuple[object, ...]]:
    for position, key, fact in zip(positions, keys, events, strict=True):
        version = tx.heads[key] = tx.heads[key] + 1
        data = msgspec.json.encode(fact).decode()
        yield (position, *key, version, fact.type, data, tx.actor, tx.traces.get(key, tx.trace_id), at)


def _listeners(tx: WriteTx) -> dict[str, list[Subscription]]:
    listeners: dict[str, list[Subscription]] = {}
    for each in tx.subscriptions:
        listeners.setdefault(each.type, []).append(each)
    return listeners


def _positions(tx: WriteTx, count: int) -> list[int]:
    """Positions in the log, reserved before the rows are written, so that deliveries need not be read back."""
    sequence = "SELECT nextval('events_position_seq') FROM generate_series(1, %s)"
    return tx.column(int, sequence, (count,))


def _find_heads(tx: WriteTx, streams: Sequence[tuple[str, int]]) -> None:
    """Lock these streams and return their last versions."""
    for stream, key in streams:
        if stream != "order":
            tx.execute("SELECT pg_advisory_xact_lock(hashtext(%s), hashint8(%s))", (stream, key))
    if not streams:
        return
    rows = tx.rows(
        """
        SELECT k.stream, k.stream_id,
               coalesce((SELECT max(e.version) FROM events e
                          WHERE e.stream = k.stream AND e.stream_id = k.stream_id), 0) AS version
          FROM unnest(%s::text[], %s::bigint[]) AS k(stream, stream_id)
        """,
        ([stream for stream, _ in streams], [key for _, key in streams]),
    )
    tx.heads |= {(str(row["stream"]), int(str(row["stream_id"]))): int(str(row["version"])) for row in rows}


_COLUMNS = (
    "position, id::text, stream, stream_id, version, type, data, actor, trace_id, occurred_at, recorded_at"
)


def of_stream(tx: ReadTx, *, stream: str, stream_id: int) -> list[Event]:
    """All events of a stream, oldest first."""
    return tx.all(
        Event,
        f"SELECT {_COLUMNS} FROM events WHERE stream = %s AND stream_id = %s ORDER BY version",
        (stream, stream_id),
    )


def feed(tx: ReadTx, *, after: Cursor, limit: int = 500) -> tuple[list[Event], Cursor]:
    """The next events after a cursor, and the new cursor. Never skips a late committer.

    Only events of transactions older than every running one are returned, ordered by transaction and position: what
    becomes visible later sorts after what was returned.
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
