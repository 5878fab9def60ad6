"""How numbers, times and states read to people: money, spans, badges."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from doorstep.domain.orders.model import OrderStatus
from doorstep.kernel.money import CURRENCIES, Money, exponent, text

_SIGNS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


@dataclass(frozen=True, slots=True)
class Badge:
    """A status: icon, word and meaning (neutral, info, progress, success, attention, danger)."""

    word: str
    meaning: str
    icon: str


_NEUTRAL = ("neutral", "circle")
_INFO = ("info", "calendar")
_PROGRESS = ("progress", "half")
_SUCCESS = ("success", "check")
_ATTENTION = ("attention", "eye")
_DANGER = ("danger", "alert")

_BADGES: dict[str, tuple[str, tuple[str, str]]] = {
    OrderStatus.CREATED: ("Created", _NEUTRAL),
    OrderStatus.ALLOCATED: ("Allocated", _INFO),
    OrderStatus.SHORT: ("Short of stock", _ATTENTION),
    OrderStatus.HELD: ("Held", _ATTENTION),
    OrderStatus.IN_FULFILLMENT: ("In fulfillment", _PROGRESS),
    OrderStatus.SHIPPED: ("Shipped", _PROGRESS),
    OrderStatus.COMPLETED: ("Completed", _SUCCESS),
    OrderStatus.RETURNED: ("Returned", _NEUTRAL),
    OrderStatus.CANCELLED: ("Cancelled", _NEUTRAL),
    "planned": ("Planned", _NEUTRAL),
    "open": ("To accept", _INFO),
    "accepted": ("To pick", _PROGRESS),
    "picked": ("To pack", _PROGRESS),
    "packed": ("To ship", _PROGRESS),
    "shipped": ("Shipped", _SUCCESS),
    "rejected": ("Rejected", _DANGER),
    "cancelled": ("Cancelled", _NEUTRAL),
    "paid": ("Paid", _SUCCESS),
    "unpaid": ("Unpaid", _ATTENTION),
    "on_delivery": ("COD", _INFO),
    "refunded": ("Refunded", _NEUTRAL),
    "partly_refunded": ("Partly refunded", _NEUTRAL),
    "pending": ("Pending", _NEUTRAL),
    "authorized": ("Authorized", _INFO),
    "captured": ("Captured", _SUCCESS),
    "failed": ("Failed", _DANGER),
    "in_doubt": ("In doubt", _DANGER),
    "requested": ("Requested", _PROGRESS),
    "succeeded": ("Credited", _SUCCESS),
    "purchased": ("Label ready", _SUCCESS),
    "voided": ("Voided", _NEUTRAL),
    "issued": ("Issued", _SUCCESS),
    "sent": ("Sent", _SUCCESS),
    "sending": ("Sending", _PROGRESS),
    "advised": ("Announced", _NEUTRAL),
    "in_transit": ("In transit", _PROGRESS),
    "arrived": ("Arrived", _ATTENTION),
    "received": ("To inspect", _ATTENTION),
    "inspected": ("Inspected", _SUCCESS),
    "not_returned": ("Not returned", _DANGER),
    "triggered": ("Refund on its way", _PROGRESS),
    "denied": ("Refund denied", _NEUTRAL),
    "delivered": ("Delivered", _SUCCESS),
    "out_for_delivery": ("Out for delivery", _PROGRESS),
    "picked_up": ("Picked up", _PROGRESS),
    "label_purchased": ("Waiting for pickup", _INFO),
    "created": ("Label wanted", _NEUTRAL),
    "failed_attempt": ("Delivery failed", _DANGER),
    "exception": ("Carrier problem", _DANGER),
    "lost": ("Lost", _DANGER),
    "damaged": ("Damaged", _DANGER),
    "rto_initiated": ("Coming back", _ATTENTION),
    "rto_in_transit": ("Coming back", _ATTENTION),
    "rto_delivered": ("Came back", _ATTENTION),
    "return_delivered": ("Return delivered", _SUCCESS),
    "live": ("Live", _SUCCESS),
    "shadow": ("Shadow", _INFO),
    "off": ("Off", _NEUTRAL),
    "transient": ("Transient", _ATTENTION),
    "data": ("Data", _DANGER),
    "auth": ("Sign-in", _DANGER),
    "bug": ("Our bug", _DANGER),
    "held": ("Held", _ATTENTION),
    "active": ("Active", _SUCCESS),
    "inactive": ("Inactive", _NEUTRAL),
    "revoked": ("Revoked", _NEUTRAL),
}


def badge(status: object) -> Badge:
    """The badge of a status; an unknown one is shown as it is, as neutral."""
    key = str(getattr(status, "value", status))
    word, (meaning, icon) = _BADGES.get(key, (key.replace("_", " ").capitalize(), _NEUTRAL))
    return Badge(word, meaning, icon)


def money(amount: Money) -> str:
    """₹1,29,900.00 in India's grouping, other currencies by thousands."""
    places = exponent(amount.currency)
    whole, _, cents = f"{abs(amount.decimal()):.{places}f}".partition(".")
    grouped = _indian(whole) if amount.currency == "INR" else f"{int(whole):,}"
    sign = _SIGNS.get(amount.currency, f"{amount.currency} ")
    return f"{'−' if amount.minor < 0 else ''}{sign}{grouped}{'.' + cents if cents else ''}"


def minor(value: int, currency: str) -> str:
    """Minor units and a currency, as people read them; a currency that we do not know is shown as it came."""
    if currency in CURRENCIES:
        return money(Money(value, currency))
    return f"{text(value, currency)} {currency or '(no currency)'}"


def _indian(digits: str) -> str:
    head, tail = digits[:-3], digits[-3:]
    pairs: list[str] = []
    while head:
        pairs.insert(0, head[-2:])
        head = head[:-2]
    return ",".join([*pairs, tail])


def ago(at: datetime, now: datetime) -> str:
    """How long ago (or ahead): just now, 12 min ago, 3 h ago, 2 d ago, in 5 min."""
    span = now - at
    seconds = abs(span).total_seconds()
    if seconds < 60:  # noqa: PLR2004 - a minute
        return "just now"
    size = next(
        (
            f"{int(seconds // unit)} {name}"
            for unit, name in ((86400, "d"), (3600, "h"), (60, "min"))
            if seconds >= unit
        ),
        "",
    )
    return f"{size} ago" if span > timedelta(0) else f"in {size}"


def moment(at: datetime, zone: ZoneInfo) -> str:
    """22 Nov 2026, 14:05 in a zone."""
    local = at.astimezone(zone)
    return f"{local.day} {local:%b %Y, %H:%M}"


def day(given: date) -> str:
    """24 Dec 2026."""
    return f"{given.day} {given:%b %Y}"


def place_of(zone: ZoneInfo) -> str:
    """A zone by its city: Kolkata, New York."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def reader(subscriber: str) -> str:
    """ship.buy_label as Ship: buy label."""
    flow, _, verb = subscriber.replace("_.", ".").partition(".")
    return f"{flow.capitalize()}: {verb.replace('_', ' ')}" if verb else flow.replace("_", " ").capitalize()


def plural(count: int, word: str, words: str = "") -> str:
    """1 piece, 3 pieces."""
    return f"{count:,} {word if count == 1 else words or word + 's'}"
