"""Write numbers, money and times for people."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.money import CURRENCIES, Money, exponent, text

_SIGNS = {"INR": "₹", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}


def money(amount: Money) -> str:
    """₹1,29,900.00 in India's grouping, other currencies by thousands."""
    digits = exponent(amount.currency)
    whole, _point, cents = f"{abs(amount.decimal()):.{digits}f}".partition(".")
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
        return _("just now")
    size = next(
        (
            f"{int(seconds // unit)} {name}"
            for unit, name in ((86400, "d"), (3600, "h"), (60, "min"))
            if seconds >= unit
        ),
        "",
    )
    return (_("{span} ago") if span > timedelta(0) else _("in {span}")).format(span=size)


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


def handler(name: str) -> str:
    """A handler's name as words: ship.buy_label as Ship: buy label."""
    flow, _dot, verb = name.replace("_.", ".").partition(".")
    return f"{flow.capitalize()}: {verb.replace('_', ' ')}" if verb else flow.replace("_", " ").capitalize()


def number(value: int | None) -> str:
    """1,284; a dash for what is not known."""
    return "–" if value is None else f"{value:,}"


def change(value: int) -> str:
    """+3, −2, 0: the difference to a number before."""
    return f"{value:+,}".replace("-", "−") if value else "0"


def percent_change(now: int, before: int) -> str:
    """+12 %, −3 %, or empty where there was nothing before."""
    if not before:
        return ""
    return f"{change(round(100 * (now - before) / before))} %"
