"""Build the invoice for a shipment: its share of what the lines cost."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.actions import Subject
from doorstep.domain.invoicing.model import Kind
from doorstep.domain.network import views as network
from doorstep.domain.orders import views as order_views
from doorstep.domain.payments.model import amount_of
from doorstep.domain.shipping.views import Shipment
from doorstep.flows.billing import tax_document
from doorstep.flows.billing.tax_document import DocumentLine
from doorstep.flows.payments import owed
from doorstep.kernel.db import ReadTx, WriteTx


def request(tx: WriteTx, *, shipment: Shipment, now: datetime) -> None:
    """Request the invoice of a shipment; units invoiced earlier took their share."""
    order = order_views.order(tx, order_id=shipment.order_id)
    earlier = _invoiced(tx, shipment)
    goods = [
        DocumentLine(
            line.line_no,
            line.quantity,
            _amount(order, line.line_no, line.quantity, earlier[line.line_no]),
        )
        for line in shipment.lines
    ]
    seller = network.location(tx, location_id=shipment.location_id)
    body = tax_document.build(tx, kind=Kind.INVOICE, order=order, seller=seller, goods=goods, now=now)
    invoicing.request(tx, subject=Subject(shipment.order_id, shipment.id, None), document=body, at=now)


def _amount(order: order_views.Order, line_no: int, quantity: int, already: int) -> int:
    return amount_of(owed.paid_line(order, line_no), quantity=quantity, earlier=already)


def _invoiced(tx: ReadTx, shipment: Shipment) -> Counter[int]:
    """Units by order line that other shipments of the order were invoiced with."""
    found = Counter[int]()
    for other in documents.of_order(tx, order_id=shipment.order_id):
        if other.kind is Kind.INVOICE and other.shipment_id != shipment.id:
            for line in other.document.lines:
                found[line.line_no] += line.quantity
    return found
