"""SQL of the inbox: messages of partners, stored before they are acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from doorstep.domain.connections.model import InboxMessage
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.jobs import Failure


@dataclass(frozen=True, slots=True)
class Arrival:
    """A verified message, about to be stored."""

    connection_id: int
    external_event_id: str
    topic: str
    headers: dict[str, str]
    body: bytes
    trace_id: str
    is_background: bool = False  # history that is filled in: read after everything else


_MESSAGE = "id, connection_id, topic, headers, body, received_at, trace_id, attempts"
_INSERT = """
    INSERT INTO inbox (connection_id, external_event_id, topic, headers, body, trace_id, is_background)
    SELECT * FROM unnest(%b::bigint[], %b::text[], %b::text[], %t::jsonb[], %b::bytea[], %b::text[], %b::boolean[])
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
        [arrival.is_background for arrival in arrivals],
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
    """Lock the oldest due messages until the end of this transaction, live ones before history; others skip them."""
    return tx.all(
        InboxMessage,
        f"SELECT {_MESSAGE} FROM inbox WHERE state = 0 AND run_at <= now() ORDER BY is_background, run_at, id LIMIT %s FOR UPDATE SKIP LOCKED",
        (limit,),
    )


def exists_due(tx: ReadTx) -> bool:
    """Whether a message is due."""
    return tx.value(bool, "SELECT EXISTS (SELECT FROM inbox WHERE state = 0 AND run_at <= now())")


def next_due_seconds(tx: ReadTx) -> list[float]:
    """Seconds until the next message becomes due again (empty: none waits for that)."""
    return tx.column(
        float,
        """
        SELECT extract(epoch FROM run_at - now())::float8 FROM inbox
         WHERE state = 0 AND run_at > now() ORDER BY run_at LIMIT 1
        """,
    )


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


def insert_dead(tx: WriteTx, arrival: Arrival, *, failure: Failure, attempts: int) -> None:
    """Store a message that has failed for good already, or let one with its event id fail again."""
    tx.execute(
        """
        INSERT INTO inbox (connection_id, external_event_id, topic, headers, body, trace_id, state, attempts, error,
                           error_class, first_failed_at, last_failed_at)
        VALUES (%s, %s, %s, '{}', %s, %s, 3, %s, %s, %s, business_now(), business_now())
        ON CONFLICT (connection_id, external_event_id) DO UPDATE SET state = 3, attempts = excluded.attempts,
           error = excluded.error, error_class = excluded.error_class, last_failed_at = excluded.last_failed_at
        """,
        (
            arrival.connection_id,
            arrival.external_event_id,
            arrival.topic,
            arrival.body,
            arrival.trace_id,
            attempts,
            failure.error,
            failure.error_class,
        ),
    )


def select_known(tx: ReadTx, *, connection_id: int, event_ids: Sequence[str]) -> set[str]:
    """Which of these event ids are stored."""
    return set(
        tx.column(
            str,
            "SELECT external_event_id FROM inbox WHERE connection_id = %s AND external_event_id = ANY(%s)",
            (connection_id, list(event_ids)),
        )
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
    connection_id: int
    topic: str
    headers: dict[str, str]
    body: bytes
    received_at: datetime
    trace_id: str


def select_payload(tx: ReadTx, *, message_id: int) -> Payload | None:
    """One stored message, whatever its state."""
    return tx.one(
        Payload,
        "SELECT id, connection_id, topic, headers, body, received_at, trace_id FROM inbox WHERE id = %s",
        (message_id,),
    )
