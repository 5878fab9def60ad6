"""Numbers, money, dates and times in the language of the process."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import pytest

from doorstep.kernel import i18n, localized
from doorstep.kernel.money import Money

AT = datetime(2026, 9, 2, 14, 5)
AMOUNTS = [
    (Money(129_900_00, "INR"), "₹1,29,900.00"),
    (Money(-129_900_00, "USD"), "−$129,900.00"),
    (Money(5_000, "JPY"), "¥5,000"),
    (Money(1_234_500, "KWD"), "KWD\xa01,234.500"),
    (Money(150, "HUF"), "HUF\xa01.50"),
]


@pytest.mark.parametrize(("amount", "shown"), AMOUNTS)
def test_money_has_its_sign_and_the_decimals_of_the_standard(amount: Money, shown: str) -> None:
    assert localized.money(amount) == shown


def test_english_has_the_day_before_the_month_and_24_hours() -> None:
    assert (localized.day(AT), localized.moment(AT), localized.weekday(date(2026, 11, 29))) == (
        "2 Sep 2026",
        "2 Sep 2026, 14:05",
        "Sun 29 Nov",
    )
    assert (i18n.number(1_284), i18n.number(2.5), i18n.number(2.5, 2)) == ("1,284", "2.5", "2.50")


def test_another_language_writes_them_its_own_way(speak: Callable[[dict[str, str]], None]) -> None:
    speak({})
    assert (localized.day(AT), localized.moment(AT), localized.weekday(date(2026, 11, 29))) == (
        "02.09.2026",
        "02.09.2026, 14:05",
        "So., 29. Nov.",
    )
    assert (i18n.number(1_284), i18n.number(2.5), i18n.number(1_284, 2)) == ("1.284", "2,5", "1.284,00")
    assert localized.money(Money(-129_900_00, "EUR")) == "−129.900,00\xa0€"


def test_a_language_that_cldr_does_not_know_is_written_as_english() -> None:
    assert i18n.locale_of("qqz").language == i18n.ENGLISH
