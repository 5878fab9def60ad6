"""SQL of connections and their inbox."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from doorstep.domain.connections.model import InboxMessage
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class ConnectionRow:
    """A connection as stored: plain settings, sealed secrets."""

    id: int
    key: str
    kind: str
    connector_id: str
    name: str
    mode: str
    settings: dict[str, object]
    secrets: bytes | None
    changed_at: datetime


def select_connections(tx: ReadTx) -> list[ConnectionRow]:
    """All connections, by key."""
    return tx.all(
        ConnectionRow,
        "SELECT id, key, kind, connector_id, name, mode, settings, secrets, changed_at FROM connections ORDER BY key",
    )


def latest_change(tx: ReadTx) -> list[datetime]:
    """When a connection was last changed (empty: there is none); processes reload when it changes."""
    return tx.column(datetime, "SELECT changed_at FROM connections ORDER BY changed_at DESC LIMIT 1")


def upsert_connection(tx: WriteTx, row: ConnectionRow) -> int | None:
    """Create, or replace by key without changing the mode; returns the id (None: the key has another kind)."""
    found = tx.column(
        int,
        """
        INSERT INTO connections (key, kind, connector_id, name, mode, settings, secrets)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (key) DO UPDATE SET connector_id = excluded.connector_id, name = excluded.name,
            settings = excluded.settings, secrets = excluded.secrets, changed_at = clock_timestamp()
         WHERE connections.kind = excluded.kind
        RETURNING id
        """,
        (row.key, row.kind, row.connector_id, row.name, row.mode, Jsonb(row.settings), row.secrets),
    )
    return next(iter(found), None)


def update_mode(tx: WriteTx, *, key: str, mode: str) -> int:
    """Set the mode of a connection; returns how many have that key."""
    return tx.execute(
        "UPDATE connections SET mode = %s, changed_at = clock_timestamp() WHERE key = %s", (mode, key)
    )


@dataclass(frozen=True, slots=True)
class Arrival:
    """A verified message, about to be stored."""

    connection_id: int
    external_event_id: str
    topic: str
    headers: dict[str, str]
    body: bytes
    trace_id: str


_MESSAGE = "id, connection_id, topic, headers, body, received_at, trace_id, attempts"
_INSERT = """
    INSERT INTO inbox (connection_id, external_event_id, topic, headers, body, trace_id)
    SELECT * FROM unnest(%b::bigint[], %b::text[], %b::text[], %t::jsonb[], %b::bytea[], %b::text[])
    ON CONFLICT (connection_id, external_event_id) DO NOTHING
"""


def _columns(arrivals: Sequence[Arrival]) -> tuple[list[object], ...]:
    return (
        [arrival.connection_id for arrival in arrivals],
        [arrival.external_event_id for arrival in arrivals],
        [arrival.topic for arrival in arrivals],
        [Jsonb(arrival.headers) for arrival in arrivals],
        [arrival.body for arrival in arrivals],
        [arrival.trace_id for arrival in arrivals],
    )


def rename_rejected(tx: WriteTx, arrivals: Sequence[Arrival]) -> int:
    """Let rejected messages make room for corrected ones with the same event id: they keep their bytes under another."""
    return tx.execute(
        """
        UPDATE inbox i SET external_event_id = i.external_event_id || '#' || i.id, state = 2
          FROM unnest(%b::bigint[], %b::text[], %b::bytea[]) AS n(connection_id, external_event_id, body)
         WHERE (i.connection_id, i.external_event_id) = (n.connection_id, n.external_event_id)
           AND (i.state = 3 AND i.body <> n.body OR i.state = 2 AND i.error IS NOT NULL)
        """,
        (
            [arrival.connection_id for arrival in arrivals],
            [arrival.external_event_id for arrival in arrivals],
            [arrival.body for arrival in arrivals],
        ),
    )


def insert_inbox(tx: WriteTx, arrivals: Sequence[Arrival]) -> int:
    """Store messages once each; returns how many were new."""
    return tx.execute(_INSERT, _columns(arrivals))


@dataclass(frozen=True, slots=True)
class NewMessage(InboxMessage):
    """A message that was stored just now."""

    external_event_id: str = ""


def insert_messages(tx: WriteTx, arrivals: Sequence[Arrival]) -> list[NewMessage]:
    """Store messages once each; returns the new ones, oldest first, to be read in this transaction."""
    found = tx.all(NewMessage, f"{_INSERT} RETURNING {_MESSAGE}, external_event_id", _columns(arrivals))
    return sorted(found, key=lambda message: message.id)


def select_problems(tx: ReadTx, *, connection_id: int, event_ids: Sequence[str]) -> dict[str, str]:
    """Why messages could not be read, by event id."""
    rows = tx.rows(
        """
        SELECT external_event_id, error FROM inbox
         WHERE connection_id = %s AND external_event_id = ANY(%s) AND state = 3
        """,
        (connection_id, list(event_ids)),
    )
    return {str(row["external_event_id"]): str(row["error"]) for row in rows}


def lock_due(tx: WriteTx, *, limit: int) -> list[InboxMessage]:
    """Lock the oldest due messages until the end of this transaction; others skip them."""
    return tx.all(
        InboxMessage,
        f"SELECT {_MESSAGE} FROM inbox WHERE state = 0 AND run_at <= now() ORDER BY run_at, id LIMIT %s FOR UPDATE SKIP LOCKED",
        (limit,),
    )


def exists_due(tx: ReadTx) -> bool:
    """Whether a message is due."""
    return tx.value(bool, "SELECT EXISTS (SELECT FROM inbox WHERE state = 0 AND run_at <= now())")


def lock_messages(tx: WriteTx, *, ids: Sequence[int]) -> list[InboxMessage]:
    """Lock these due messages, if nobody else has them."""
    return tx.all(
        InboxMessage,
        f"SELECT {_MESSAGE} FROM inbox WHERE state = 0 AND id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED",
        (list(ids),),
    )


def mark_read(tx: WriteTx, *, ids: Sequence[int]) -> None:
    """Mark messages as applied."""
    tx.execute("UPDATE inbox SET state = 2, error = NULL WHERE id = ANY(%s)", (list(ids),))


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a message could not be read, and when to retry (None: it is a dead letter)."""

    id: int
    error: str
    error_class: str
    retry_in_seconds: float | None


def mark_failed(tx: WriteTx, problem: Problem) -> None:
    """Postpone a message, or make it a dead letter."""
    tx.execute(
        """
        UPDATE inbox SET state = CASE WHEN %(wait)s::float8 IS NULL THEN 3 ELSE 0 END, attempts = attempts + 1,
               error = %(error)s, error_class = %(error_class)s, first_failed_at = coalesce(first_failed_at, business_now()),
               last_failed_at = business_now(), run_at = now() + make_interval(secs => coalesce(%(wait)s::float8, 0))
         WHERE id = %(id)s AND state = 0
        """,
        {
            "id": problem.id,
            "error": problem.error,
            "error_class": problem.error_class,
            "wait": problem.retry_in_seconds,
        },
    )


def retry_dead(tx: WriteTx, *, ids: Sequence[int] | None, error_class: str | None) -> int:
    """Make dead messages due again: these ids, or a whole error class."""
    return tx.execute(
        """
        UPDATE inbox SET state = 0, attempts = 0, run_at = now()
         WHERE state = 3 AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
           AND (%(error_class)s::text IS NULL OR error_class = %(error_class)s)
        """,
        {"ids": None if ids is None else list(ids), "error_class": error_class},
    )


def delete_dead(tx: WriteTx, *, ids: Sequence[int]) -> int:
    """Mark dead messages as discarded; their bytes stay."""
    return tx.execute("UPDATE inbox SET state = 2 WHERE state = 3 AND id = ANY(%s)", (list(ids),))


@dataclass(frozen=True, slots=True)
class Payload:
    """A stored message for a person to look at."""

    id: int
    topic: str
    headers: dict[str, str]
    body: bytes
    received_at: datetime
    trace_id: str


def select_payload(tx: ReadTx, *, message_id: int) -> Payload | None:
    """One stored message, whatever its state."""
    return tx.one(
        Payload,
        "SELECT id, topic, headers, body, received_at, trace_id FROM inbox WHERE id = %s",
        (message_id,),
    )


@dataclass(frozen=True, slots=True)
class FailingCarrier:
    """A carrier whose label calls keep failing: how many failed since then, and the last error."""

    carrier: str
    failures: int
    error: str


def select_failing_carriers(tx: ReadTx, *, since: datetime, at_least: int) -> list[FailingCarrier]:
    """Carriers that answered none of that many calls since then; a refusal counts as an answer."""
    return tx.all(
        FailingCarrier,
        """
        SELECT c.key AS carrier, sum(CASE WHEN d.first_failed_at > %(since)s THEN d.attempts ELSE 1 END) AS failures,
               (array_agg(d.error ORDER BY d.last_failed_at DESC))[1] AS error
          FROM deliveries d JOIN events e ON e.position = d.event_position
          JOIN shipments s ON s.id = (e.data->>'shipment_id')::bigint
          JOIN label_purchases b ON b.parcel_id = s.parcel_id AND b.state <> 'voided'
          JOIN connections c ON c.id = b.connection_id
         WHERE d.subscriber = 'shipping.buy_label' AND d.last_failed_at > %(since)s AND d.error_class IN ('transient', 'auth')
           AND NOT EXISTS (SELECT 1 FROM label_purchases p WHERE p.connection_id = c.id AND p.purchased_at > %(since)s)
         GROUP BY c.key
        HAVING sum(CASE WHEN d.first_failed_at > %(since)s THEN d.attempts ELSE 1 END) >= %(at_least)s ORDER BY c.key
        """,
        {"since": since, "at_least": at_least},
    )


def select_recovered(tx: ReadTx, *, since: Mapping[str, datetime]) -> list[str]:
    """Those of these carriers that sold a label since then."""
    return tx.column(
        str,
        """
        SELECT g.carrier FROM unnest(%s::text[], %s::timestamptz[]) AS g (carrier, since_at)
         WHERE EXISTS (SELECT 1 FROM label_purchases b JOIN connections c ON c.id = b.connection_id
                        WHERE c.key = g.carrier AND b.purchased_at > g.since_at) ORDER BY 1
        """,
        (list(since), list(since.values())),
    )
