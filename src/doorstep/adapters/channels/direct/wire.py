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

    sku: Name
    quantity: Annotated[int, Meta(ge=-1_000_000, le=1_000_000)]
    unit_price_minor: Minor
    id: Annotated[str, Meta(max_length=200)] = ""
    title: Text = ""
    discount_minor: Minor = 0
    tax_minor: Minor = 0
    requires_shipping: bool = True


class Payment(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """How it is or will be paid."""

    gateway: Text = ""
    method: Text = ""
    paid_minor: Minor = 0
    is_paid: bool = False
    on_delivery: bool = False


class Address(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The address; `country` is ISO 3166-1 alpha-2, `state_code` the ISO 3166-2 part after the country."""

    name: Text = ""
    phone: Text = ""
    email: Text = ""
    company: Text = ""
    line1: Text = ""
    line2: Text = ""
    city: Text = ""
    state: Text = ""
    state_code: Text = ""
    postal_code: Text = ""
    country: Text = ""
    latitude: Annotated[float, Meta(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Meta(ge=-180, le=180)] | None = None


class Order(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A complete order. A newer `updated_at` of the same `external_id` changes it, an older one has no effect.

    A higher `priority` goes first, `promised_at` is the date promised to the customer, `ship_by` until when it must leave, `origin` the code of the location that sold
    it, `pickup` the code of the one where the customer collects it. Default of `total_minor`: the sum of lines, shipping, tip and tax.
    """

    external_id: Name
    placed_at: Annotated[datetime, Meta(tz=True)]
    currency: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    lines: Annotated[list[Line], Meta(max_length=1_000)]
    number: Annotated[str, Meta(max_length=200)] = ""
    updated_at: Annotated[datetime, Meta(tz=True)] | None = None
    total_minor: Minor | None = None
    shipping_minor: Minor = 0
    tax_minor: Minor = 0
    tip_minor: Minor = 0
    tax_included: bool = True
    payment: Payment = Payment()
    shipping_address: Address | None = None
    billing_address: Address | None = None
    customer_id: Text = ""
    email: Text = ""
    phone: Text = ""
    shipping_method: Text = ""
    source: Text = ""
    note: Text = ""
    tags: Annotated[list[Name], Meta(max_length=100)] = []
    cart_reference: Annotated[str, Meta(max_length=200)] = ""
    priority: Annotated[int, Meta(ge=-100, le=100)] = 0
    promised_at: Annotated[datetime, Meta(tz=True)] | None = None
    ship_after: Annotated[datetime, Meta(tz=True)] | None = None
    ship_by: Annotated[datetime, Meta(tz=True)] | None = None
    origin: Annotated[str, Meta(max_length=200)] = ""
    pickup: Annotated[str, Meta(max_length=200)] = ""
    canceled_at: Annotated[datetime, Meta(tz=True)] | None = None
    cancelled_at: Annotated[datetime, Meta(tz=True)] | None = None  # the British spelling is also accepted


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


def observe(body: bytes) -> orders.OrderSnapshot:
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
