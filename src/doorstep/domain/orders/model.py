"""Orders: channel snapshots, checks, line counters, order status."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import money
from doorstep.kernel.geography import country_name
from doorstep.kernel.i18n import mark
from doorstep.kernel.ids import OrderId, Sku
from doorstep.kernel.message import Listed, Message


@dataclass(frozen=True, slots=True)
class Address:
    """An address. `state_code` is the ISO 3166-2 part after the country (DL, MH); `country` ISO 3166-1 alpha-2."""

    name: str = ""
    phone: str = ""
    email: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    state_code: str = ""
    postal_code: str = ""
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class SnapshotLine:
    """One line of a snapshot. Prices are per unit, in minor units; discount and tax are for the whole line."""

    external_line_id: str
    sku: Sku
    title: str
    quantity: int
    unit_price_minor: int
    discount_minor: int = 0
    tax_minor: int = 0
    requires_shipping: bool = True


@dataclass(frozen=True, slots=True)
class SnapshotPayment:
    """Payment as the channel sees it: gateway and method as it names them, paid amount in minor units."""

    gateway: str = ""
    method: str = ""
    paid_minor: int = 0
    is_paid: bool = False
    on_delivery: bool = False


@dataclass(frozen=True, slots=True)
class ReportedFulfillment:
    """A fulfillment at the channel, whoever made it. `lines` are units by the channel's line id.

    `is_void`: it was canceled or failed there, so nothing was shipped by it.
    """

    external_id: str
    lines: Mapping[str, int]
    is_void: bool = False
    tracking_numbers: tuple[str, ...] = ()
    carrier: str = ""
    shipped_at: datetime | None = None
    delivered_at: datetime | None = None


class Handling(StrEnum):
    """What we do with an order. It is decided by the first snapshot; only a waiting one changes later.

    ours: it is checked and routed. waiting: the channel has not released it yet. partly_shipped: a part of a line had been
    shipped before the order came here, so a person decides. elsewhere: others ship it. history: it is older than the
    connection. The last two are shown only; nothing of them is reserved.
    """

    OURS = "ours"
    WAITING = "waiting"
    PARTLY_SHIPPED = "partly_shipped"
    ELSEWHERE = "elsewhere"
    HISTORY = "history"


SHOWN_ONLY = frozenset({Handling.ELSEWHERE, Handling.HISTORY})


@dataclass(frozen=True, slots=True)
class OrderSnapshot:
    """A channel's complete view of one order at `version_at`; older ones never overwrite newer ones.

    Amounts are minor units of `currency`, which may be unknown to us: such an order is stored and held.
    `cart_reference` names the cart whose reservation it uses. `priority` counts up (0 is usual), `promised_at` is what the
    customer was promised, `ship_by` until when the channel wants it shipped, `origin` the code of the selling location, `pickup` of
    the pickup location. `fulfillments` are those that the channel has, ours too; empty where it does not say.

    `cancel_request` is why the customer asks to cancel it; it is not stored: a hold asks a person, once.
    """

    external_id: str
    number: str
    version_at: datetime
    placed_at: datetime
    currency: str
    lines: tuple[SnapshotLine, ...]
    total_minor: int
    shipping_minor: int = 0
    tax_minor: int = 0
    tip_minor: int = 0
    tax_included: bool = True
    payment: SnapshotPayment = SnapshotPayment()
    shipping_address: Address | None = None
    billing_address: Address | None = None
    customer_external_id: str = ""
    email: str = ""
    phone: str = ""
    shipping_method: str = ""
    source: str = ""
    note: str = ""
    tags: tuple[str, ...] = ()
    canceled_at: datetime | None = None
    cart_reference: str = ""
    priority: int = 0
    promised_at: datetime | None = None
    ship_after: datetime | None = None
    ship_by: datetime | None = None
    origin: str = ""
    pickup: str = ""
    handling: Handling = Handling.OURS
    fulfillments: tuple[ReportedFulfillment, ...] = ()
    cancel_request: str = ""

    @property
    def stored_lines(self) -> tuple[SnapshotLine, ...]:
        """The lines as they are stored: of an order that is only shown, nothing is shipped by us."""
        if self.handling not in SHOWN_ONLY:
            return self.lines
        return tuple(replace(line, requires_shipping=False) for line in self.lines)


class HoldReason(StrEnum):
    """Why an order is held; closed vocabulary, each with a sentence for the person who must act."""

    UNKNOWN_SKU = "unknown_sku"
    BAD_QUANTITY = "bad_quantity"
    UNKNOWN_CURRENCY = "unknown_currency"
    TOTALS_DIFFER = "totals_differ"
    ADDRESS = "address"
    UNSERVICEABLE = "unserviceable"
    UNPAID = "unpaid"
    NO_LINES = "no_lines"
    NOT_RELEASED = "not_released"
    PARTLY_SHIPPED = "partly_shipped"
    CHANGED_AFTER_RELEASE = "changed_after_release"
    CANCEL_REQUESTED = "cancel_requested"
    MANUAL = "manual"


# Holds that end by themselves when their check passes.
CHECKED_HOLDS = frozenset(HoldReason) - {
    HoldReason.MANUAL,
    HoldReason.CHANGED_AFTER_RELEASE,
    HoldReason.CANCEL_REQUESTED,
}


@dataclass(frozen=True, slots=True)
class Hold:
    """A reason, and a sentence that says what is wrong and what to do."""

    reason: HoldReason
    message: Message


class OrderStatus(StrEnum):
    """The one status of an order, derived by precedence and never stored."""

    CANCELED = "canceled"
    RETURNED = "returned"
    COMPLETED = "completed"
    SHIPPED = "shipped"
    IN_FULFILLMENT = "in_fulfillment"
    HELD = "held"
    ALLOCATED = "allocated"
    SHORT = "short"
    CREATED = "created"


@dataclass(frozen=True, slots=True)
class Counters:
    """Units of a line (or of all lines) per stage; each later stage is included in the earlier ones."""

    ordered: int = 0
    allocated: int = 0
    picked: int = 0
    packed: int = 0
    shipped: int = 0
    delivered: int = 0
    canceled: int = 0
    returned: int = 0


def order_status(counters: Counters, *, held: bool, short: bool) -> OrderStatus:
    """By precedence: canceled > returned > completed > shipped > held > in fulfillment > allocated > short > created."""
    wanted = counters.ordered - counters.canceled
    if wanted <= 0 and counters.canceled > 0:
        return OrderStatus.CANCELED
    if 0 < wanted == counters.returned:
        return OrderStatus.RETURNED
    if 0 < wanted <= counters.delivered:
        return OrderStatus.COMPLETED
    rules = (
        (0 < wanted <= counters.shipped, OrderStatus.SHIPPED),
        (held, OrderStatus.HELD),
        (counters.picked > 0 or counters.shipped > 0, OrderStatus.IN_FULFILLMENT),
        (short, OrderStatus.SHORT),
        (0 < wanted <= counters.allocated, OrderStatus.ALLOCATED),
    )
    return next((word for holds, word in rules if holds), OrderStatus.CREATED)


def line_status(counters: Counters) -> str:
    """A line's status for people: Created … Delivered, Canceled."""
    wanted = counters.ordered - counters.canceled
    if wanted <= 0:
        return "Canceled"
    steps = (
        (counters.delivered, "Delivered"),
        (counters.shipped, "Shipped"),
        (counters.packed, "Packed"),
        (counters.picked, "Picked"),
        (counters.allocated, "Allocated"),
    )
    return next((word for count, word in steps if count >= wanted), "Created")


_POSTAL = {
    "IN": re.compile(r"[1-9]\d{5}"),
    "US": re.compile(r"\d{5}(-\d{4})?"),
    "NL": re.compile(r"\d{4} ?[A-Z]{2}"),
    "DE": re.compile(r"\d{5}"),
}


_NOT_RELEASED = Message(
    "The channel has not released the order yet. It continues automatically when it does."
)
_PARTLY_SHIPPED = Message(
    "A part of a line had been shipped before the order came here: ship the rest in the channel, then cancel the order here."
)


def check(
    order: OrderSnapshot, *, known_skus: Collection[str], serviceable: Mapping[str, bool] | None = None
) -> tuple[Hold, ...]:
    """Everything that keeps this order from being fulfilled; empty means approved. Orders that are only shown have no checks.

    `known_skus` are the SKUs of this order that the catalog has; `serviceable` maps country codes that we ship to.
    """
    if order.handling in SHOWN_ONLY:
        return ()
    if order.handling is Handling.WAITING:
        return (Hold(HoldReason.NOT_RELEASED, _NOT_RELEASED),)
    if order.handling is Handling.PARTLY_SHIPPED:
        return (Hold(HoldReason.PARTLY_SHIPPED, _PARTLY_SHIPPED),)
    return (
        *_check_lines(order.lines, known_skus),
        *_check_money(order),
        *_check_address(order.shipping_address, serviceable),
        *_check_payment(order),
        *([cancel_requested(order)] if order.cancel_request else []),
    )


def cancel_requested(order: OrderSnapshot) -> Hold:
    """The customer asks to cancel the order: a person decides."""
    message = Message(
        "The customer asks to cancel (%(reason)s): cancel the order in the channel, or release it to ship it.",
        reason=order.cancel_request,
    )
    return Hold(HoldReason.CANCEL_REQUESTED, message)


def _check_lines(lines: Sequence[SnapshotLine], known_skus: Collection[str]) -> list[Hold]:
    if not lines:
        return [
            Hold(
                HoldReason.NO_LINES,
                Message("The order has no lines: cancel it in the channel or add one there."),
            )
        ]
    holds = []
    unknown = sorted({line.sku for line in lines if line.sku not in known_skus})
    if unknown:
        holds.append(
            Hold(
                HoldReason.UNKNOWN_SKU,
                Message(
                    "The catalog does not have %(skus)s: add it, or correct the SKU in the channel.",
                    skus=Listed(tuple(sku or Message("(empty)") for sku in unknown)),
                ),
            )
        )
    wrong = [f"{line.sku} × {line.quantity}" for line in lines if line.quantity <= 0]
    if wrong:
        holds.append(
            Hold(
                HoldReason.BAD_QUANTITY,
                Message(
                    "A quantity must be at least 1: %(lines)s. Correct it in the channel.",
                    lines=Listed(tuple(wrong)),
                ),
            )
        )
    return holds


def expected_total(order: OrderSnapshot) -> int:
    """Lines less discounts, plus shipping, tip, and tax unless prices include it; minor units."""
    goods = sum(line.unit_price_minor * line.quantity - line.discount_minor for line in order.lines)
    return goods + order.shipping_minor + order.tip_minor + (0 if order.tax_included else order.tax_minor)


def _check_money(order: OrderSnapshot) -> list[Hold]:
    if order.currency not in money.CURRENCIES:
        return [
            Hold(
                HoldReason.UNKNOWN_CURRENCY,
                Message(
                    "Unknown currency %(currency)s: correct it in the channel.",
                    currency=order.currency or Message("(none)"),
                ),
            )
        ]
    expected = expected_total(order)
    if expected != order.total_minor:
        return [
            Hold(
                HoldReason.TOTALS_DIFFER,
                Message(
                    "The channel's total is %(total)s, the lines add up to %(sum)s: compare the order with the channel.",
                    total=money.Money(order.total_minor, order.currency),
                    sum=money.Money(expected, order.currency),
                ),
            )
        ]
    return []


def _check_address(address: Address | None, serviceable: Mapping[str, bool] | None) -> list[Hold]:
    if address is None:
        why = Message("The shipping address is missing. Ask the customer for it.")
        return [Hold(HoldReason.ADDRESS, why)]
    needed = (
        (mark("name"), address.name),
        (mark("street"), address.line1),
        (mark("city"), address.city),
        (mark("country"), address.country),
    )
    missing = tuple(Message(name) for name, value in needed if not value.strip())
    if missing:
        why = Message("The address has no %(fields)s. Ask the customer.", fields=Listed(missing))
        return [Hold(HoldReason.ADDRESS, why)]
    if serviceable is not None and not serviceable.get(address.country, False):
        return [
            Hold(
                HoldReason.UNSERVICEABLE,
                Message(
                    "No location ships to %(country)s. Cancel the order, or add one that does.",
                    country=country_name(address.country),
                ),
            )
        ]
    pattern = _POSTAL.get(address.country)
    if pattern and not pattern.fullmatch(address.postal_code.strip().upper()):
        why = Message(
            "%(code)s is not a valid postal code in %(country)s. Ask the customer.",
            code=address.postal_code or Message("(empty)"),
            country=country_name(address.country),
        )
        return [Hold(HoldReason.ADDRESS, why)]
    return []


def _check_payment(order: OrderSnapshot) -> list[Hold]:
    if order.payment.on_delivery or order.payment.is_paid:
        return []
    why = Message("Waiting for payment. The order continues automatically when it is paid.")
    return [Hold(HoldReason.UNPAID, why)]


@dataclass(frozen=True, slots=True)
class QueuePlacement:
    """The queue of an order that could not be allocated: since when, and what ends the waiting.

    It is retried at `retry_at` (None: no set time), when its SKUs come in if `wakes_on_stock`, and canceled at
    `auto_cancel_at` (None: an earlier date stays, unless `forgets_auto_cancel`).
    """

    queue: str
    reason: Message
    at: datetime
    retry_at: datetime | None
    wakes_on_stock: bool = True
    auto_cancel_at: datetime | None = None
    forgets_auto_cancel: bool = False

    @property
    def is_retried(self) -> bool:
        """Whether it is retried by itself; otherwise it waits for a person."""
        return self.retry_at is not None or self.wakes_on_stock


@dataclass(frozen=True, slots=True)
class LineCount:
    """Units of one order line."""

    order_id: OrderId
    line_no: int
    quantity: int
