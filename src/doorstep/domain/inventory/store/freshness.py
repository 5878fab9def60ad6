"""SQL of stock sources: the systems that report a location's stock, and their last update."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.inventory.model.freshness import SourceUpdate, StockSource
from doorstep.kernel.db import ReadTx, WriteTx


def upsert_sources(tx: WriteTx, sources: Sequence[StockSource]) -> None:
    """Create sources, or change the age at which they are overdue; the last update stays."""
    tx.execute(
        """
        INSERT INTO stock_sources (location_id, name, max_age_seconds)
        SELECT * FROM unnest(%s::bigint[], %s::text[], %s::bigint[])
        ON CONFLICT (location_id, name) DO UPDATE SET max_age_seconds = excluded.max_age_seconds
        """,
        (
            [each.location_id for each in sources],
            [each.name for each in sources],
            [each.max_age_seconds for each in sources],
        ),
    )


def delete_source(tx: WriteTx, *, location_id: int, name: str) -> int:
    """Delete a source; returns the number of rows."""
    return tx.execute("DELETE FROM stock_sources WHERE (location_id, name) = (%s, %s)", (location_id, name))


def mark_updated(tx: WriteTx, updates: Sequence[SourceUpdate]) -> int:
    """Record updates; an older one never replaces a newer one. Locks in key order; returns how many sources are known."""
    return tx.execute(
        """
        WITH newest AS (
            SELECT location_id, name, max(at) AS at FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[])
                   AS w(location_id, name, at) GROUP BY location_id, name
        ), locked AS (
            SELECT s.location_id, s.name, n.at FROM stock_sources s JOIN newest n USING (location_id, name)
             ORDER BY s.location_id, s.name FOR NO KEY UPDATE OF s
        )
        UPDATE stock_sources s SET last_message_at = greatest(s.last_message_at, l.at)
          FROM locked l WHERE (s.location_id, s.name) = (l.location_id, l.name)
        """,
        (
            [each.location_id for each in updates],
            [each.name for each in updates],
            [each.at for each in updates],
        ),
    )


def select_sources(tx: ReadTx) -> list[StockSource]:
    """Every source."""
    return tx.all(
        StockSource,
        "SELECT location_id, name, max_age_seconds, last_message_at AS last_update_at FROM stock_sources ORDER BY location_id, name",
    )
