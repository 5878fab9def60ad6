"""Money: a whole number of minor units and a currency. No floats."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import iso4217

from doorstep.kernel import errors

# Codes without a minor unit (gold, test codes, "no currency") are not payable currencies.
_EXPONENTS = {each.code: each.exponent for each in iso4217.Currency if each.exponent is not None}
CURRENCIES = frozenset(_EXPONENTS)
# Amounts in an unknown currency keep this many places until a person has looked.
UNKNOWN_PLACES = 4
_MAX_MINOR = 2**63 - 1
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit; raises Invalid for an unknown currency."""
    if currency not in CURRENCIES:
        raise errors.Invalid(
            f"Unknown currency {currency!r}: use an ISO 4217 code such as INR.", field="currency"
        )
    return _EXPONENTS[currency]


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount in minor units (paise, cents) of an ISO 4217 currency."""

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def __mul__(self, quantity: int) -> Money:
        return Money(self.minor * quantity, self.currency)

    def __neg__(self) -> Money:
        return Money(-self.minor, self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise errors.Invalid(f"Cannot mix {self.currency} and {other.currency}.", field="currency")
        return other.minor

    def decimal(self) -> Decimal:
        """The amount in major units, exact."""
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def __str__(self) -> str:
        return f"{self.currency} {self.decimal():,}"


def parse(text: str, currency: str) -> Money:
    """Major units as a plain decimal string ("1,499.00" is refused, "1499.00" is right) to Money."""
    return Money(_minor(text, exponent(currency), currency), currency)


def parse_any(text: str, currency: str) -> int:
    """The same for a currency that may be unknown: then to UNKNOWN_PLACES, so that nothing is rounded or assumed."""
    return _minor(text, _EXPONENTS.get(currency, UNKNOWN_PLACES), currency)


def text(minor: int, currency: str) -> str:
    """Major units as text, without the currency: 1499.00; of an unknown currency without trailing zeros, as it came."""
    if currency in CURRENCIES:
        return f"{Money(minor, currency).decimal():f}"
    return f"{Decimal(minor).scaleb(-UNKNOWN_PLACES).normalize():f}"


def _minor(text: str, places: int, currency: str) -> int:
    if not _PLAIN_NUMBER.fullmatch(text):
        raise errors.Invalid(
            f"{text!r} is not an amount: write digits and a point, as in 1499.00.", field="amount"
        )
    try:
        minor = Decimal(text).scaleb(places)
    except InvalidOperation as problem:
        raise errors.Invalid(f"{text!r} is too long for an amount.", field="amount") from problem
    if minor != minor.to_integral_value():
        raise errors.Invalid(
            f"{text!r} has more than {places} decimal places for {currency}.", field="amount"
        )
    if abs(minor) > _MAX_MINOR:
        raise errors.Invalid(f"{text!r} is larger than an amount can be.", field="amount")
    return int(minor)


def share(amount: int, weights: Sequence[int]) -> list[int]:
    """Split minor units by weight so that the parts add up exactly; the remainder goes to the last part.

    With all weights zero the whole amount is on the last part. Amounts may be negative.
    """
    if not weights:
        return []
    total = sum(weights)
    parts = [amount * weight // total if total else 0 for weight in weights[:-1]]
    return [*parts, amount - sum(parts)]


def part_of(amount: int, *, quantity: int, of: int, already: int = 0) -> int:
    """Minor units that `quantity` of `of` units carry, after `already` units took theirs; the last takes the remainder.

    Cumulative rounding: however an amount is split over calls, the parts add up to it exactly.
    """
    return amount * (already + quantity) // of - amount * already // of
