"""Build the invoice for a shipment: its share of what the lines cost."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing.actions import Subject
from doorstep.domain.invoicing.model import Kind
from doorstep.domain.network import views as network
from doorstep.domain.orders import views as order_views
from doorstep.domain.payments.model import amount_of
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.domain.shipping.views import Shipment
from doorstep.flows.billing import tax_document
from doorstep.flows.billing.tax_document import DocumentLine
from doorstep.flows.payments import owed
from doorstep.kernel.db import ReadTx, WriteTx


def request(tx: WriteTx, *, shipment: Shipment, now: datetime) -> None:
    """Request the invoice of a shipment; units shipped earlier were invoiced with their share."""
    order = order_views.order(tx, order_id=shipment.order_id)
    earlier = _pieces_before(tx, shipment)
    goods = [
        DocumentLine(
            line.line_no,
            line.quantity,
            _amount(order, line.line_no, line.quantity, earlier.get(line.line_no, 0)),
        )
        for line in shipment.lines
    ]
    seller = network.location(tx, location_id=shipment.location_id)
    body = tax_document.build(tx, kind=Kind.INVOICE, order=order, seller=seller, goods=goods, now=now)
    invoicing.request(tx, subject=Subject(shipment.order_id, shipment.id, None), document=body, at=now)


def _amount(order: order_views.Order, line_no: int, quantity: int, already: int) -> int:
    return amount_of(owed.paid_line(order, line_no), quantity=quantity, earlier=already)


def _pieces_before(tx: ReadTx, shipment: Shipment) -> dict[int, int]:
    before: dict[int, int] = {}
    for other in parcels.of_order(tx, order_id=shipment.order_id):
        if (
            other.direction is Direction.OUTBOUND
            and other.dispatched_at is not None
            and other.id < shipment.id
        ):
            for line in other.lines:
                before[line.line_no] = before.get(line.line_no, 0) + line.quantity
    return before
