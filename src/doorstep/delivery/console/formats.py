"""Write numbers, money and times for people."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from doorstep.kernel import i18n, localized
from doorstep.kernel.i18n import gettext, mark
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.money import CURRENCIES, Money, text

_SPANS = ((86400, mark("{n} d")), (3600, mark("{n} h")), (60, mark("{n} min")))


def minor(value: int, currency: str) -> str:
    """Minor units and a currency, as people read them; a currency that we do not know is shown as it came."""
    if currency in CURRENCIES:
        return localized.money(Money(value, currency))
    return f"{text(value, currency)} {currency or _('(no currency)')}"


def ago(at: datetime, now: datetime) -> str:
    """How long ago (or ahead): just now, 12 min ago, 3 h ago, 2 d ago, in 5 min."""
    span = now - at
    seconds = abs(span).total_seconds()
    if seconds < 60:  # noqa: PLR2004 - a minute
        return _("just now")
    unit, words = next((unit, words) for unit, words in _SPANS if seconds >= unit)
    size = gettext(words).format(n=int(seconds // unit))
    return (_("{span} ago") if span > timedelta(0) else _("in {span}")).format(span=size)


def moment(at: datetime, zone: ZoneInfo) -> str:
    """22 Nov 2026, 14:05 in a zone."""
    return localized.moment(at.astimezone(zone))


def place_of(zone: ZoneInfo) -> str:
    """A zone by its city: Kolkata, New York."""
    return zone.key.rpartition("/")[2].replace("_", " ")


def handler(name: str) -> str:
    """A handler's name as words: ship.buy_label as Ship: buy label."""
    flow, _dot, verb = name.replace("_.", ".").partition(".")
    return f"{flow.capitalize()}: {verb.replace('_', ' ')}" if verb else flow.replace("_", " ").capitalize()


def number(value: int | None) -> str:
    """1,284; a dash for what is not known."""
    return "–" if value is None else i18n.number(value)


def change(value: int) -> str:
    """+3, −2, 0: the difference to a number before."""
    sign = "−" if value < 0 else "+" if value else ""
    return sign + i18n.number(abs(value))


def percent_change(now: int, before: int) -> str:
    """+12 %, −3 %, or empty where there was nothing before."""
    if not before:
        return ""
    return f"{change(round(100 * (now - before) / before))} %"
