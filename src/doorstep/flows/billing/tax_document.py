"""Parties, lines and taxes shared by invoices and credit notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.invoicing import actions as invoicing
from doorstep.domain.invoicing import model
from doorstep.domain.invoicing.model import Buyer, Document, Kind, Seller, TaxableLine
from doorstep.domain.network.model import Location
from doorstep.domain.orders import views as order_views
from doorstep.kernel.db import WriteTx
from doorstep.kernel.time import local_date


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """Units of an order line and what the customer pays for them (or gets back), tax included."""

    line_no: int
    quantity: int
    amount_minor: int


def build(
    tx: WriteTx,
    *,
    kind: Kind,
    order: order_views.Order,
    seller: Location,
    goods: Sequence[DocumentLine],
    now: datetime,
) -> Document:
    """Build a document over these lines, with our own number."""
    items = catalog.items(tx, skus=[order.line(each.line_no).sku for each in goods])
    entity, buyer = _seller(seller), _buyer(order)
    supplied_to = replace(buyer, state_code=order.shipping_address.state_code)
    policy = model.policy_of(seller.country)
    invoice_id = invoicing.next_id(tx)
    return Document(
        invoice_id=invoice_id,
        kind=kind,
        reference=f"DS{'INV' if kind is Kind.INVOICE else 'CN'}-{invoice_id:08d}",
        order_number=order.header.number,
        issued_date=local_date(now, seller.timezone),
        currency=order.header.currency,
        seller=entity,
        buyer=buyer,
        place_of_supply=policy.place_of_supply(supplied_to),
        lines=policy.tax([_taxable(order, items, each) for each in goods], seller=entity, buyer=supplied_to),
    )


def _taxable(order: order_views.Order, items: Mapping[str, Item], goods: DocumentLine) -> TaxableLine:
    line = order.line(goods.line_no)
    item = items[line.sku]
    return TaxableLine(
        line_no=goods.line_no,
        sku=line.sku,
        title=line.title,
        hsn=item.hsn,
        quantity=goods.quantity,
        amount_minor=goods.amount_minor,
        tax_rate_basis_points=item.gst_rate_basis_points,
    )


def _seller(location: Location) -> Seller:
    address = ", ".join(
        part for part in (location.line1, location.line2, location.city, location.postal_code) if part
    )
    return Seller(location.company, location.gstin, location.state_code, address, location.country)


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
