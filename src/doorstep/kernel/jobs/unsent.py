"""Calls that a connection in shadow mode did not make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.types.json import Jsonb

from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.jobs.model import Delivery, LostLease
from doorstep.kernel.keyset import Key, Keyset, Sorting


def keep_shadowed(tx: WriteTx, delivery: Delivery, *, connection: str, would_send: object) -> None:
    """Keep a delivery whose call was not made because its connection is in shadow mode. Raises LostLease."""
    found = tx.column(
        int,
        """
        UPDATE deliveries SET state = 4, leased_until = NULL, attempts = 0, shadowed_connection = %s, would_send = %s
         WHERE id = %s AND attempts = %s AND state IN (0, 1) RETURNING id
        """,
        (connection, Jsonb(would_send), delivery.id, delivery.attempts),
    )
    if not found:
        raise LostLease(
            "The lease expired and another worker took over the delivery.", deliveries=[delivery.id]
        )


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A call that was not made: what it is about (with the data of its event), and what would have been sent."""

    id: int
    subscriber: str
    stream: str
    key: int
    event_type: str
    would_send: dict[str, object]
    occurred_at: datetime
    data: dict[str, object] = field(default_factory=dict)


SHADOWED = Sorting({"id": Key(), "occurred_at": Key("timestamptz"), "subscriber": Key("text")})


OLDEST = Keyset(is_ascending=True, limit=200)


def shadowed(tx: ReadTx, *, connection: str, page: Keyset = OLDEST) -> list[Shadowed]:
    """A page of the calls that a connection in shadow mode did not make."""
    found = """
        SELECT d.id, d.subscriber, d.stream, d.key, e.type AS event_type, d.would_send, e.occurred_at, e.data
          FROM deliveries d JOIN events e ON e.position = d.event_position
         WHERE d.state = 4 AND d.shadowed_connection = %(connection)s
    """
    return tx.all(Shadowed, SHADOWED.page(found, page), {"connection": connection, **page.parameters})


def kept(tx: ReadTx, *, ids: Sequence[int]) -> list[Shadowed]:
    """These deliveries, of those that are kept, oldest first."""
    return tx.all(
        Shadowed,
        """
        SELECT d.id, d.subscriber, d.stream, d.key, e.type AS event_type, d.would_send, e.occurred_at, e.data
          FROM deliveries d JOIN events e ON e.position = d.event_position
         WHERE d.state = 4 AND d.id = ANY(%s) ORDER BY d.id
        """,
        (list(ids),),
    )


@dataclass(frozen=True, slots=True)
class KeptCall:
    """A delivery whose call was not made, and the subscriber that makes it."""

    id: int
    subscriber: str


def kept_subscribers(tx: ReadTx, *, connection: str) -> list[KeptCall]:
    """The calls that a connection in shadow mode did not make, oldest first, without what they would send."""
    return tx.all(
        KeptCall,
        "SELECT id, subscriber FROM deliveries WHERE state = 4 AND shadowed_connection = %s ORDER BY id",
        (connection,),
    )


def count_shadowed(tx: ReadTx) -> dict[str, int]:
    """How many calls each connection in shadow mode did not make."""
    rows = tx.rows(
        "SELECT shadowed_connection, count(*) AS n FROM deliveries WHERE state = 4 GROUP BY shadowed_connection"
    )
    return {str(row["shadowed_connection"]): int(str(row["n"])) for row in rows}


def send_shadowed(tx: WriteTx, *, connection: str, ids: Sequence[int] | None = None) -> list[int]:
    """Make the calls of a connection that is live now, each as if it had just become due: all, or these.

    Returns the ids of the deliveries.
    """
    tx.wake_workers()
    return tx.column(
        int,
        """
        UPDATE deliveries SET state = 0, run_at = now(), connection_id = CASE connection_id WHEN -1 THEN -1 ELSE 0 END, shadowed_connection = NULL, would_send = NULL
         WHERE state = 4 AND shadowed_connection = %(connection)s AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
        RETURNING id
        """,
        {"connection": connection, "ids": None if ids is None else list(ids)},
    )


def drop_shadowed(tx: WriteTx, *, connection: str, ids: Sequence[int] | None = None) -> list[int]:
    """Never make the shadowed calls of a connection: all, or these; their events stay. Returns the ids of the deliveries."""
    return tx.column(
        int,
        """
        DELETE FROM deliveries
         WHERE state = 4 AND shadowed_connection = %(connection)s AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
        RETURNING id
        """,
        {"connection": connection, "ids": None if ids is None else list(ids)},
    )
