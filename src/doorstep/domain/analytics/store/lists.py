"""SQL of lists, newest first, each by id: returns, shipments, refunds, invoices."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class ListFilter:
    """A filter of rows: before an id, of an order, at a location, in a state."""

    limit: int
    before_id: int | None = None
    order_id: int | None = None
    location_id: int | None = None
    state: str = ""

    @property
    def values(self) -> dict[str, object]:
        return {
            "limit": self.limit,
            "before": self.before_id,
            "order": self.order_id,
            "location": self.location_id,
            "state": self.state,
        }


_PAGE: LiteralString = """
   AND (%(before)s::bigint IS NULL OR x.id < %(before)s) AND (%(order)s::bigint IS NULL OR x.order_id = %(order)s)
 ORDER BY x.id DESC LIMIT %(limit)s
"""


@dataclass(frozen=True, slots=True)
class ReturnEntry:
    """A return in the list."""

    id: int
    number: str
    order_id: int
    order_number: str
    location: str
    custody: str
    money: str
    reason: str
    units: int
    created_at: datetime
    received_at: datetime | None
    inspected_at: datetime | None
    refunded_at: datetime | None


def select_returns(tx: ReadTx, wanted: ListFilter) -> list[ReturnEntry]:
    """Select returns, in a status if `state` is given."""
    return tx.all(
        ReturnEntry,
        f"""
        SELECT x.id, x.number, x.order_id, o.number AS order_number, coalesce(l.code, '') AS location, x.custody,
               x.money, x.reason, x.created_at, x.received_at, x.inspected_at, x.refunded_at,
               (SELECT coalesce(sum(n.quantity), 0)::bigint FROM return_lines n WHERE n.return_id = x.id) AS units
          FROM returns x JOIN orders o ON o.id = x.order_id LEFT JOIN locations l ON l.id = x.location_id
         WHERE (%(state)s = '' OR x.custody = %(state)s) AND (%(location)s::bigint IS NULL OR x.location_id = %(location)s)
        {_PAGE}
        """,
        wanted.values,
    )


@dataclass(frozen=True, slots=True)
class ShipmentEntry:
    """A parcel in the list."""

    id: int
    order_id: int
    order_number: str
    reference: str
    parcel_id: int
    direction: str
    location: str
    label: str
    carrier: str
    service: str
    tracking_number: str
    tracking_status: str
    requested_at: datetime
    dispatched_at: datetime | None
    delivered_at: datetime | None


def select_shipments(tx: ReadTx, wanted: ListFilter) -> list[ShipmentEntry]:
    """Select parcels, in a label state if `state` is given."""
    return tx.all(
        ShipmentEntry,
        f"""
        SELECT x.id, x.order_id, o.number AS order_number, x.reference, x.parcel_id, p.direction, l.code AS location,
               b.state AS label, b.carrier, b.service, b.tracking_number, p.tracking_status, b.requested_at,
               p.dispatched_at, p.delivered_at
          FROM shipments x JOIN orders o ON o.id = x.order_id JOIN parcels p ON p.id = x.parcel_id
          JOIN label_purchases b ON b.parcel_id = p.id AND b.state <> 'voided' JOIN locations l ON l.id = p.location_id
         WHERE (%(state)s = '' OR b.state = %(state)s) AND (%(location)s::bigint IS NULL OR p.location_id = %(location)s)
        {_PAGE}
        """,
        wanted.values,
    )


@dataclass(frozen=True, slots=True)
class RefundEntry:
    """A refund in the list."""

    id: int
    order_id: int
    order_number: str
    return_id: int | None
    reference: str
    state: str
    reason: str
    amount_minor: int
    currency: str
    error: str
    requested_at: datetime
    credited_at: datetime | None


def select_refunds(tx: ReadTx, wanted: ListFilter) -> list[RefundEntry]:
    """Select refunds, in a state if one is given."""
    return tx.all(
        RefundEntry,
        f"""
        SELECT x.id, x.order_id, o.number AS order_number, x.return_id, x.reference, x.state, x.reason, x.amount_minor,
               x.currency, x.error, x.requested_at, x.credited_at
          FROM refunds x JOIN orders o ON o.id = x.order_id WHERE (%(state)s = '' OR x.state = %(state)s)
        {_PAGE}
        """,
        wanted.values,
    )


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax on an invoice, summed over its lines."""

    kind: str
    amount_minor: int


@dataclass(frozen=True, slots=True)
class InvoiceEntry:
    """An invoice or credit note in the list."""

    id: int
    order_id: int
    order_number: str
    kind: str
    reference: str
    number: str
    state: str
    legal_entity: str
    tax_number: str
    currency: str
    total_minor: int
    tax_minor: int
    taxes: list[Tax]
    error: str
    requested_at: datetime
    issued_at: datetime | None


def select_invoices(tx: ReadTx, wanted: ListFilter) -> list[InvoiceEntry]:
    """Select invoices and credit notes, in a state if one is given."""
    return tx.all(
        InvoiceEntry,
        f"""
        SELECT x.id, x.order_id, o.number AS order_number, x.kind, x.reference, x.number, x.state, x.legal_entity,
               x.tax_number, x.currency, x.total_minor, x.tax_minor, x.error, x.requested_at, x.issued_at,
               (SELECT coalesce(json_agg(json_build_object('kind', t.kind, 'amount_minor', t.minor) ORDER BY t.kind), '[]')
                  FROM (SELECT kind, sum(amount_minor)::bigint AS minor FROM invoice_taxes WHERE invoice_id = x.id
                         GROUP BY kind) t) AS taxes
          FROM invoices x JOIN orders o ON o.id = x.order_id WHERE (%(state)s = '' OR x.state = %(state)s)
        {_PAGE}
        """,
        wanted.values,
    )
