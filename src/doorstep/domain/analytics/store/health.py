"""SQL of the connections page: how every account fares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """A connection with what came from it and what stopped."""

    id: int
    key: str
    kind: str
    connector: str
    name: str
    mode: str
    changed_at: datetime
    last_received_at: datetime | None
    received_today: int
    waiting: int
    dead: int


@dataclass(frozen=True, slots=True)
class Failing:
    """A carrier whose labels cannot be bought: how many calls failed since then, and what the last one said."""

    carrier: str
    failures: int
    error: str


def select_failing_carriers(tx: ReadTx, *, since: datetime, at_least: int) -> list[Failing]:
    """Carriers that answered none of that many calls since then; an answer that refuses is an answer."""
    return tx.all(
        Failing,
        """
        SELECT c.key AS carrier, sum(CASE WHEN d.first_failed_at > %(since)s THEN d.attempts ELSE 1 END) AS failures,
               (array_agg(d.error ORDER BY d.last_failed_at DESC))[1] AS error
          FROM deliveries d JOIN events e ON e.position = d.event_position
          JOIN shipments s ON s.id = (e.data->>'shipment_id')::bigint JOIN connections c ON c.id = s.connection_id
         WHERE d.subscriber = 'shipping.buy_label' AND d.last_failed_at > %(since)s AND d.error_class IN ('transient', 'auth')
           AND NOT EXISTS (SELECT 1 FROM shipments p WHERE p.connection_id = c.id AND p.purchased_at > %(since)s)
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
         WHERE EXISTS (SELECT 1 FROM shipments s JOIN connections c ON c.id = s.connection_id
                        WHERE c.key = g.carrier AND s.purchased_at > g.since_at) ORDER BY 1
        """,
        (list(since), list(since.values())),
    )


def select_connections(tx: ReadTx, *, since: datetime) -> list[ConnectionHealth]:
    """Every connection, by kind and key; its messages are counted since an instant."""
    return tx.all(
        ConnectionHealth,
        """
        SELECT c.id, c.key, c.kind, c.connector_id AS connector, c.name, c.mode, c.changed_at,
               (SELECT max(i.received_at) FROM inbox i WHERE i.connection_id = c.id) AS last_received_at,
               (SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.received_at > %s)
                   AS received_today,
               (SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.state = 0) AS waiting,
               (SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.state = 3) AS dead
          FROM connections c ORDER BY c.kind, c.key
        """,
        (since,),
    )
