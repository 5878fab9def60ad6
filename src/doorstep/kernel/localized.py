"""Write money and dates as the chosen language does, by CLDR's rules (Babel).

English is that of every country: day before month and 24 hours, where CLDR's plain English is the one of the USA.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from babel import dates, numbers

from doorstep.kernel import i18n
from doorstep.kernel.money import Money, exponent

_ENGLISH_DAY, _ENGLISH_WEEKDAY, _ENGLISH_TIME, _ENGLISH_JOINED = "d MMM y", "EEE d MMM", "HH:mm", "{1}, {0}"
_INDIAN = "#,##,##0"
_KEPT = 4096  # formatted values: a page has the same days, hours and counts many times


def money(amount: Money) -> str:
    """₹1,29,900.00 in India's grouping, other currencies by thousands."""
    return _money(amount, i18n.language())


@lru_cache(maxsize=_KEPT)
def _money(amount: Money, language: str) -> str:
    locale = i18n.locale_of(language)
    places = exponent(amount.currency)  # ISO 4217's: CLDR shows fewer for some currencies
    pattern = str(locale.currency_formats["standard"].pattern).replace(
        "0.00", f"0.{'0' * places}".rstrip(".")
    )
    if numbers.get_currency_symbol(amount.currency, locale=locale)[-1].isalpha():
        pattern = pattern.replace("¤#", "¤\xa0#")  # KWD 5, not KWD5
    if language == i18n.ENGLISH and amount.currency == "INR":
        pattern = pattern.replace("#,##0", _INDIAN)
    text = numbers.format_currency(
        amount.decimal(), amount.currency, format=pattern, locale=locale, currency_digits=False
    )
    return text.replace("-", "−")


def day(given: date) -> str:
    """24 Dec 2026."""
    return _day(given.year, given.month, given.day, i18n.language())


@lru_cache(maxsize=_KEPT)
def _day(year: int, month: int, number_: int, language: str) -> str:
    pattern = _ENGLISH_DAY if language == i18n.ENGLISH else "medium"
    return dates.format_date(date(year, month, number_), pattern, locale=i18n.locale_of(language))


def weekday(given: date) -> str:
    """Sun 29 Nov."""
    locale = i18n.locale_of(i18n.language())
    if locale.language == i18n.ENGLISH:
        return dates.format_date(given, _ENGLISH_WEEKDAY, locale=locale)
    return dates.format_skeleton("MMMEd", given, locale=locale)


def moment(local: datetime) -> str:
    """22 Nov 2026, 14:05, of a time in the zone of its reader."""
    language = i18n.language()
    joined = _ENGLISH_JOINED if language == i18n.ENGLISH else _joined(language)
    return joined.replace("{1}", day(local)).replace("{0}", _time(local.hour, local.minute, language))


@lru_cache
def _joined(language: str) -> str:
    """How a language joins a day and a time."""
    return str(i18n.locale_of(language).datetime_formats["medium"]).replace("'", "")


@lru_cache(maxsize=_KEPT)
def _time(hour: int, minute: int, language: str) -> str:
    at = datetime(2000, 1, 1, hour, minute)  # noqa: DTZ001 - only its hour and minute are shown
    if language == i18n.ENGLISH:
        return dates.format_time(at.time(), _ENGLISH_TIME, locale=i18n.locale_of(language))
    return dates.format_skeleton("Hm", at, locale=i18n.locale_of(language))
