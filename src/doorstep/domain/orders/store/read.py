"""SQL that reads orders, for checks, routing, parcels and messages."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.orders.model import Address, Handling, OrderSnapshot, SnapshotLine, SnapshotPayment
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import Sku
from doorstep.kernel.message import Message


@dataclass(frozen=True, slots=True)
class Header:
    """An order without its lines and addresses."""

    id: int
    connection_id: int
    channel: str
    external_id: str
    number: str
    version_at: datetime
    placed_at: datetime
    currency: str
    total_minor: int
    shipping_minor: int
    tax_minor: int
    tip_minor: int
    tax_included: bool
    payment_gateway: str
    payment_method: str
    is_paid: bool
    on_delivery: bool
    customer_external_id: str
    shipping_method: str
    source: str
    note: str
    tags: list[str]
    approved_at: datetime | None
    canceled_at: datetime | None
    completed_at: datetime | None
    priority: int
    promised_at: datetime | None
    ship_after: datetime | None
    channel_ship_by: datetime | None
    origin: str
    pickup: str
    handling: Handling
    queue: str
    queue_reason: Message
    queued_at: datetime | None
    tries: int
    auto_cancel_at: datetime | None


_HEADER = """o.id, o.connection_id, c.key AS channel, o.external_id, o.number, o.version_at, o.placed_at, o.currency,
    o.total_minor, o.shipping_minor, o.tax_minor, o.tip_minor, o.tax_included, o.payment_gateway, o.payment_method,
    o.is_paid, o.on_delivery, o.customer_external_id, o.shipping_method, o.source, o.note, o.tags, o.approved_at,
    o.canceled_at, o.completed_at, o.priority, o.promised_at, o.ship_after, o.channel_ship_by, o.origin, o.pickup, o.handling,
    coalesce(r.queue, '') AS queue, coalesce(r.queue_reason, '""') AS queue_reason, r.queued_at,
    coalesce(r.tries, 0) AS tries, r.auto_cancel_at"""


def select_headers(tx: ReadTx, *, order_ids: Sequence[int]) -> list[Header]:
    """Orders by id."""
    return tx.all(
        Header,
        f"""
        SELECT {_HEADER} FROM orders o JOIN connections c ON c.id = o.connection_id
          LEFT JOIN order_routing r ON r.order_id = o.id WHERE o.id = ANY(%s) ORDER BY o.id
        """,
        (list(order_ids),),
    )


def select_connection_ids(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[int, int]:
    """The sales channel of each of these orders."""
    rows = tx.rows("SELECT id, connection_id FROM orders WHERE id = ANY(%s)", (list(order_ids),))
    return {int(str(row["id"])): int(str(row["connection_id"])) for row in rows}


def select_ids(tx: ReadTx, *, external_id: str, connection_id: int | None) -> list[int]:
    """Orders with this channel id (of one channel, or any), at most two; channels may use the same ids."""
    return tx.column(
        int,
        """
        SELECT id FROM orders WHERE external_id = %s AND (%s::bigint IS NULL OR connection_id = %s) ORDER BY id LIMIT 2
        """,
        (external_id, connection_id, connection_id),
    )


def select_ids_of(tx: ReadTx, *, external_ids: Sequence[str]) -> list[int]:
    """Ids of the orders that any channel knows by one of these ids: an index look-up per channel and id."""
    return tx.column(
        int,
        """
        SELECT o.id FROM connections c CROSS JOIN unnest(%s::text[]) AS k(external_id) CROSS JOIN LATERAL (
               SELECT id FROM orders WHERE (connection_id, external_id) = (c.id, k.external_id) OFFSET 0) o
         WHERE c.kind = 'channels'
        """,
        (list(external_ids),),
    )


def select_by_external_id(tx: ReadTx, *, connection_id: int, external_ids: Sequence[str]) -> dict[str, int]:
    """Ids of a channel's orders, by the channel's ids."""
    rows = tx.rows(
        "SELECT external_id, id FROM orders WHERE connection_id = %s AND external_id = ANY(%s)",
        (connection_id, list(external_ids)),
    )
    return {str(row["external_id"]): int(str(row["id"])) for row in rows}


@dataclass(frozen=True, slots=True)
class StoredLine:
    """A line with its counters."""

    order_id: int
    line_no: int
    external_line_id: str
    sku: Sku
    title: str
    quantity: int
    unit_price_minor: int
    discount_minor: int
    tax_minor: int
    requires_shipping: bool
    allocated: int
    picked: int
    packed: int
    shipped: int
    delivered: int
    canceled: int
    return_requested: int
    returned: int


def select_lines(tx: ReadTx, *, order_ids: Sequence[int]) -> list[StoredLine]:
    """All lines of these orders."""
    return tx.all(
        StoredLine,
        """
        SELECT order_id, line_no, external_line_id, sku, title, quantity, unit_price_minor, discount_minor, tax_minor,
               requires_shipping, allocated, picked, packed, shipped, delivered, canceled, return_requested, returned
          FROM order_lines WHERE order_id = ANY(%s) ORDER BY order_id, line_no
        """,
        (list(order_ids),),
    )


@dataclass(frozen=True, slots=True)
class _PlacedAddress:
    order_id: int
    kind: str
    address: Address


def select_addresses(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[tuple[int, str], Address]:
    """Addresses by (order id, kind)."""
    rows = tx.all(
        _PlacedAddress,
        """
        SELECT order_id, kind, jsonb_build_object('name', name, 'phone', phone, 'email', email, 'company', company,
               'line1', line1, 'line2', line2, 'city', city, 'state', state, 'state_code', state_code,
               'postal_code', postal_code, 'country', country, 'latitude', latitude, 'longitude', longitude) AS address
          FROM order_addresses WHERE order_id = ANY(%s)
        """,
        (list(order_ids),),
    )
    return {(row.order_id, row.kind): row.address for row in rows}


def select_latest_of_phone(tx: ReadTx, *, phones: Sequence[str]) -> int:
    """The latest order with one of these phone numbers, as written; 0 if there is none."""
    return tx.value(
        int, "SELECT coalesce(max(order_id), 0) FROM order_addresses WHERE phone = ANY(%s)", (list(phones),)
    )


def snapshot(
    header: Header, lines: Sequence[StoredLine], addresses: dict[tuple[int, str], Address]
) -> OrderSnapshot:
    """A stored order in the shape of a snapshot, so that one set of checks serves both."""
    return OrderSnapshot(
        external_id=header.external_id,
        number=header.number,
        version_at=header.version_at,
        placed_at=header.placed_at,
        currency=header.currency,
        lines=tuple(_snapshot_line(line) for line in lines),
        total_minor=header.total_minor,
        shipping_minor=header.shipping_minor,
        tax_minor=header.tax_minor,
        tip_minor=header.tip_minor,
        tax_included=header.tax_included,
        payment=SnapshotPayment(
            gateway=header.payment_gateway,
            method=header.payment_method,
            is_paid=header.is_paid,
            on_delivery=header.on_delivery,
        ),
        shipping_address=addresses.get((header.id, "shipping")),
        billing_address=addresses.get((header.id, "billing")),
        customer_external_id=header.customer_external_id,
        shipping_method=header.shipping_method,
        source=header.source,
        note=header.note,
        tags=tuple(header.tags),
        canceled_at=header.canceled_at,
        priority=header.priority,
        promised_at=header.promised_at,
        ship_after=header.ship_after,
        ship_by=header.channel_ship_by,
        origin=header.origin,
        pickup=header.pickup,
        handling=header.handling,
    )


def _snapshot_line(line: StoredLine) -> SnapshotLine:
    return SnapshotLine(
        external_line_id=line.external_line_id,
        sku=line.sku,
        title=line.title,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        discount_minor=line.discount_minor,
        tax_minor=line.tax_minor,
        requires_shipping=line.requires_shipping,
    )


def select_accepted(
    tx: ReadTx, *, since: datetime, until: datetime, limit: int
) -> list[tuple[int, datetime]]:
    """Orders captured within a window and not canceled, with their time, oldest first."""
    rows = tx.all(
        _Accepted,
        """
        SELECT id, accepted_at FROM orders WHERE accepted_at > %s AND accepted_at <= %s AND canceled_at IS NULL
         ORDER BY accepted_at, id LIMIT %s
        """,
        (since, until, limit),
    )
    return [(row.id, row.accepted_at) for row in rows]


@dataclass(frozen=True, slots=True)
class _Accepted:
    id: int
    accepted_at: datetime


def select_recent(tx: ReadTx, *, since: datetime, limit: int) -> list[int]:
    """Orders placed since then and not canceled, newest first."""
    return tx.column(
        int,
        """
        SELECT id FROM orders WHERE placed_at >= %s AND canceled_at IS NULL ORDER BY placed_at DESC, id DESC LIMIT %s
        """,
        (since, limit),
    )


@dataclass(frozen=True, slots=True)
class _Numbered:
    id: int
    number: str


def select_channels(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[int, str]:
    """The keys of these orders' sales channels."""
    rows = tx.rows(
        "SELECT o.id, c.key FROM orders o JOIN connections c ON c.id = o.connection_id WHERE o.id = ANY(%s)",
        (list(order_ids),),
    )
    return {int(str(row["id"])): str(row["key"]) for row in rows}


def select_numbers(tx: ReadTx, *, order_ids: Sequence[int]) -> dict[int, str]:
    """The numbers of these orders."""
    rows = tx.all(_Numbered, "SELECT id, number FROM orders WHERE id = ANY(%s)", (list(order_ids),))
    return {row.id: row.number for row in rows}
