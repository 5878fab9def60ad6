"""SQL of tax documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec
from psycopg.types.json import Jsonb

from doorstep.domain.invoicing.model import Document, DocumentState, Kind
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import InvoiceId, OrderId, ReturnId, ShipmentId


@dataclass(frozen=True, slots=True)
class Invoice:
    """A document as stored."""

    id: InvoiceId
    order_id: OrderId
    kind: Kind
    shipment_id: ShipmentId | None
    return_id: ReturnId | None
    reference: str
    state: DocumentState
    number: str
    document: Document
    error: str
    issued_at: datetime | None


_INVOICE = "id, order_id, kind, shipment_id, return_id, reference, state, number, document, error, issued_at"


def next_id(tx: WriteTx) -> InvoiceId:
    """A new id, because a document carries its own reference."""
    return InvoiceId(tx.value(int, "SELECT nextval(pg_get_serial_sequence('invoices', 'id'))"))


@dataclass(frozen=True, slots=True)
class Subject:
    """What a document belongs to."""

    order_id: OrderId
    shipment_id: ShipmentId | None
    return_id: ReturnId | None


def insert(tx: WriteTx, *, subject: Subject, document: Document, at: datetime) -> bool:
    """Store a requested document; False if its shipment, or its return against this invoice, has one already."""
    is_new = bool(
        tx.execute(
            """
            INSERT INTO invoices (id, order_id, kind, shipment_id, return_id, reference, document, requested_at,
                                  legal_entity, tax_number, currency, total_minor, tax_minor)
            OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
            """,
            (
                document.invoice_id,
                subject.order_id,
                document.kind.value,
                subject.shipment_id,
                subject.return_id,
                document.reference,
                Jsonb(msgspec.to_builtins(document)),
                at,
                document.seller.company,
                document.seller.tax_number,
                document.currency,
                document.total_minor,
                document.tax_minor,
            ),
        )
    )
    if is_new:
        _copy_taxes(tx, document)
    return is_new


def _copy_taxes(tx: WriteTx, document: Document) -> None:
    tx.copy(
        """
        COPY invoice_taxes (invoice_id, line_no, kind, rate_ppm, taxable_minor, amount_minor) FROM STDIN
        """,
        [
            (document.invoice_id, line.line_no, tax.kind, tax.rate_ppm, line.taxable_minor, tax.amount_minor)
            for line in document.lines
            for tax in line.taxes
        ],
    )


def lock(tx: WriteTx, *, invoice_id: int) -> Invoice | None:
    """One document, locked."""
    return tx.one(Invoice, f"SELECT {_INVOICE} FROM invoices WHERE id = %s FOR NO KEY UPDATE", (invoice_id,))


def select(tx: ReadTx, *, invoice_id: int) -> Invoice | None:
    """One document."""
    return tx.one(Invoice, f"SELECT {_INVOICE} FROM invoices WHERE id = %s", (invoice_id,))


def select_legal_entities(tx: ReadTx, *, invoice_ids: Sequence[int]) -> dict[int, str]:
    """The legal entities of documents."""
    rows = tx.rows("SELECT id, legal_entity FROM invoices WHERE id = ANY(%s)", (list(invoice_ids),))
    return {int(str(row["id"])): str(row["legal_entity"]) for row in rows}


def select_of_order(tx: ReadTx, *, order_id: int) -> list[Invoice]:
    """An order's documents, oldest first."""
    return tx.all(Invoice, f"SELECT {_INVOICE} FROM invoices WHERE order_id = %s ORDER BY id", (order_id,))


def update_issued(tx: WriteTx, *, invoice_id: int, number: str, at: datetime) -> None:
    """Store the ERP's number."""
    tx.execute(
        "UPDATE invoices SET state = 'issued', number = %s, issued_at = %s, error = '' WHERE id = %s",
        (number, at, invoice_id),
    )


def update_error(tx: WriteTx, *, invoice_id: int, error: str) -> None:
    """Store the ERP's rejection until the next try."""
    tx.execute("UPDATE invoices SET state = 'failed', error = %s WHERE id = %s", (error, invoice_id))
