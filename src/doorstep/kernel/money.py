"""Money is a whole number of minor units and a currency; no float ever touches it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from doorstep.kernel import errors

# ISO 4217 minor units where they are not two; the currencies a retailer of ours may meet.
_EXPONENTS = {
    "JPY": 0,
    "KRW": 0,
    "VND": 0,
    "CLP": 0,
    "ISK": 0,
    "UGX": 0,
    "BHD": 3,
    "KWD": 3,
    "OMR": 3,
    "JOD": 3,
    "TND": 3,
}
CURRENCIES = frozenset(
    "AED AUD BHD BRL CAD CHF CLP CNY CZK DKK EUR GBP HKD HUF IDR ILS INR ISK JOD JPY KRW KWD LKR MXN MYR NOK "
    "NPR NZD OMR PHP PLN QAR RON SAR SEK SGD THB TND TRY TWD UGX USD VND ZAR".split()
)
_MAX_MINOR = 2**63 - 1
_PLAIN_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def exponent(currency: str) -> int:
    """Decimal places of a currency's minor unit; raises Invalid for an unknown currency."""
    if currency not in CURRENCIES:
        raise errors.Invalid(
            f"Unknown currency {currency!r}: use an ISO 4217 code such as INR.", field="currency"
        )
    return _EXPONENTS.get(currency, 2)


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
    places = exponent(currency)
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
    return Money(int(minor), currency)


def zero(currency: str) -> Money:
    """Nothing, in a currency."""
    return Money(0, currency)


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
    """Minor units that `quantity` of `of` pieces carry, after `already` pieces took theirs; the last takes the rest.

    Cumulative rounding: however an amount is split over calls, the pieces add up to it exactly.
    """
    return amount * (already + quantity) // of - amount * already // of
