"""Partners' documents become exact typed values, and errors name the field."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from doorstep.kernel import errors, parsing


class Line(msgspec.Struct, kw_only=True):
    sku: str
    price: Decimal = Decimal(0)


class Order(msgspec.Struct, kw_only=True):
    id: int | str
    lines: list[Line]


def test_numbers_keep_every_digit() -> None:
    body = b'{"id": 123456789012345678901234567890, "lines": [{"sku": "A", "price": 0.10}]}'
    assert parsing.read(body, Order) == Order(
        id=123456789012345678901234567890, lines=[Line(sku="A", price=Decimal("0.10"))]
    )


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b'{"id": 1, "lines": [{"sku": "A"}, {"price": "1"}]}', "lines[1].sku"),
        (b'{"id": 1, "lines": [{"sku": null}]}', "lines[0].sku"),
        (b'{"id": 1, "lines": [{"sku": "A", "price": "ten"}]}', "lines[0].price"),
        (b'{"id": 1}', "lines"),
        (b'{"id": 1, "lines": {}}', "lines"),
        (b"[]", ""),
        (b"{", ""),
        (b"\xff", ""),
        (b"[" * 100_000, ""),
        (b'{"id": ' + b"9" * 5000 + b"}", ""),
    ],
)
def test_complaints_name_the_place(body: bytes, place: str) -> None:
    with pytest.raises(errors.Invalid) as caught:
        parsing.read(body, Order)
    assert caught.value.data == {"field": place}


def test_places_within_a_part_start_at_the_part() -> None:
    with pytest.raises(errors.Invalid) as caught:
        parsing.shaped({"id": 1, "lines": [{}]}, Order, at="data")
    assert caught.value.data == {"field": "data.lines[0].sku"}
    with pytest.raises(errors.Invalid) as caught:
        parsing.shaped(None, Order, at="data")
    assert caught.value.data == {"field": "data"}


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [("19.90", "INR", 1990), ("500", "JPY", 500), ("1.234", "KWD", 1234), ("7.5", "XXX", 75_000)],
)
def test_amounts_become_minor_units(amount: str, currency: str, minor: int) -> None:
    assert parsing.minor_units(Decimal(amount), currency, at="price") == minor


@pytest.mark.parametrize(
    ("amount", "currency"),
    [
        ("1.005", "INR"),
        ("0.5", "JPY"),
        ("NaN", "INR"),
        ("sNaN", "INR"),
        ("Infinity", "INR"),
        ("1E+400", "INR"),
        ("9" * 30, "INR"),
    ],
)
def test_amounts_that_are_none_are_refused(amount: str, currency: str) -> None:
    with pytest.raises(errors.Invalid, match=r"^lines\[0\].price: ") as caught:
        parsing.minor_units(Decimal(amount), currency, at="lines[0].price")
    assert caught.value.data == {"field": "lines[0].price"}


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        (rb'["a\u0000"]', True),
        (rb'["\\\u0000"]', True),
        (rb'["\\u0000"]', False),
        (rb'["u0000"]', False),
        (rb'["\u00001"]', True),
    ],
)
def test_a_nul_character_is_refused_and_its_name_is_not(body: bytes, refused: bool) -> None:
    if refused:
        with pytest.raises(errors.Invalid, match="NUL"):
            parsing.read(body, list[str])
    else:
        assert parsing.read(body, list[str])


def test_threads_that_use_types_for_the_first_time_at_once_do_not_end_the_process() -> None:
    """msgspec before 0.23 read types that another thread had not finished: a worker process ended by signal 11."""
    script = Path(__file__).with_name("first_use.py")
    assert subprocess.run([sys.executable, str(script)], check=False, timeout=60).returncode == 0
