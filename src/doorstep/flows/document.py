"""What stands on an invoice or credit note, gathered from order, catalogue, network and return."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import model
from doorstep.domain.invoicing import views as documents
from doorstep.domain.invoicing.actions import Subject
from doorstep.domain.invoicing.model import Buyer, Document, DocumentState, Kind, Seller, TaxableLine
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.domain.orders import views as order_views
from doorstep.domain.returns import views as return_views
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Direction
from doorstep.domain.shipping.views import Shipment
from doorstep.kernel import money
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import InvoiceId, ReturnId
from doorstep.kernel.time import local_date


def paid_for(order: order_views.Order, line_no: int) -> int:
    """What all pieces of a line cost the customer together, discount taken off, tax in."""
    line = order.line(line_no)
    tax = 0 if order.header.tax_included else line.tax_minor
    return line.unit_price_minor * line.quantity - line.discount_minor + tax


def request_invoice(tx: WriteTx, *, shipment: Shipment, now: datetime) -> None:
    """Store the invoice of a shipment; pieces of a line shipped earlier have their share of its money already."""
    order = order_views.order(tx, order_id=shipment.order_id)
    earlier = _pieces_before(tx, shipment)
    amounts = {
        line.line_no: money.part_of(
            paid_for(order, line.line_no),
            quantity=line.quantity,
            of=order.line(line.line_no).quantity,
            already=earlier.get(line.line_no, 0),
        )
        for line in shipment.lines
    }
    pieces = {line.line_no: line.quantity for line in shipment.lines}
    seller = network.location(tx, location_id=shipment.location_id)
    invoice_id = invoicing.next_id(tx)
    body = _document(tx, invoice_id, Kind.INVOICE, order, seller, pieces=pieces, amounts=amounts, now=now)
    invoicing.request(tx, subject=Subject(shipment.order_id, shipment.id, None), document=body, at=now)


def _pieces_before(tx: ReadTx, shipment: Shipment) -> dict[int, int]:
    before: dict[int, int] = {}
    for other in parcels.of_order(tx, order_id=shipment.order_id):
        if other.direction is Direction.OUTBOUND and other.dispatched_at is not None and other.id < shipment.id:
            for line in other.lines:
                before[line.line_no] = before.get(line.line_no, 0) + line.quantity
    return before


def request_credit_note(tx: WriteTx, *, return_id: int, now: datetime) -> None:
    """Store the credit note of a refunded return, for the same money as the refund's lines."""
    each = return_views.one(tx, return_id=return_id)
    order = order_views.order(tx, order_id=each.order_id)
    pieces = {line.line_no: line.received for line in each.lines if line.refund and line.received}
    original = _original(tx, order, list(pieces))
    if not pieces or original is None:
        return
    amounts = {
        line_no: owed_for(tx, order, line_no, quantity, return_id=each.id) for line_no, quantity in pieces.items()
    }
    seller = network.location(tx, location_id=parcels.shipment(tx, shipment_id=original.shipment_id or 0).location_id)
    invoice_id = invoicing.next_id(tx)
    body = _document(tx, invoice_id, Kind.CREDIT_NOTE, order, seller, pieces=pieces, amounts=amounts, now=now)
    body = replace(body, against_reference=original.reference)
    invoicing.request(tx, subject=Subject(each.order_id, None, ReturnId(return_id)), document=body, at=now)


def owed_for(tx: ReadTx, order: order_views.Order, line_no: int, quantity: int, *, return_id: int) -> int:
    """The refund of some pieces of a line: its share of what was paid, after returns inspected earlier took theirs."""
    turns = {each.id: (each.inspected_at, each) for each in return_views.of_order(tx, order_id=order.header.id)}
    mine = turns[ReturnId(return_id)][0]
    earlier = sum(
        line.received
        for at, other in turns.values()
        if at is not None and mine is not None and (at, other.id) < (mine, return_id)
        for line in other.lines
        if line.line_no == line_no and line.refund
    )
    ordered = order.line(line_no).quantity
    return money.part_of(paid_for(order, line_no), quantity=quantity, of=ordered, already=earlier)


def _original(tx: ReadTx, order: order_views.Order, line_nos: list[int]) -> documents.Invoice | None:
    """The invoice on which the returned lines stand."""
    for invoice in documents.of_order(tx, order_id=order.header.id):
        stands = {line.line_no for line in invoice.document.lines}
        if invoice.kind is Kind.INVOICE and stands & set(line_nos):
            return invoice
    return None


def with_original(tx: ReadTx, invoice: documents.Invoice) -> Document | None:
    """The document ready to post: a credit note needs its invoice's number (None: not issued yet)."""
    if invoice.kind is Kind.INVOICE:
        return invoice.document
    for other in documents.of_order(tx, order_id=invoice.order_id):
        if other.reference == invoice.document.against_reference and other.state is DocumentState.ISSUED:
            return replace(invoice.document, against_number=other.number)
    return None


def _document(
    tx: ReadTx,
    invoice_id: InvoiceId,
    kind: Kind,
    order: order_views.Order,
    seller: Location,
    *,
    pieces: Mapping[int, int],
    amounts: Mapping[int, int],
    now: datetime,
) -> Document:
    items = catalog.items(tx, skus=[order.line(line_no).sku for line_no in pieces])
    lines = [_taxable(order, items, line_no, quantity, amounts[line_no]) for line_no, quantity in pieces.items()]
    state = order.shipping_address.state_code
    return Document(
        invoice_id=invoice_id,
        kind=kind,
        reference=f"DS{'INV' if kind is Kind.INVOICE else 'CN'}-{invoice_id:08d}",
        order_number=order.header.number,
        issued_date=local_date(now, seller.timezone),
        currency=order.header.currency,
        seller=_seller(seller),
        buyer=_buyer(order),
        place_of_supply=model.place_of_supply(state),
        lines=model.tax(lines, seller_state=seller.state_code, buyer_state=state),
    )


def _taxable(
    order: order_views.Order, items: Mapping[str, Item], line_no: int, quantity: int, amount_minor: int
) -> TaxableLine:
    line = order.line(line_no)
    item = items[line.sku]
    return TaxableLine(line_no, line.sku, line.title, item.hsn, quantity, amount_minor, item.gst_rate_basis_points)


def _seller(location: Location) -> Seller:
    address = ", ".join(part for part in (location.line1, location.line2, location.city, location.postal_code) if part)
    return Seller(location.company, location.gstin, location.state_code, address)


def _buyer(order: order_views.Order) -> Buyer:
    address = order.billing_address
    return Buyer(
        name=address.name,
        email=address.email,
        phone=address.phone,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        state_code=address.state_code,
        postal_code=address.postal_code,
        country=address.country,
    )
