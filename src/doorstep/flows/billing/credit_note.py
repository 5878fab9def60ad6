"""Build the credit notes of a refunded return, for the amount of the refund; each waits for its invoice's number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.actions import Subject
from doorstep.domain.invoicing.model import Document, DocumentState, Invoiced, Kind, credited
from doorstep.domain.network import views as network
from doorstep.domain.orders import views as order_views
from doorstep.domain.payments.model import amount_of
from doorstep.domain.returns import views as return_views
from doorstep.domain.returns.views import Return
from doorstep.domain.shipping import views as parcels
from doorstep.flows.billing import tax_document
from doorstep.flows.billing.tax_document import DocumentLine
from doorstep.flows.payments import owed
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId, ReturnId


def request(tx: WriteTx, *, return_id: int, now: datetime) -> None:
    """Request the credit notes of a refunded return: one per invoice that has its units, oldest invoice first.

    Units are credited at the share that they were invoiced with. Without an invoice there is nothing to credit.
    """
    each = return_views.one(tx, return_id=return_id)
    order = order_views.order(tx, order_id=each.order_id)
    invoices = [
        invoice for invoice in documents.of_order(tx, order_id=each.order_id) if invoice.kind is Kind.INVOICE
    ]
    goods = _goods(tx, each, order, invoices)
    for invoice in invoices:
        if goods[invoice.reference]:
            _request(tx, ReturnId(return_id), order, invoice, goods[invoice.reference], now)


def _goods(
    tx: ReadTx, each: Return, order: order_views.Order, invoices: Sequence[documents.Invoice]
) -> dict[str, list[DocumentLine]]:
    """What to credit, by the reference of the invoice."""
    invoiced = [Invoiced(invoice.reference, _units(invoice)) for invoice in invoices]
    earlier = owed.refunded_before(tx, each, order)
    goods: dict[str, list[DocumentLine]] = {invoice.reference: [] for invoice in invoices}
    for line_no, (quantity, _minor) in owed.of_return(tx, each, order).items():
        paid = owed.paid_line(order, line_no)
        for part in credited(invoiced, line_no=line_no, quantity=quantity, earlier=earlier[line_no]):
            amount = amount_of(paid, quantity=part.quantity, earlier=part.earlier)
            goods[part.reference].append(DocumentLine(line_no, part.quantity, amount))
    return goods


def _units(invoice: documents.Invoice) -> Counter[int]:
    units = Counter[int]()
    for line in invoice.document.lines:
        units[line.line_no] += line.quantity
    return units


def _request(
    tx: WriteTx,
    return_id: ReturnId,
    order: order_views.Order,
    invoice: documents.Invoice,
    goods: Sequence[DocumentLine],
    now: datetime,
) -> None:
    shipment = parcels.shipment(tx, shipment_id=invoice.shipment_id or 0)
    seller = network.location(tx, location_id=shipment.location_id)
    body = tax_document.build(tx, kind=Kind.CREDIT_NOTE, order=order, seller=seller, goods=goods, now=now)
    body = replace(body, against_reference=invoice.reference)
    invoicing.request(tx, subject=Subject(OrderId(order.header.id), None, return_id), document=body, at=now)


def with_original(tx: ReadTx, invoice: documents.Invoice) -> Document | None:
    """The document ready to post: a credit note needs its invoice number (None: not issued yet)."""
    if invoice.kind is Kind.INVOICE:
        return invoice.document
    for other in documents.of_order(tx, order_id=invoice.order_id):
        if other.reference == invoice.document.against_reference and other.state is DocumentState.ISSUED:
            return replace(invoice.document, against_number=other.number)
    return None
