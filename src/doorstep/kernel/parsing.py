"""Parse partner documents into types: exact numbers, errors that name their place."""

from __future__ import annotations

import functools
import json
import re
from decimal import Decimal
from typing import TypeVar, cast

import msgspec

from doorstep.kernel import errors, money

Shape = TypeVar("Shape")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")  # not after a backslash that is escaped itself
_PLACE = re.compile(r" - at `(key in )?\$(?P<place>[^`]*)`$")
_MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]*)`")


def read(body: bytes, shape: type[Shape]) -> Shape:
    """Decode JSON into a msgspec type. Fractions become Decimal, whole numbers keep every digit.

    Raises Invalid; `field` is the failing place as in `line_items[0].sku` (empty: the document itself).
    """
    if b"\\u0000" in body and _NUL.search(body):  # the first test is a hundred times faster
        raise errors.Invalid("The document has a NUL character, which no text may have.", field="")
    try:
        return cast("Shape", _decoder(shape).decode(body))  # type: ignore[arg-type]  # every class is hashable
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return shaped(parse(body), shape)  # slower, takes numbers of any length, and names the place


@functools.cache
def _decoder(shape: type) -> msgspec.json.Decoder[object]:
    """Decode bytes directly into the type: a fifth of the time (docs/performance.md)."""
    return msgspec.json.Decoder(shape, float_hook=Decimal)


def parse(body: bytes) -> object:
    """Decode JSON without rounding any number; raises Invalid."""
    try:
        document: object = json.loads(body, parse_float=Decimal)
    except (ValueError, RecursionError) as problem:
        raise errors.Invalid(f"The document is not JSON: {problem}.", field="") from problem
    return document


def shaped(document: object, shape: type[Shape], *, at: str = "") -> Shape:
    """Convert a parsed document into a msgspec type; `at` is put before the failing place. Raises Invalid."""
    try:
        return msgspec.convert(document, shape)
    except msgspec.ValidationError as problem:
        place = _place(str(problem))
        where = f"{at}.{place}".strip(".") if at else place
        reason = _PLACE.sub("", str(problem))
        raise errors.Invalid(f"{where or 'The document'}: {reason}.", field=where) from problem


def _place(complaint: str) -> str:
    found = _PLACE.search(complaint)
    place = found["place"].lstrip(".") if found else ""
    missing = _MISSING.match(complaint)
    return f"{place}.{missing['name']}".lstrip(".") if missing else place


def minor_units(amount: Decimal, currency: str, *, at: str) -> int:
    """Major units to minor ones, exactly; of a currency that ISO 4217 does not list, to `money.UNKNOWN_PLACES`.

    Raises Invalid with `at` as the place, for what is no amount or is finer than the currency.
    """
    if not amount.is_finite():
        raise errors.Invalid(f"{at}: {amount} is not an amount of money.", field=at)
    try:
        return _minor_units(amount, currency)
    except errors.Invalid as problem:
        raise errors.Invalid(f"{at}: {problem.message}", field=at) from problem


@functools.lru_cache(maxsize=16_384)
def _minor_units(amount: Decimal, currency: str) -> int:
    """Cached: shops have few prices, and every order has many zeros."""
    return money.parse_any(str(amount), currency)
