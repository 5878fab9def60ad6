"""SQL of the connections page: the health of every account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class ConnectionHealth:
    """A connection with its message counts and failures."""

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
    pending: int
    pending_since: datetime | None


def select_connections(tx: ReadTx, *, since: datetime) -> list[ConnectionHealth]:
    """Select every connection, by kind and key; messages are counted since an instant."""
    return tx.all(
        ConnectionHealth,
        """
        SELECT c.id, c.key, c.kind, c.connector_id AS connector, c.name, c.mode, c.changed_at,
               (SELECT max(i.received_at) FROM inbox i WHERE i.connection_id = c.id) AS last_received_at,
               (SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.received_at > %s)
                   AS received_today,
               (SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.state = 0) AS waiting,
               (SELECT count(*) FROM inbox i WHERE i.connection_id = c.id AND i.state = 3) AS dead,
               coalesce(p.pending, 0) AS pending, p.pending_since
          FROM connections c LEFT JOIN (
               SELECT connection_id, count(*) AS pending, min(pending_since) AS pending_since FROM deliveries
                WHERE pending_since IS NOT NULL AND state IN (0, 1) GROUP BY connection_id) p ON p.connection_id = c.id
         ORDER BY c.kind, c.key
        """,
        (since,),
    )
