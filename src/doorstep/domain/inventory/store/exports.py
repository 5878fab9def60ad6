"""SQL of files that go out: counters and movements as CSV, straight from the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from doorstep.kernel.db import ReadTx


def copy_stock(tx: ReadTx, *, location_id: int | None) -> Iterator[bytes]:
    """What lies on shelves, as a stock file that can be brought in again; the further columns are for people."""
    return tx.copy_out(
        """
        COPY (SELECT s.sku, l.code AS location, s.on_hand AS quantity, s.condition, s.reserved, s.incoming, s.missing,
                     s.confirmed_at
                FROM stock s JOIN locations l ON l.id = s.location_id
               WHERE s.condition <> 'in_transit' AND (%(location)s::bigint IS NULL OR s.location_id = %(location)s)
               ORDER BY s.sku, l.code, s.condition) TO STDOUT WITH (FORMAT csv, HEADER)
        """,
        {"location": location_id},
    )


def copy_movements(
    tx: ReadTx, *, since: datetime | None, until: datetime | None, location_id: int | None
) -> Iterator[bytes]:
    """The ledger, oldest line first."""
    return tx.copy_out(
        """
        COPY (SELECT m.id, m.occurred_at, m.type, m.sku, l.code AS location, m.condition, m.on_hand_change,
                     m.reserved_change, m.incoming_change, m.cause, m.reason, m.order_id, m.reverses, m.actor, m.recorded_at
                FROM stock_movements m JOIN locations l ON l.id = m.location_id
               WHERE (%(since)s::timestamptz IS NULL OR m.occurred_at >= %(since)s)
                 AND (%(until)s::timestamptz IS NULL OR m.occurred_at < %(until)s)
                 AND (%(location)s::bigint IS NULL OR m.location_id = %(location)s)
               ORDER BY m.id) TO STDOUT WITH (FORMAT csv, HEADER)
        """,
        {"since": since, "until": until, "location": location_id},
    )
