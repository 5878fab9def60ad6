"""Build the credit note for a refunded return, for the amount of the refund; it waits for the invoice number."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.actions import Subject
from doorstep.domain.invoicing.model import Document, DocumentState, Kind
from doorstep.domain.network import views as network
from doorstep.domain.orders import views as order_views
from doorstep.domain.returns import views as return_views
from doorstep.domain.shipping import views as parcels
from doorstep.flows.billing import tax_document
from doorstep.flows.billing.tax_document import DocumentLine
from doorstep.flows.payments.owed import of_return
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import ReturnId


def request(tx: WriteTx, *, return_id: int, now: datetime) -> None:
    """Request the credit note of a refunded return; without an invoice there is nothing to credit."""
    each = return_views.one(tx, return_id=return_id)
    order = order_views.order(tx, order_id=each.order_id)
    owed = of_return(tx, each, order)
    original = _original(tx, order, list(owed))
    if original is None:
        return
    goods = [DocumentLine(line_no, quantity, minor) for line_no, (quantity, minor) in owed.items()]
    shipment = parcels.shipment(tx, shipment_id=original.shipment_id or 0)
    seller = network.location(tx, location_id=shipment.location_id)
    body = tax_document.build(tx, kind=Kind.CREDIT_NOTE, order=order, seller=seller, goods=goods, now=now)
    body = replace(body, against_reference=original.reference)
    invoicing.request(tx, subject=Subject(each.order_id, None, ReturnId(return_id)), document=body, at=now)


def _original(tx: ReadTx, order: order_views.Order, line_nos: list[int]) -> documents.Invoice | None:
    """The invoice that has the returned lines."""
    for invoice in documents.of_order(tx, order_id=order.header.id):
        stands = {line.line_no for line in invoice.document.lines}
        if invoice.kind is Kind.INVOICE and stands & set(line_nos):
            return invoice
    return None


def with_original(tx: ReadTx, invoice: documents.Invoice) -> Document | None:
    """The document ready to post: a credit note needs its invoice number (None: not issued yet)."""
    if invoice.kind is Kind.INVOICE:
        return invoice.document
    for other in documents.of_order(tx, order_id=invoice.order_id):
        if other.reference == invoice.document.against_reference and other.state is DocumentState.ISSUED:
            return replace(invoice.document, against_number=other.number)
    return None
