"""SQL of exports: counters, movements and rules as CSV, streamed from the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from doorstep.kernel.db import ReadTx


def copy_stock(tx: ReadTx, *, location_id: int | None) -> Iterator[bytes]:
    """Stock on hand, as a file that can be imported again; the other columns are for people."""
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
    """The ledger, oldest movement first."""
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


def copy_rules(tx: ReadTx) -> Iterator[bytes]:
    """Availability rules, as a file that can be imported again; oldest first, because the newer of two equal rules applies."""
    return tx.copy_out(
        """
        COPY (SELECT kind, name, value, array_to_string(skus, ';') AS skus, array_to_string(styles, ';') AS styles,
                     array_to_string(categories, ';') AS categories, array_to_string(locations, ';') AS locations,
                     array_to_string(location_kinds, ';') AS location_kinds, array_to_string(channels, ';') AS channels,
                     audience, precedence, CASE WHEN active THEN 'yes' ELSE 'no' END AS active, reason
                FROM atp_rules ORDER BY id) TO STDOUT WITH (FORMAT csv, HEADER)
        """,
        {},
    )


def copy_sell_ahead(tx: ReadTx) -> Iterator[bytes]:
    """The SKUs that may be sold ahead, as a file that can be imported again."""
    return tx.copy_out(
        """
        COPY (SELECT sku, mode, quantity_limit, available_from_date, until_date, min_confidence
                FROM sell_ahead ORDER BY sku) TO STDOUT WITH (FORMAT csv, HEADER)
        """,
        {},
    )
