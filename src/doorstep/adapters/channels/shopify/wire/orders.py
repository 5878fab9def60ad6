"""Map order webhooks to order snapshots: open quantities, and amounts that add up to Shopify's total."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import msgspec

from doorstep.domain.orders import model as orders
from doorstep.kernel import money, parsing
from doorstep.kernel.ids import Sku

_NOTHING = Decimal(0)
_PAID = frozenset({"paid", "partially_refunded", "refunded"})
_FULFILLMENT_VOID = frozenset({"cancelled", "error", "failure"})


class Amount(msgspec.Struct, kw_only=True):
    """A tax line or a discount's share of a line."""

    price: Decimal = _NOTHING
    amount: Decimal = _NOTHING


class LineItem(msgspec.Struct, kw_only=True):
    """`quantity` is what was bought, `current_quantity` what remains after edits and refunds."""

    id: int | str
    quantity: int
    price: Decimal
    sku: str | None = None
    title: str | None = None
    name: str | None = None
    current_quantity: int | None = None
    requires_shipping: bool | None = True
    discount_allocations: list[Amount] | None = None
    tax_lines: list[Amount] | None = None


class ShippingLine(msgspec.Struct, kw_only=True):
    """`discounted_price` exists since 2018; older bodies only have `price`."""

    price: Decimal
    title: str | None = None
    discounted_price: Decimal | None = None


class FulfilledItem(msgspec.Struct, kw_only=True):
    id: int | str
    quantity: int = 0


class Fulfillment(msgspec.Struct, kw_only=True):
    """`shipment_status` is what the carrier's tracking says; `updated_at` is when that changed."""

    id: int | str | None = None
    status: str | None = None
    line_items: list[FulfilledItem] = []
    tracking_company: str | None = None
    tracking_number: str | None = None
    tracking_numbers: list[str] | None = None
    shipment_status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


class MailingAddress(msgspec.Struct, kw_only=True):
    name: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    company: str | None = None
    address1: str | None = None
    address2: str | None = None
    city: str | None = None
    province: str | None = None
    province_code: str | None = None
    zip: str | None = None
    country_code: str | None = None
    phone: str | None = None
    latitude: Decimal | None = None
    longitude: Decimal | None = None


class Customer(msgspec.Struct, kw_only=True):
    id: int | str | None = None
    email: str | None = None
    phone: str | None = None


class Order(msgspec.Struct, kw_only=True):
    """The REST-shaped order of the orders/* webhooks; fields that we do not use are left out."""

    id: int | str
    created_at: datetime
    currency: str
    total_price: Decimal
    line_items: list[LineItem]
    name: str | None = None
    updated_at: datetime | None = None
    processed_at: datetime | None = None
    cancelled_at: datetime | None = None
    current_total_price: Decimal | None = None
    current_total_tax: Decimal | None = None
    total_tax: Decimal | None = None
    total_discounts: Decimal | None = None
    total_tip_received: Decimal | None = None
    total_outstanding: Decimal | None = None
    taxes_included: bool | None = False
    financial_status: str | None = None
    payment_gateway_names: list[str] | None = None
    shipping_lines: list[ShippingLine] | None = None
    fulfillments: list[Fulfillment] | None = None
    shipping_address: MailingAddress | None = None
    billing_address: MailingAddress | None = None
    customer: Customer | None = None
    email: str | None = None
    contact_email: str | None = None
    phone: str | None = None
    source_name: str | None = None
    note: str | None = None
    tags: str | None = None
    checkout_token: str | None = None
    cart_token: str | None = None


def parse(body: bytes) -> orders.OrderSnapshot:
    """One complete order. Raises Invalid with the wrong field; unknown currencies and odd quantities pass, and are held later."""
    order = parsing.read(body, Order)
    kept = [_still_wanted(line, order) for line in order.line_items]
    whole = all(count == line.quantity for count, line in zip(kept, order.line_items, strict=True))
    shipping_lines = order.shipping_lines or []
    customer = order.customer or Customer()
    shipping_minor = sum(_shipping_minor(order, at) for at in range(len(shipping_lines)))
    discounts = _discounts(order, shipping_minor=shipping_minor)
    email = order.email or order.contact_email or customer.email or ""
    total, tax = _total_and_tax(order, whole=whole)
    return orders.OrderSnapshot(
        external_id=str(order.id),
        number=order.name or f"#{order.id}",
        version_at=order.updated_at or order.created_at,
        placed_at=order.processed_at or order.created_at,
        currency=order.currency,
        lines=_lines(order, kept, discounts),
        total_minor=total,
        shipping_minor=shipping_minor,
        tax_minor=tax,
        tip_minor=_minor(order, order.total_tip_received, "total_tip_received"),
        tax_included=bool(order.taxes_included),
        payment=_payment(order),
        shipping_address=_address(order.shipping_address, email=email),
        billing_address=_address(order.billing_address, email=email),
        customer_external_id=str(customer.id or ""),
        email=email,
        phone=order.phone or customer.phone or "",
        shipping_method=next((line.title or "" for line in shipping_lines), ""),
        source=order.source_name or "",
        note=order.note or "",
        tags=tuple(tag.strip() for tag in (order.tags or "").split(",") if tag.strip()),
        canceled_at=order.cancelled_at,
        cart_reference=order.checkout_token or order.cart_token or "",
        fulfillments=tuple(_fulfillment(each) for each in order.fulfillments or [] if each.id is not None),
    )


def _fulfillment(each: Fulfillment) -> orders.ReportedFulfillment:
    lines: dict[str, int] = {}
    for item in each.line_items:
        lines[str(item.id)] = lines.get(str(item.id), 0) + item.quantity
    numbers = each.tracking_numbers or [each.tracking_number or ""]
    return orders.ReportedFulfillment(
        external_id=str(each.id),
        lines=lines,
        is_void=each.status in _FULFILLMENT_VOID,
        tracking_numbers=tuple(filter(None, numbers)),
        carrier=each.tracking_company or "",
        shipped_at=each.created_at,
        delivered_at=each.updated_at if each.shipment_status == "delivered" else None,
    )


def _minor(order: Order, amount: Decimal | None, at: str) -> int:
    return parsing.minor_units(_NOTHING if amount is None else amount, order.currency, at=at)


def _still_wanted(line: LineItem, order: Order) -> int:
    """Units that are still ordered: edits remove units, but fulfilled ones count, even if refunded later.

    A canceled order keeps its lines: its status is enough, and users want to read what was ordered.
    """
    if order.cancelled_at or line.current_quantity is None:
        return line.quantity
    fulfilled = sum(
        item.quantity
        for fulfillment in order.fulfillments or []
        if fulfillment.status not in _FULFILLMENT_VOID
        for item in fulfillment.line_items
        if str(item.id) == str(line.id)
    )
    return min(line.quantity, max(line.current_quantity, fulfilled))


def _shipping_minor(order: Order, at: int) -> int:
    line = (order.shipping_lines or [])[at]
    price = line.price if line.discounted_price is None else line.discounted_price
    return _minor(order, price, f"shipping_lines[{at}].price")


def _discounts(order: Order, *, shipping_minor: int) -> list[int]:
    """Minor units of discount per line.

    `total_discounts` also holds shipping discounts. What is neither allocated to a line nor to shipping (old
    bodies, drafts) is spread over the lines by value, so that the order adds up.
    """
    own = [
        sum(
            _minor(order, share.amount, f"line_items[{at}].discount_allocations[{nth}].amount")
            for nth, share in enumerate(line.discount_allocations or [])
        )
        for at, line in enumerate(order.line_items)
    ]
    full_shipping = sum(
        _minor(order, line.price, f"shipping_lines[{at}].price")
        for at, line in enumerate(order.shipping_lines or [])
    )
    reported = _minor(order, order.total_discounts, "total_discounts")
    rest = reported - sum(own) - (full_shipping - shipping_minor)
    if rest <= 0:
        return own
    values = [max(0, line.quantity) * _price(order, at) for at, line in enumerate(order.line_items)]
    return [mine + more for mine, more in zip(own, money.share(rest, values), strict=True)]


def _price(order: Order, at: int) -> int:
    return _minor(order, order.line_items[at].price, f"line_items[{at}].price")


def _lines(order: Order, kept: Sequence[int], discounts: Sequence[int]) -> tuple[orders.SnapshotLine, ...]:
    """Lines removed by an edit are left out; a line with an ordered quantity of zero or less stays, and is held."""
    return tuple(
        _line(order, at, quantity=count, discount_minor=discounts[at])
        for at, count in enumerate(kept)
        if count != 0 or order.line_items[at].quantity <= 0
    )


def _line(order: Order, at: int, *, quantity: int, discount_minor: int) -> orders.SnapshotLine:
    line = order.line_items[at]
    tax_minor = sum(
        _minor(order, tax.price, f"line_items[{at}].tax_lines[{nth}].price")
        for nth, tax in enumerate(line.tax_lines or [])
    )
    if quantity != line.quantity:
        discount_minor = money.part_of(discount_minor, quantity=quantity, of=line.quantity)
        tax_minor = money.part_of(tax_minor, quantity=quantity, of=line.quantity)
    return orders.SnapshotLine(
        external_line_id=str(line.id),
        sku=Sku(line.sku or ""),
        title=line.name or line.title or "",
        quantity=quantity,
        unit_price_minor=_price(order, at),
        discount_minor=discount_minor,
        tax_minor=tax_minor,
        requires_shipping=line.requires_shipping is not False,
    )


def _total_and_tax(order: Order, *, whole: bool) -> tuple[int, int]:
    """`total_price` is the original order and never changes; after lines were removed, the current total counts."""
    if whole or order.current_total_price is None:
        return _minor(order, order.total_price, "total_price"), _minor(order, order.total_tax, "total_tax")
    return (
        _minor(order, order.current_total_price, "current_total_price"),
        _minor(order, order.current_total_tax, "current_total_tax"),
    )


def _payment(order: Order) -> orders.SnapshotPayment:
    gateways = order.payment_gateway_names or []
    is_paid = order.financial_status in _PAID
    total = _minor(order, order.total_price, "total_price")
    if order.total_outstanding is None:
        paid = total if is_paid else 0
    else:
        paid = total - _minor(order, order.total_outstanding, "total_outstanding")
    return orders.SnapshotPayment(
        gateway=gateways[0] if gateways else "",
        method=", ".join(gateways[1:]),
        paid_minor=max(0, paid),
        is_paid=is_paid,
        on_delivery=any(_is_cash_on_delivery(name) for name in gateways),
    )


def _is_cash_on_delivery(gateway: str) -> bool:
    words = gateway.casefold().replace("_", " ")
    return "cash on delivery" in words or words == "cod"


def _address(address: MailingAddress | None, *, email: str) -> orders.Address | None:
    if address is None:
        return None
    return orders.Address(
        name=address.name or " ".join(filter(None, (address.first_name, address.last_name))),
        phone=address.phone or "",
        email=email,
        company=address.company or "",
        line1=address.address1 or "",
        line2=address.address2 or "",
        city=address.city or "",
        state=address.province or "",
        state_code=address.province_code or "",
        postal_code=address.zip or "",
        country=address.country_code or "",
        latitude=None if address.latitude is None else float(address.latitude),
        longitude=None if address.longitude is None else float(address.longitude),
    )
