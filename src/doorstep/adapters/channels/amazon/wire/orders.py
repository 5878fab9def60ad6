"""Amazon's orders (Orders 2026-01-01) as order snapshots."""

from __future__ import annotations

import re
from datetime import datetime

import msgspec

from doorstep.adapters.channels.amazon.wire import proceeds
from doorstep.adapters.channels.amazon.wire.proceeds import Item, Proceeds
from doorstep.domain.orders.model import (
    Address,
    Handling,
    OrderSnapshot,
    ReportedFulfillment,
    SnapshotLine,
    SnapshotPayment,
)
from doorstep.kernel import errors, parsing
from doorstep.kernel.ids import Sku

CANCELED = "CANCELLED"
_PENDING = frozenset({"PENDING", "PENDING_AVAILABILITY"})
_OPEN = frozenset({"UNSHIPPED", "PARTIALLY_SHIPPED", *_PENDING})
_FAST = frozenset({"SAME_DAY", "NEXT_DAY", "SECOND_DAY", "EXPEDITED", "PRIORITY"})
_STATE_CODE = re.compile(r"[A-Z]{2,3}")


class SalesChannel(msgspec.Struct, rename="camel"):
    """Where the order was placed."""

    channel_name: str = ""
    marketplace_id: str = ""


class CustomerAddress(msgspec.Struct, rename="camel"):
    """Where it goes. Parts that Amazon does not give (any more) are missing."""

    name: str | None = None
    company_name: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    address_line3: str | None = None
    city: str | None = None
    district_or_county: str | None = None
    state_or_region: str | None = None
    municipality: str | None = None
    postal_code: str | None = None
    country_code: str | None = None
    phone: str | None = None


class DeliveryPreference(msgspec.Struct, rename="camel"):
    """What the customer says about the delivery."""

    drop_off_location: str | None = None
    address_instruction: str | None = None


class Recipient(msgspec.Struct, rename="camel"):
    """Who gets it."""

    delivery_address: CustomerAddress | None = None
    delivery_preference: DeliveryPreference | None = None


class Span(msgspec.Struct, rename="camel"):
    """A time range of which either end may be missing."""

    earliest_date_time: datetime | None = None
    latest_date_time: datetime | None = None


class Fulfillment(msgspec.Struct, rename="camel"):
    """How it is shipped, by whom and until when."""

    fulfillment_status: str
    fulfilled_by: str = ""
    fulfillment_service_level: str = ""
    ship_by_window: Span | None = None
    deliver_by_window: Span | None = None


class PackageItem(msgspec.Struct, rename="camel"):
    """Units of an item in a package."""

    order_item_id: str
    quantity: int


class Package(msgspec.Struct, rename="camel"):
    """A package that was confirmed to Amazon."""

    package_reference_id: str
    tracking_number: str | None = None
    carrier: str | None = None
    package_items: list[PackageItem] = []


class PaymentExecution(msgspec.Struct, rename="camel"):
    """How a part was paid, in the marketplaces that say it."""

    payment_method: str | None = None


class Payment(msgspec.Struct, rename="camel"):
    """How the order was paid."""

    payment_executions: list[PaymentExecution] | None = None


class Order(msgspec.Struct, rename="camel"):
    """An order. Which datasets it has depends on `includedData` and on the application's roles."""

    order_id: str
    created_time: datetime
    last_updated_time: datetime
    sales_channel: SalesChannel
    order_items: list[Item]
    programs: list[str] | None = None
    recipient: Recipient | None = None
    proceeds: Proceeds | None = None
    payment: Payment | None = None
    fulfillment: Fulfillment | None = None
    packages: list[Package] | None = None

    @property
    def status(self) -> str:
        return self.fulfillment.fulfillment_status if self.fulfillment else ""


class Pagination(msgspec.Struct, rename="camel"):
    """Where the next page is."""

    next_token: str | None = None


class SearchAnswer(msgspec.Struct, rename="camel"):
    """A page of orders, each as it came."""

    orders: list[msgspec.Raw]
    pagination: Pagination | None = None


class GetAnswer(msgspec.Struct, rename="camel"):
    """One order, as it came."""

    order: msgspec.Raw


class Head(msgspec.Struct, rename="camel"):
    """Which order it is, when it was changed, and where it was placed."""

    order_id: str
    last_updated_time: datetime
    sales_channel: SalesChannel


def parse(body: bytes, *, orders_from: datetime, takes_over_open: bool) -> OrderSnapshot:
    """An order as it stands at Amazon. Raises Invalid."""
    order = parsing.read(body, Order)
    for field, moment in (("createdTime", order.created_time), ("lastUpdatedTime", order.last_updated_time)):
        if moment.tzinfo is None:
            raise errors.Invalid(f"{field}: the time has no zone.", field=field)
    items = [item for item in order.order_items if not item.is_canceled] or order.order_items
    currency = proceeds.currency_of(order.proceeds, items)
    money = proceeds.add_up(order.proceeds, items, currency)
    handling = _handling(order, orders_from=orders_from, takes_over_open=takes_over_open)
    fulfillment = order.fulfillment or Fulfillment("")
    ship, deliver = fulfillment.ship_by_window or Span(), fulfillment.deliver_by_window or Span()
    lines = tuple(
        _line(item, amounts, is_open=order.status in _OPEN)
        for item, amounts in zip(items, money.items, strict=True)
    )
    return OrderSnapshot(
        external_id=order.order_id,
        number=order.order_id,
        version_at=order.last_updated_time,
        placed_at=order.created_time,
        currency=currency,
        lines=lines,
        total_minor=money.total_minor,
        shipping_minor=money.shipping_minor,
        tax_minor=money.tax_minor,
        tip_minor=money.tip_minor,
        tax_included=money.tax_included,
        payment=_payment(order, money.total_minor),
        shipping_address=_address(order.recipient),
        shipping_method=fulfillment.fulfillment_service_level,
        source=order.sales_channel.marketplace_id,
        note=_note(order),
        tags=_tags(order),
        canceled_at=order.last_updated_time if order.status == CANCELED else None,
        priority=_priority(order, fulfillment.fulfillment_service_level),
        promised_at=deliver.latest_date_time,
        ship_after=ship.earliest_date_time,
        ship_by=ship.latest_date_time,
        handling=handling,
        cancel_request=_cancel_request(order),
        fulfillments=tuple(_package(order.order_id, each) for each in order.packages or []),
    )


def _package(order_id: str, package: Package) -> ReportedFulfillment:
    """A confirmed package. Its number is unique within its order only."""
    lines: dict[str, int] = {}
    for item in package.package_items:
        lines[item.order_item_id] = lines.get(item.order_item_id, 0) + item.quantity
    numbers = (package.tracking_number,) if package.tracking_number else ()
    return ReportedFulfillment(
        f"{order_id}/{package.package_reference_id}",
        lines,
        tracking_numbers=numbers,
        carrier=package.carrier or "",
    )


def _handling(order: Order, *, orders_from: datetime, takes_over_open: bool) -> Handling:
    """Whose work it is. Orders that Amazon ships and orders that were shipped before they came here are only shown."""
    is_open = order.status in _OPEN
    if order.fulfillment is None:
        return Handling.WAITING  # no data yet to decide by; the next version has it
    if order.fulfillment.fulfilled_by == "AMAZON":
        return Handling.ELSEWHERE
    if order.created_time < orders_from and not (is_open and takes_over_open):
        return Handling.HISTORY
    if order.status in _PENDING:
        return Handling.WAITING
    if order.status in {"SHIPPED", "UNFULFILLABLE"}:
        return Handling.ELSEWHERE
    if any(0 < item.fulfilled < item.quantity_ordered for item in order.order_items):
        return Handling.PARTLY_SHIPPED
    return Handling.OURS


def _line(item: Item, amounts: proceeds.Amounts, *, is_open: bool) -> SnapshotLine:
    """A line. One that was shipped completely before the order came here needs no shipping by us."""
    return SnapshotLine(
        external_line_id=item.order_item_id,
        sku=Sku(item.product.seller_sku or ""),
        title=item.product.title or item.product.asin or "",
        quantity=item.quantity_ordered,
        unit_price_minor=amounts.unit_minor,
        discount_minor=amounts.discount_minor,
        tax_minor=amounts.tax_minor,
        requires_shipping=not (is_open and 0 < item.quantity_ordered <= item.fulfilled),
    )


def _payment(order: Order, total_minor: int) -> SnapshotPayment:
    """Amazon collects; a pending order is not paid yet, a canceled one is not charged. Cash on delivery is collected by the courier."""
    methods = [
        each.payment_method
        for each in ((order.payment and order.payment.payment_executions) or ())
        if each.payment_method
    ]
    on_delivery = "CashOnDelivery" in methods or any(item.is_paid_on_delivery for item in order.order_items)
    is_paid = order.status not in {"", CANCELED, *_PENDING} and not on_delivery
    return SnapshotPayment(
        gateway="amazon",
        method=", ".join(methods),
        paid_minor=total_minor if is_paid else 0,
        is_paid=is_paid,
        on_delivery=on_delivery,
    )


def _address(recipient: Recipient | None) -> Address | None:
    """The delivery address, without the buyer's relay mail: marketplaces write to the customer themselves."""
    found = recipient.delivery_address if recipient else None
    if found is None:
        return None
    state = found.state_or_region or ""
    more = (found.address_line2, found.address_line3)
    return Address(
        name=found.name or found.company_name or "",
        phone=found.phone or "",
        company=found.company_name or "",
        line1=found.address_line1 or "",
        line2=", ".join(each for each in more if each),
        city=found.city or found.municipality or found.district_or_county or "",
        state=state,
        state_code=state if _STATE_CODE.fullmatch(state) else "",
        postal_code=found.postal_code or "",
        country=found.country_code or "",
    )


def _note(order: Order) -> str:
    """Gift messages and delivery instructions."""
    preference = (order.recipient and order.recipient.delivery_preference) or DeliveryPreference()
    gifts = [
        f"Gift message ({item.order_item_id}): {item.gift_message}"
        for item in order.order_items
        if item.gift_message
    ]
    parts = [preference.address_instruction, preference.drop_off_location, *gifts]
    return "\n".join(each for each in parts if each)


def _cancel_request(order: Order) -> str:
    """Why the buyer asks to cancel items; empty if nobody asks."""
    asked = [item for item in order.order_items if item.is_cancel_requested and not item.is_canceled]
    reasons = dict.fromkeys(item.cancel_reason or "no reason given" for item in asked)
    names = ", ".join(item.product.seller_sku or item.order_item_id for item in asked)
    is_part = 0 < len(asked) < len(order.order_items)
    return "; ".join(reasons) + (f"; of {names}" if is_part else "")


def _tags(order: Order) -> tuple[str, ...]:
    """Programs (prime, premium, amazon-business …), and what a person or a rule may look for."""
    found = [each.lower().replace("_", "-") for each in order.programs or ()]
    if order.fulfillment and order.fulfillment.fulfilled_by == "AMAZON":
        found.append("fulfilled-by-amazon")
    if any(item.gift_message or item.gift_wrap for item in order.order_items):
        found.append("gift")
    if any(item.is_cancel_requested for item in order.order_items):
        found.append("buyer-asks-to-cancel")
    if any(item.is_marketplace_taxed for item in order.order_items):
        found.append("tax-by-marketplace")
    return tuple(dict.fromkeys(found))


def _priority(order: Order, level: str) -> int:
    """Prime and premium orders before others, fast services before standard ones."""
    is_premium = bool({"PRIME", "PREMIUM"} & set(order.programs or ()))
    return int(is_premium) + int(level in _FAST)
