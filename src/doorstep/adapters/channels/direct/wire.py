"""Parse Doorstep's own order document, as used by POST /api/v1/orders, imports and signed webhooks."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from doorstep.domain.orders import model as orders
from doorstep.kernel import money, parsing
from doorstep.kernel.ids import Sku

Name = Annotated[str, Meta(min_length=1, max_length=200)]
Minor = Annotated[int, Meta(ge=-(10**15), le=10**15)]
Text = Annotated[str, Meta(max_length=2_000)]


class Line(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One line; prices in minor units of the order's currency, discount and tax for the complete line."""

    sku: Annotated[Name, Meta(description="The SKU.")]
    quantity: Annotated[
        Annotated[int, Meta(ge=-1_000_000, le=1_000_000)], Meta(description="The number of units.")
    ]
    unit_price_minor: Annotated[Minor, Meta(description="The price of one unit.")]
    id: Annotated[Annotated[str, Meta(max_length=200)], Meta(description="The line's id in your system.")] = (
        ""
    )
    title: Annotated[Text, Meta(description="The title on documents.")] = ""
    discount_minor: Annotated[Minor, Meta(description="The discount of the complete line.")] = 0
    tax_minor: Annotated[Minor, Meta(description="The tax of the complete line.")] = 0
    requires_shipping: Annotated[bool, Meta(description="False: nothing is shipped, as for a gift card.")] = (
        True
    )


class Payment(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How it is or will be paid."""

    gateway: Annotated[Text, Meta(description="The gateway that took the payment.")] = ""
    method: Annotated[Text, Meta(description="The means of payment, as in upi or card.")] = ""
    paid_minor: Annotated[Minor, Meta(description="The amount that is paid.")] = 0
    is_paid: Annotated[bool, Meta(description="Whether all of it is paid.")] = False
    on_delivery: Annotated[bool, Meta(description="Whether it is paid on delivery.")] = False


class Address(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The address; `country` is ISO 3166-1 alpha-2, `state_code` the ISO 3166-2 part after the country."""

    name: Annotated[Text, Meta(description="The recipient.")] = ""
    phone: Annotated[Text, Meta(description="The phone number.")] = ""
    email: Annotated[Text, Meta(description="The e-mail address.")] = ""
    company: Annotated[Text, Meta(description="The company.")] = ""
    line1: Annotated[Text, Meta(description="Street and number.")] = ""
    line2: Annotated[Text, Meta(description="More of the address.")] = ""
    city: Annotated[Text, Meta(description="The city.")] = ""
    state: Annotated[Text, Meta(description="The state or province.")] = ""
    state_code: Annotated[Text, Meta(description="The part of its ISO 3166-2 code after the country.")] = ""
    postal_code: Annotated[Text, Meta(description="The postal code.")] = ""
    country: Annotated[Text, Meta(description="The country, ISO 3166-1 alpha-2.")] = ""
    latitude: Annotated[
        Annotated[float, Meta(ge=-90, le=90)] | None, Meta(description="The latitude in degrees, if known.")
    ] = None
    longitude: Annotated[
        Annotated[float, Meta(ge=-180, le=180)] | None,
        Meta(description="The longitude in degrees, if known."),
    ] = None


class Order(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A complete order. A newer `updated_at` of the same `external_id` changes it, an older one has no effect.

    A higher `priority` goes first, `promised_at` is the date promised to the customer, `ship_by` until when it must leave, `origin` the code of the location that sold
    it, `pickup` the code of the one where the customer collects it. Default of `total_minor`: the sum of lines, shipping, tip and tax.
    """

    external_id: Annotated[Name, Meta(description="The order's id in your system.")]
    placed_at: Annotated[
        Annotated[datetime, Meta(tz=True)], Meta(description="When the customer ordered, with its offset.")
    ]
    currency: Annotated[
        Annotated[str, Meta(pattern="^[A-Z]{3}$")], Meta(description="The currency, ISO 4217.")
    ]
    lines: Annotated[Annotated[list[Line], Meta(max_length=1_000)], Meta(description="The lines.")]
    number: Annotated[
        Annotated[str, Meta(max_length=200)],
        Meta(description="The order number that people use; default: the id."),
    ] = ""
    updated_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="The time of this version; default: placed_at."),
    ] = None
    total_minor: Annotated[
        Minor | None, Meta(description="The total; default: the sum of lines, shipping, tip and tax.")
    ] = None
    shipping_minor: Annotated[Minor, Meta(description="The shipping fee.")] = 0
    tax_minor: Annotated[Minor, Meta(description="The tax of the complete order.")] = 0
    tip_minor: Annotated[Minor, Meta(description="The tip.")] = 0
    tax_included: Annotated[bool, Meta(description="Whether prices include tax.")] = True
    payment: Annotated[Payment, Meta(description="How it is or will be paid.")] = Payment()
    shipping_address: Annotated[Address | None, Meta(description="Where it is delivered.")] = None
    billing_address: Annotated[Address | None, Meta(description="Where it is invoiced.")] = None
    customer_id: Annotated[Text, Meta(description="The customer's id in your system.")] = ""
    email: Annotated[Text, Meta(description="The customer's e-mail address.")] = ""
    phone: Annotated[Text, Meta(description="The customer's phone number.")] = ""
    shipping_method: Annotated[Text, Meta(description="The shipping method that the customer chose.")] = ""
    source: Annotated[Text, Meta(description="The kind of sale, as in web or pos.")] = ""
    note: Annotated[Text, Meta(description="The customer's note.")] = ""
    tags: Annotated[
        Annotated[list[Name], Meta(max_length=100)], Meta(description="Tags, for rules and searches.")
    ] = []
    cart_reference: Annotated[
        Annotated[str, Meta(max_length=200)],
        Meta(description="The reference of the cart whose reservation it takes over."),
    ] = ""
    priority: Annotated[
        Annotated[int, Meta(ge=-100, le=100)], Meta(description="A higher one is allocated first.")
    ] = 0
    promised_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None, Meta(description="The date promised to the customer.")
    ] = None
    ship_after: Annotated[
        Annotated[datetime, Meta(tz=True)] | None, Meta(description="Not to be shipped before.")
    ] = None
    ship_by: Annotated[
        Annotated[datetime, Meta(tz=True)] | None, Meta(description="The latest time to ship.")
    ] = None
    origin: Annotated[
        Annotated[str, Meta(max_length=200)], Meta(description="The code of the location that sold it.")
    ] = ""
    pickup: Annotated[
        Annotated[str, Meta(max_length=200)],
        Meta(description="The code of the location where the customer collects it."),
    ] = ""
    canceled_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None, Meta(description="When it was canceled.")
    ] = None
    cancelled_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None, Meta(description="The same in British spelling.")
    ] = None  # the British spelling is also accepted


class Head(msgspec.Struct):
    """The fields that identify the order; all others are checked when it is processed."""

    external_id: str = ""
    placed_at: str = ""
    updated_at: str | None = None


def event_id(body: bytes) -> str | None:
    """The order and its version, or None if the body has neither."""
    try:
        head = msgspec.json.decode(body, type=Head)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return f"{head.external_id}@{head.updated_at or head.placed_at}" if head.external_id else None


def parse(body: bytes) -> orders.OrderSnapshot:
    """Parse the order in a document. Raises Invalid with the wrong field."""
    reported = parsing.read(body, Order)
    money.exponent(reported.currency)  # amounts are in minor units: they need a known currency
    observed = orders.OrderSnapshot(
        external_id=reported.external_id,
        number=reported.number or reported.external_id,
        version_at=reported.updated_at or reported.placed_at,
        placed_at=reported.placed_at,
        currency=reported.currency,
        lines=tuple(_line(line, place) for place, line in enumerate(reported.lines, start=1)),
        total_minor=reported.total_minor or 0,
        shipping_minor=reported.shipping_minor,
        tax_minor=reported.tax_minor,
        tip_minor=reported.tip_minor,
        tax_included=reported.tax_included,
        payment=orders.SnapshotPayment(**msgspec.structs.asdict(reported.payment)),
        shipping_address=_address(reported.shipping_address),
        billing_address=_address(reported.billing_address),
        customer_external_id=reported.customer_id,
        email=reported.email,
        phone=reported.phone,
        shipping_method=reported.shipping_method,
        source=reported.source,
        note=reported.note,
        tags=tuple(reported.tags),
        cart_reference=reported.cart_reference,
        priority=reported.priority,
        promised_at=reported.promised_at,
        ship_after=reported.ship_after,
        ship_by=reported.ship_by,
        origin=reported.origin,
        pickup=reported.pickup,
        canceled_at=reported.canceled_at or reported.cancelled_at,
    )
    if reported.total_minor is not None:
        return observed
    return dataclasses.replace(observed, total_minor=orders.expected_total(observed))


def _line(line: Line, place: int) -> orders.SnapshotLine:
    return orders.SnapshotLine(
        external_line_id=line.id or str(place),
        sku=Sku(line.sku),
        title=line.title or line.sku,
        quantity=line.quantity,
        unit_price_minor=line.unit_price_minor,
        discount_minor=line.discount_minor,
        tax_minor=line.tax_minor,
        requires_shipping=line.requires_shipping,
    )


def _address(reported: Address | None) -> orders.Address | None:
    return None if reported is None else orders.Address(**msgspec.structs.asdict(reported))
