"""Verbs of tax documents: one invoice per shipment, one credit note per return and invoice, each posted once."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.invoicing import events, store
from doorstep.domain.invoicing.model import Document, DocumentState
from doorstep.domain.invoicing.store import Invoice, Subject
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import InvoiceId

__all__ = ["Invoice", "Subject"]


def next_id(tx: WriteTx) -> InvoiceId:
    """Reserve the id of the next document."""
    return store.next_id(tx)


def request(tx: WriteTx, *, subject: Subject, document: Document, at: datetime) -> None:
    """Request a document; changes nothing if its shipment has one, or its return against the same invoice."""
    if store.insert(tx, subject=subject, document=document, at=at):
        fact = events.Requested(subject.order_id, document.invoice_id, document.kind.value)
        event_log.append(tx, [fact], at=at)


def issued(tx: WriteTx, *, invoice_id: InvoiceId, number: str, at: datetime) -> None:
    """Record the ERP's number, once."""
    invoice = store.lock(tx, invoice_id=invoice_id)
    if invoice is None:
        raise errors.NotFound(f"There is no invoice {invoice_id}.")
    if invoice.state is DocumentState.ISSUED:
        return
    store.update_issued(tx, invoice_id=invoice_id, number=number, at=at)
    event_log.append(tx, [events.Issued(invoice.order_id, invoice_id, invoice.kind.value, number)], at=at)


def failed(tx: WriteTx, *, invoice_id: InvoiceId, reason: str) -> None:
    """Record that the ERP rejected the document."""
    store.update_error(tx, invoice_id=invoice_id, error=reason)
