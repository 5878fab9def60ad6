"""SQL of the order list: one keyset page, its filters, and the counts of saved views."""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import LiteralString

from doorstep.domain.analytics.model import OrderView
from doorstep.domain.orders.model import Counters
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import by_money

# The ship-by of a fulfillment order `f` at its location `l`: the earliest of the channel's date, calendar and cut-off.
SHIP_BY: LiteralString = """
    ship_by(f.leaves_at, f.created_at, l.cut_off, l.timezone,
            (SELECT m.channel_ship_by FROM orders m WHERE m.id = f.order_id))
"""
_LIVE: LiteralString = "f.state IN ('open', 'accepted', 'picked', 'packed')"

_HELD: LiteralString = (
    "EXISTS (SELECT 1 FROM order_holds h WHERE h.order_id = o.id AND h.released_at IS NULL)"
)

_VIEWS: dict[OrderView, LiteralString] = {
    OrderView.ALL: "true",
    OrderView.ATTENTION: """
        (EXISTS (SELECT 1 FROM order_holds h WHERE h.order_id = o.id AND h.released_at IS NULL AND h.reason <> 'unpaid')
         OR EXISTS (SELECT 1 FROM order_routing r WHERE r.order_id = o.id AND r.is_short)
         OR EXISTS (SELECT 1 FROM shipments s JOIN label_purchases b ON b.parcel_id = s.parcel_id
                     WHERE s.order_id = o.id AND b.state IN ('failed', 'in_doubt'))
         OR EXISTS (SELECT 1 FROM refunds r WHERE r.order_id = o.id AND r.state IN ('failed', 'in_doubt'))
         OR EXISTS (SELECT 1 FROM messages m WHERE m.order_id = o.id AND m.state IN ('failed', 'in_doubt')
                       AND (m.medium = 'email' OR m.state = 'in_doubt'))
         OR EXISTS (SELECT 1 FROM customer_texts w WHERE w.order_id = o.id AND w.handled_at IS NULL)
         OR EXISTS (SELECT 1 FROM invoices i WHERE i.order_id = o.id AND i.state = 'failed'))
    """,
    OrderView.HELD: _HELD,
    # A held order is not routed before its release: it counts as held alone.
    OrderView.UNALLOCATED: f"""
        (o.canceled_at IS NULL AND o.completed_at IS NULL AND NOT {_HELD}
         AND EXISTS (SELECT 1 FROM order_lines n WHERE n.order_id = o.id AND n.allocated + n.canceled < n.quantity))
    """,
    OrderView.IN_FULFILLMENT: f"EXISTS (SELECT 1 FROM fulfillment_orders f WHERE f.order_id = o.id AND {_LIVE})",
    OrderView.LATE: f"""
        EXISTS (SELECT 1 FROM fulfillment_orders f JOIN locations l ON l.id = f.location_id
                 WHERE f.order_id = o.id AND {_LIVE} AND {SHIP_BY} < %(now)s)
    """,
    OrderView.RETURNS: "EXISTS (SELECT 1 FROM returns t WHERE t.order_id = o.id)",
}

_AT_LOCATION: LiteralString = """
    (%(location)s::bigint IS NULL
     OR EXISTS (SELECT 1 FROM fulfillment_orders f WHERE f.order_id = o.id AND f.location_id = %(location)s)
     OR EXISTS (SELECT 1 FROM returns t WHERE t.order_id = o.id AND t.location_id = %(location)s))
"""

_FOUND: LiteralString = """
    (%(text)s = '' OR o.id IN (
        SELECT n.id FROM orders n WHERE lower(n.number) IN (%(text)s, '#' || %(text)s) OR lower(n.number) LIKE %(starts)s
        UNION SELECT a.order_id FROM order_addresses a
               WHERE lower(a.name) LIKE %(starts)s OR lower(a.name) LIKE %(word)s OR lower(a.email) LIKE %(starts)s
                  OR %(digits)s <> '' AND regexp_replace(a.phone, '[^0-9]', '', 'g') LIKE %(digits)s
        UNION SELECT n.order_id FROM order_lines n WHERE n.sku = upper(%(text)s)
        UNION SELECT s.order_id FROM label_purchases b JOIN shipments s ON s.parcel_id = b.parcel_id
               WHERE b.tracking_number = upper(%(text)s) AND b.tracking_number <> ''))
"""


class OrderSort(StrEnum):
    """The sort keys of the list."""

    PLACED = "placed"
    TOTAL = "total"
    SHIP_BY = "ship_by"


# Every key has a value for every order, so that keyset pages neither skip nor repeat one.
_SORT_KEYS: dict[OrderSort, tuple[LiteralString, LiteralString]] = {
    OrderSort.PLACED: ("o.placed_at", "timestamptz"),
    OrderSort.TOTAL: (by_money("o.currency", "o.total_minor"), "text"),
    OrderSort.SHIP_BY: (
        f"""coalesce((SELECT min({SHIP_BY}) FROM fulfillment_orders f JOIN locations l ON l.id = f.location_id
                       WHERE f.order_id = o.id AND {_LIVE}), 'infinity')""",
        "timestamptz",
    ),
}


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """A filter of orders. `location_id` is a filter and, for location staff, also the limit of access."""

    view: OrderView = OrderView.ALL
    text: str = ""
    channel: str = ""
    location_id: int | None = None
    payment: str = ""
    queue: str = ""
    sort: OrderSort = OrderSort.PLACED
    is_ascending: bool = False
    after: tuple[str, int] | None = None
    limit: int = 50


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """A row of the order list."""

    id: int
    number: str
    channel: str
    connector: str
    placed_at: datetime
    customer: str
    city: str
    currency: str
    total_minor: int
    is_paid: bool
    on_delivery: bool
    is_short: bool
    counters: Counters
    holds: tuple[str, ...]
    locations: tuple[str, ...]
    ship_by: datetime | None
    refunded_minor: int
    sort_key: str = ""


def _parameters(wanted: OrderFilter, now: datetime) -> dict[str, object]:
    text = wanted.text.strip().lower()
    safe = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    digits = (
        "".join(each for each in text if each in string.digits) if set(text) <= set("+0123456789 -()") else ""
    )
    return {
        "text": text,
        "starts": f"{safe}%",
        "word": f"% {safe}%",
        "digits": f"%{digits}" if len(digits) >= 6 else "",  # noqa: PLR2004 - fewer digits are an order number
        "channel": wanted.channel,
        "location": wanted.location_id,
        "payment": wanted.payment,
        "queue": wanted.queue,
        "after_key": wanted.after[0] if wanted.after else None,
        "after_id": wanted.after[1] if wanted.after else 0,
        "limit": wanted.limit,
        "now": now,
    }


def select_page(tx: ReadTx, wanted: OrderFilter, *, now: datetime) -> list[OrderSummary]:
    """Select matching orders, by the sort key and then by id, after the keyset of the page before."""
    key, kind = _SORT_KEYS[wanted.sort]
    way, beyond = ("ASC", ">") if wanted.is_ascending else ("DESC", "<")
    return tx.all(
        OrderSummary,
        f"""
        WITH page AS (
            SELECT o.*, {key} AS sort_key FROM orders o JOIN connections c ON c.id = o.connection_id
             WHERE {_VIEWS[wanted.view]} AND {_AT_LOCATION} AND {_FOUND}
               AND (%(channel)s = '' OR c.key = %(channel)s)
               AND (%(queue)s = '' OR o.id IN (SELECT r.order_id FROM order_routing r WHERE r.queue = %(queue)s))
               AND (%(payment)s = '' OR %(payment)s = CASE WHEN o.on_delivery THEN 'on_delivery'
                                                           WHEN o.is_paid THEN 'paid' ELSE 'unpaid' END)
               AND (%(after_key)s::text IS NULL OR ({key}, o.id) {beyond} (%(after_key)s::{kind}, %(after_id)s))
             ORDER BY {key} {way}, o.id {way} LIMIT %(limit)s
        )
        SELECT o.id, o.number, c.key AS channel, c.connector_id AS connector, o.placed_at,
               coalesce(a.name, '') AS customer, coalesce(a.city, '') AS city, o.currency, o.total_minor, o.is_paid,
               o.on_delivery, coalesce(r.is_short, false) AS is_short, lines.counters, holds.reasons AS holds, work.locations, work.ship_by,
               (SELECT coalesce(sum(p.refunded_minor), 0)::bigint FROM payments p WHERE p.order_id = o.id) AS refunded_minor,
               o.sort_key::text AS sort_key
          FROM page o JOIN connections c ON c.id = o.connection_id
          LEFT JOIN order_routing r ON r.order_id = o.id
          LEFT JOIN order_addresses a ON a.order_id = o.id AND a.kind = 'shipping'
          CROSS JOIN LATERAL (
               SELECT jsonb_build_object('ordered', coalesce(sum(quantity), 0), 'allocated', coalesce(sum(allocated), 0),
                      'picked', coalesce(sum(picked), 0), 'packed', coalesce(sum(packed), 0),
                      'shipped', coalesce(sum(shipped), 0), 'delivered', coalesce(sum(delivered), 0),
                      'canceled', coalesce(sum(canceled), 0), 'returned', coalesce(sum(returned), 0)) AS counters
                 FROM order_lines WHERE order_id = o.id) lines
          CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(reason ORDER BY id), '{{}}') AS reasons FROM order_holds
                WHERE order_id = o.id AND released_at IS NULL) holds
          CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(DISTINCT l.name) FILTER (WHERE f.state NOT IN ('rejected', 'canceled')), '{{}}')
                      AS locations, min({SHIP_BY}) FILTER (WHERE {_LIVE}) AS ship_by
                 FROM fulfillment_orders f JOIN locations l ON l.id = f.location_id WHERE f.order_id = o.id) work
         ORDER BY o.sort_key {way}, o.id {way}
        """,
        _parameters(wanted, now),
    )


def count_view(tx: ReadTx, view: OrderView, *, location_id: int | None, now: datetime) -> int:
    """Count the orders of a saved view, up to 1000."""
    return tx.value(
        int,
        f"SELECT count(*) FROM (SELECT 1 FROM orders o WHERE {_VIEWS[view]} AND {_AT_LOCATION} LIMIT 1000) seen",
        {"location": location_id, "now": now},
    )


def sum_view(
    tx: ReadTx, view: OrderView, *, location_id: int | None, now: datetime
) -> list[dict[str, object]]:
    """Sum the value of a saved view's orders, by currency."""
    return tx.rows(
        f"""
        SELECT o.currency, sum(o.total_minor)::bigint AS minor FROM orders o
         WHERE {_VIEWS[view]} AND {_AT_LOCATION} GROUP BY o.currency ORDER BY 2 DESC
        """,
        {"location": location_id, "now": now},
    )


def select_channels(tx: ReadTx) -> dict[str, str]:
    """Select the keys and names of sales channel connections."""
    rows = tx.rows(
        "SELECT key, coalesce(nullif(name, ''), key) AS name FROM connections WHERE kind = 'channels' ORDER BY key"
    )
    return {str(row["key"]): str(row["name"]) for row in rows}


def select_location_names(tx: ReadTx) -> dict[str, str]:
    """Select the names of locations by code."""
    return {str(row["code"]): str(row["name"]) for row in tx.rows("SELECT code, name FROM locations")}


def concerns(tx: ReadTx, *, order_id: int, location_id: int) -> bool:
    """Whether an order has work or a return at a location."""
    return tx.value(
        bool,
        f"SELECT EXISTS (SELECT 1 FROM orders o WHERE o.id = %(order)s AND {_AT_LOCATION})",
        {"order": order_id, "location": location_id},
    )
