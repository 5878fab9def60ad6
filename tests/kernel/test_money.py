"""Amounts are exact, and split amounts add up."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel import errors, money
from doorstep.kernel.money import Money

AMOUNTS = st.integers(min_value=-(10**15), max_value=10**15)


@given(AMOUNTS, st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=30))
def test_shares_add_up(amount: int, weights: list[int]) -> None:
    parts = money.share(amount, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == amount


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**6), min_size=2, max_size=20))
def test_shares_of_the_first_parts_are_never_too_large(amount: int, weights: list[int]) -> None:
    total = sum(weights)
    for part, weight in zip(money.share(amount, weights)[:-1], weights[:-1], strict=True):
        assert part * total <= amount * weight


@given(AMOUNTS, st.lists(st.integers(min_value=1, max_value=50), min_size=1, max_size=20))
def test_units_add_up_however_they_are_split(amount: int, quantities: list[int]) -> None:
    units = sum(quantities)
    taken = 0
    parts = []
    for quantity in quantities:
        parts.append(money.part_of(amount, quantity=quantity, of=units, already=taken))
        taken += quantity
    assert sum(parts) == amount


@given(AMOUNTS, st.sampled_from(sorted(money.CURRENCIES)))
def test_text_round_trip(minor: int, currency: str) -> None:
    amount = Money(minor, currency)
    assert money.parse(format(amount.decimal(), "f"), currency) == amount


def test_examples() -> None:
    assert money.share(100, [1, 1, 1]) == [33, 33, 34]
    assert money.share(-100, [1, 1, 1])[2] == -100 - 2 * money.share(-100, [1, 1, 1])[0]
    assert money.share(7, [0, 0]) == [0, 7]
    assert money.share(7, []) == []
    assert [money.part_of(1000, quantity=1, of=3, already=taken) for taken in range(3)] == [333, 333, 334]


def test_arithmetic() -> None:
    one, two = money.parse("1499.00", "INR"), money.parse("0.50", "INR")
    assert (one + two, one - two, two * 3, -two) == (
        Money(149950, "INR"), Money(149850, "INR"), Money(150, "INR"), Money(-50, "INR"),
    )  # fmt: skip
    assert two < one
    assert str(one) == "INR 1,499.00"


@pytest.mark.parametrize(
    ("currency", "places"), [("INR", 2), ("JPY", 0), ("KWD", 3), ("EGP", 2), ("CLF", 4), ("HUF", 2)]
)
def test_minor_units(currency: str, places: int) -> None:
    assert money.exponent(currency) == places
    assert Money(12345, currency).decimal() == Decimal(12345).scaleb(-places)


@pytest.mark.parametrize(
    "text", ["1,499.00", "", "abc", "1e3", "NaN", "Infinity", "1.999", "+1", " 1", "9" * 30, "9" * 99_999]
)
def test_what_is_no_amount(text: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        money.parse(text, "INR")
    assert caught.value.data["field"] == "amount"


def test_currencies_do_not_mix() -> None:
    with pytest.raises(errors.Invalid, match="Cannot mix INR and USD"):
        Money(1, "INR") + Money(1, "USD")
    with pytest.raises(errors.Invalid, match="Unknown currency 'XXX'"):
        money.parse("1", "XXX")


@pytest.mark.parametrize("code", ["XYZ", "XXX", "XAU", "", "doubloons"])
def test_amounts_of_an_unknown_currency_are_kept_as_they_came(code: str) -> None:
    assert money.text(money.parse_any("450.5000", code), code) == "450.5"
    assert money.text(money.parse_any("1.2345", code), code) == "1.2345"
    assert money.text(money.parse_any("1000", code), code) == "1000"
    with pytest.raises(errors.Invalid):
        money.exponent(code)
    with pytest.raises(errors.Invalid, match="more than 4 decimal places"):
        money.parse_any("0.00001", code)
