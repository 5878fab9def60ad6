"""SQL of the order page: everything that belongs to one order, one statement per section."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from doorstep.domain.analytics.store.orders import SHIP_BY
from doorstep.domain.fulfillment.model import State, WorkLine
from doorstep.domain.invoicing.model import DocumentState
from doorstep.domain.orders.model import Address, Counters, Handling
from doorstep.domain.payments.model import PaymentStatus, RefundState
from doorstep.domain.returns.model import RefundProgress, ReturnLocation
from doorstep.domain.shipping.model import Direction, LabelState, Scan, TrackingStatus
from doorstep.kernel.db import ReadTx
from doorstep.kernel.message import Message as Sentence


@dataclass(frozen=True, slots=True)
class Header:
    """The order itself."""

    id: int
    number: str
    external_id: str
    handling: Handling
    channel: str
    connector: str
    channel_name: str
    placed_at: datetime
    currency: str
    total_minor: int
    shipping_minor: int
    tax_minor: int
    tip_minor: int
    tax_included: bool
    is_paid: bool
    on_delivery: bool
    payment_gateway: str
    payment_method: str
    shipping_method: str
    source: str
    note: str
    tags: tuple[str, ...]
    due: str | None
    is_short: bool
    canceled_at: datetime | None
    completed_at: datetime | None
    trace_id: str
    promised_at: datetime | None
    pickup: str
    queue: str
    queue_reason: Sentence
    queued_at: datetime | None
    due_at: datetime | None
    wakes_on_stock: bool
    tries: int
    auto_cancel_at: datetime | None


def select_header(tx: ReadTx, *, order_id: int) -> Header | None:
    """Select the order, or None."""
    return tx.one(
        Header,
        """
        SELECT o.id, o.number, o.external_id, o.handling, c.key AS channel, c.connector_id AS connector, c.name AS channel_name,
               o.placed_at, o.currency, o.total_minor, o.shipping_minor, o.tax_minor, o.tip_minor, o.tax_included,
               o.is_paid, o.on_delivery, o.payment_gateway, o.payment_method, o.shipping_method, o.source, o.note,
               o.tags, o.canceled_at, o.completed_at, o.trace_id, o.promised_at, o.pickup, r.due, r.due_at,
               coalesce(r.is_short, false) AS is_short, coalesce(r.queue, '') AS queue,
               coalesce(r.queue_reason, '""') AS queue_reason, r.queued_at, coalesce(r.wakes_on_stock, false) AS wakes_on_stock,
               coalesce(r.tries, 0) AS tries, r.auto_cancel_at
          FROM orders o JOIN connections c ON c.id = o.connection_id
          LEFT JOIN order_routing r ON r.order_id = o.id WHERE o.id = %s
        """,
        (order_id,),
    )


# The title of an order line `n`; without one of its own, the title of its SKU `k` in the catalog.
TITLE: LiteralString = "coalesce(nullif(nullif(n.title, ''), n.sku), nullif(k.title, ''), n.sku)"


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line with its counters; amounts in minor units, discount and tax for the whole line."""

    line_no: int
    sku: str
    title: str
    color: str
    size: str
    unit_price_minor: int
    discount_minor: int
    tax_minor: int
    counters: Counters
    return_requested: int


def select_lines(tx: ReadTx, *, order_id: int) -> list[LineRow]:
    """Select the order's lines in the channel's sequence."""
    return tx.all(
        LineRow,
        f"""
        SELECT n.line_no, n.sku, {TITLE} AS title, coalesce(k.color, '') AS color, coalesce(k.size, '') AS size,
               n.unit_price_minor, n.discount_minor, n.tax_minor, n.return_requested,
               jsonb_build_object('ordered', n.quantity, 'allocated', n.allocated, 'picked', n.picked,
                                  'packed', n.packed, 'shipped', n.shipped, 'delivered', n.delivered,
                                  'canceled', n.canceled, 'returned', n.returned) AS counters
          FROM order_lines n LEFT JOIN skus k USING (sku) WHERE n.order_id = %s ORDER BY n.line_no
        """,
        (order_id,),
    )


@dataclass(frozen=True, slots=True)
class PlacedAddress:
    """An address and its purpose: shipping or billing."""

    kind: str
    address: Address


def select_addresses(tx: ReadTx, *, order_id: int) -> list[PlacedAddress]:
    """Select the shipping and billing addresses."""
    return tx.all(
        PlacedAddress,
        "SELECT kind, to_jsonb(a) - 'order_id' - 'kind' AS address FROM order_addresses a WHERE order_id = %s",
        (order_id,),
    )


@dataclass(frozen=True, slots=True)
class WorkLocation:
    """A location as the page shows it."""

    id: int
    code: str
    name: str
    kind: str
    city: str
    latitude: float
    longitude: float
    timezone: str
    carrier: str


@dataclass(frozen=True, slots=True)
class Work:
    """A fulfillment order with its location and dates."""

    id: int
    location: WorkLocation
    state: State
    version: int
    decision_id: int | None
    reject_reason: str | None
    reject_note: str | None
    created_at: datetime
    accepted_at: datetime | None
    picked_at: datetime | None
    packed_at: datetime | None
    shipped_at: datetime | None
    ship_by: datetime
    release_after: datetime | None
    released_at: datetime | None
    leaves_at: datetime | None
    held_back: bool
    lines: tuple[WorkLine, ...]


LOCATION = """
    jsonb_build_object('id', l.id, 'code', l.code, 'name', l.name, 'kind', l.kind, 'city', l.city,
                       'latitude', l.latitude, 'longitude', l.longitude, 'timezone', l.timezone,
                       'carrier', l.carrier) AS location
"""


def select_work(tx: ReadTx, *, order_id: int) -> list[Work]:
    """Select the order's fulfillment orders, rejected and canceled ones included, oldest first."""
    return tx.all(
        Work,
        f"""
        SELECT f.id, {LOCATION}, f.state, f.version, f.decision_id, f.reject_reason, f.reject_note, f.created_at,
               f.accepted_at, f.picked_at, f.packed_at, f.shipped_at, {SHIP_BY} AS ship_by, f.release_after, f.released_at,
               f.leaves_at, f.held_back,
               (SELECT jsonb_agg(jsonb_build_object('line_no', w.line_no, 'sku', w.sku, 'quantity', w.quantity,
                                                    'picked', w.picked, 'packed', w.packed) ORDER BY w.line_no)
                  FROM fulfillment_lines w WHERE w.fulfillment_order_id = f.id) AS lines
          FROM fulfillment_orders f JOIN locations l ON l.id = f.location_id WHERE f.order_id = %s ORDER BY f.id
        """,
        (order_id,),
    )


@dataclass(frozen=True, slots=True)
class ParcelLine:
    """Units of an order line in a parcel."""

    line_no: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a parcel has of the order, with the parcel's scans and its invoice.

    `reference` is the one that the carrier knows; `shared_with` are the numbers of the other orders in it.
    """

    id: int
    parcel_id: int
    reference: str
    fulfillment_order_id: int | None
    return_id: int | None
    direction: Direction
    location: str
    label_state: LabelState
    has_label: bool
    tracking_number: str
    tracking_url: str
    carrier: str
    service: str
    tracking_status: TrackingStatus
    error: str
    requested_at: datetime
    dispatched_at: datetime | None
    delivered_at: datetime | None
    invoice_number: str
    invoice_state: str
    lines: tuple[ParcelLine, ...]
    shared_with: tuple[str, ...]
    scans: tuple[Scan, ...]


def select_parcels(tx: ReadTx, *, order_id: int) -> list[Parcel]:
    """Select the order's parcels, outbound and return, oldest first; scans newest first."""
    return tx.all(
        Parcel,
        """
        SELECT s.id, s.parcel_id, b.reference, s.fulfillment_order_id, s.return_id, p.direction, l.name AS location,
               b.state AS label_state, EXISTS (SELECT 1 FROM label_documents d WHERE d.label_purchase_id = b.id) AS has_label,
               b.tracking_number, b.tracking_url, b.carrier, b.service, p.tracking_status, b.error, b.requested_at,
               p.dispatched_at, p.delivered_at, coalesce(i.number, '') AS invoice_number,
               coalesce(i.state, '') AS invoice_state,
               (SELECT jsonb_agg(jsonb_build_object('line_no', n.line_no, 'sku', n.sku, 'quantity', n.quantity)
                                 ORDER BY n.line_no) FROM shipment_lines n WHERE n.shipment_id = s.id) AS lines,
               ARRAY(SELECT DISTINCT o.number FROM shipments m JOIN orders o ON o.id = m.order_id
                      WHERE m.parcel_id = p.id AND m.order_id <> s.order_id ORDER BY o.number) AS shared_with,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('at', t.at, 'status', t.status, 'raw_code', t.raw_code,
                       'description', t.description, 'location', t.location) ORDER BY t.at DESC), '[]')
                  FROM tracking_events t WHERE t.parcel_id = p.id) AS scans
          FROM shipments s JOIN parcels p ON p.id = s.parcel_id JOIN locations l ON l.id = p.location_id
          JOIN label_purchases b ON b.parcel_id = p.id AND b.state <> 'voided'
          LEFT JOIN invoices i ON i.shipment_id = s.id AND i.kind = 'invoice'
         WHERE s.order_id = %s ORDER BY s.id
        """,
        (order_id,),
    )


@dataclass(frozen=True, slots=True)
class ReturnLine:
    """Units of a return line, and the result of their inspection."""

    return_line_no: int
    line_no: int
    sku: str
    title: str
    quantity: int
    reason: str
    note: str
    received: int
    grade: str | None
    disposition: str | None
    refund: bool


@dataclass(frozen=True, slots=True)
class CreditNote:
    """A credit note of a return: its number in the ERP once it is issued, or why the ERP rejected it."""

    number: str
    state: DocumentState
    error: str


@dataclass(frozen=True, slots=True)
class ReturnSummary:
    """A return and its status."""

    id: int
    number: str
    reason: str
    location: str
    location_id: int | None
    custody: ReturnLocation
    money: RefundProgress
    created_at: datetime
    received_at: datetime | None
    inspected_at: datetime | None
    refunded_at: datetime | None
    credit_notes: tuple[CreditNote, ...]
    lines: tuple[ReturnLine, ...]


def select_returns(tx: ReadTx, *, order_id: int) -> list[ReturnSummary]:
    """Select the order's returns, oldest first."""
    return tx.all(
        ReturnSummary,
        """
        SELECT t.id, t.number, t.reason, coalesce(l.name, '') AS location, t.location_id, t.custody, t.money, t.created_at,
               t.received_at, t.inspected_at, t.refunded_at, (SELECT coalesce(jsonb_agg(jsonb_build_object('number', i.number, 'state', i.state, 'error', i.error)
                                 ORDER BY i.id), '[]')
                  FROM invoices i WHERE i.return_id = t.id AND i.kind = 'credit_note') AS credit_notes,
               (SELECT jsonb_agg(jsonb_build_object('return_line_no', r.return_line_no, 'line_no', r.line_no, 'sku', r.sku, 'title', n.title,
                       'quantity', r.quantity, 'reason', r.reason, 'note', r.note, 'received', r.received,
                       'grade', r.grade, 'disposition', r.disposition, 'refund', r.refund) ORDER BY r.return_line_no)
                  FROM return_lines r JOIN order_lines n ON (n.order_id, n.line_no) = (r.order_id, r.line_no)
                 WHERE r.return_id = t.id) AS lines
          FROM returns t LEFT JOIN locations l ON l.id = t.location_id
         WHERE t.order_id = %s ORDER BY t.id
        """,
        (order_id,),
    )


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment for the order, captured or expected."""

    id: int
    gateway: str
    external_id: str | None
    status: PaymentStatus
    method: str
    amount_minor: int
    refunded_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund to the customer."""

    id: int
    return_id: int | None
    reference: str
    amount_minor: int
    currency: str
    reason: str
    state: RefundState
    error: str
    requested_at: datetime
    credited_at: datetime | None


@dataclass(frozen=True, slots=True)
class Message:
    """A notification to the customer."""

    id: int
    template: str
    recipient: str
    subject: str
    state: str
    error: str
    requested_at: datetime
    sent_at: datetime | None
    medium: str
    receipt: str
    receipt_at: datetime | None
    receipt_reason: str
    connection: str


@dataclass(frozen=True, slots=True)
class HoldRow:
    """A hold, open or released."""

    id: int
    reason: str
    message: Sentence
    placed_by: str
    placed_at: datetime
    released_at: datetime | None
    released_by: str | None


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a user."""

    id: int
    text: str
    author: str
    at: datetime


def select_payments(tx: ReadTx, *, order_id: int) -> list[Payment]:
    """Select the order's payments, oldest first."""
    return tx.all(
        Payment,
        """
        SELECT id, gateway, external_id, status, method, amount_minor, refunded_minor, currency, at
          FROM payments WHERE order_id = %s ORDER BY at, id
        """,
        (order_id,),
    )


def select_refunds(tx: ReadTx, *, order_id: int) -> list[Refund]:
    """Select the order's refunds, oldest first."""
    return tx.all(
        Refund,
        """
        SELECT id, return_id, reference, amount_minor, currency, reason, state, error, requested_at, credited_at
          FROM refunds WHERE order_id = %s ORDER BY id
        """,
        (order_id,),
    )


def select_messages(tx: ReadTx, *, order_id: int) -> list[Message]:
    """Select notifications to the customer, newest first."""
    return tx.all(
        Message,
        """
        SELECT m.id, m.template, m.recipient, m.subject, m.state, m.error, m.requested_at, m.sent_at, m.medium, m.receipt,
               m.receipt_at, m.receipt_reason, c.key AS connection
          FROM messages m JOIN connections c ON c.id = m.connection_id WHERE m.order_id = %s ORDER BY m.id DESC
        """,
        (order_id,),
    )


def select_holds(tx: ReadTx, *, order_id: int) -> list[HoldRow]:
    """Select the holds, open ones first."""
    return tx.all(
        HoldRow,
        """
        SELECT id, reason, message, placed_by, placed_at, released_at, released_by
          FROM order_holds WHERE order_id = %s ORDER BY released_at IS NOT NULL, id DESC
        """,
        (order_id,),
    )


def select_notes(tx: ReadTx, *, order_id: int) -> list[Note]:
    """Select the notes, newest first."""
    return tx.all(
        Note, "SELECT id, text, author, at FROM order_notes WHERE order_id = %s ORDER BY id DESC", (order_id,)
    )


@dataclass(frozen=True, slots=True)
class Name:
    """The name of an actor."""

    actor: str
    name: str


def select_names(tx: ReadTx, *, actors: Sequence[str]) -> dict[str, str]:
    """Select the names of the users, API clients and connections among these actors."""
    found = tx.all(
        Name,
        """
        SELECT 'user:' || id AS actor, name FROM users WHERE 'user:' || id = ANY(%(actors)s)
        UNION ALL SELECT 'api:' || id, name FROM api_keys WHERE 'api:' || id = ANY(%(actors)s)
        UNION ALL SELECT 'connection:' || key, name FROM connections
                   WHERE 'connection:' || key = ANY(%(actors)s) AND name <> ''
        """,
        {"actors": list(actors)},
    )
    return {each.actor: each.name for each in found}
