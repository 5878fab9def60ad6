"""SQL of connections, and how their calls fare."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from psycopg.types.json import Jsonb

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
    serves: dict[str, list[str]] = field(default_factory=dict)


def select_connections(tx: ReadTx) -> list[ConnectionRow]:
    """All connections, by key."""
    return tx.all(
        ConnectionRow,
        "SELECT id, key, kind, connector_id, name, mode, settings, secrets, changed_at, serves FROM connections ORDER BY key",
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


def update_serves(tx: WriteTx, *, key: str, serves: Mapping[str, Sequence[str]]) -> int:
    """Limit a connection to these channels or legal entities; returns how many have that key."""
    limits = {name: list(values) for name, values in serves.items() if values}
    return tx.execute(
        "UPDATE connections SET serves = %s, changed_at = clock_timestamp() WHERE key = %s",
        (Jsonb(limits), key),
    )


@dataclass(frozen=True, slots=True)
class FormerSecrets:
    """The secrets that a connection had before, sealed; webhooks signed with them are taken until `good_until`."""

    connection_id: int
    sealed: bytes
    good_until: datetime


def upsert_former(tx: WriteTx, *, connection_id: int, sealed: bytes, good_for: timedelta) -> None:
    """Keep former secrets of a connection, instead of those before."""
    tx.execute(
        """
        INSERT INTO former_secrets (connection_id, sealed, good_until) VALUES (%s, %s, business_now() + %s)
        ON CONFLICT (connection_id) DO UPDATE SET sealed = excluded.sealed, good_until = excluded.good_until
        """,
        (connection_id, sealed, good_for),
    )


def select_former(tx: ReadTx) -> list[FormerSecrets]:
    """Former secrets that still count."""
    return tx.all(
        FormerSecrets,
        "SELECT connection_id, sealed, good_until FROM former_secrets WHERE good_until > business_now()",
    )


def update_refused_tokens(tx: WriteTx, *, connection_id: int) -> None:
    """Ask the vendor again where it refused a token."""
    tx.execute("UPDATE connection_tokens SET error = NULL WHERE connection_id = %s", (connection_id,))


def delete_tokens(tx: WriteTx, *, connection_id: int) -> None:
    """Forget tokens that the settings gave; one for which a person signed in stays, and is tried again."""
    tx.execute("DELETE FROM connection_tokens WHERE connection_id = %s AND NOT by_person", (connection_id,))
    update_refused_tokens(tx, connection_id=connection_id)


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
