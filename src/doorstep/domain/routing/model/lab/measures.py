"""Measure the result of a rule set over a period, in numbers that can be compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import msgspec

from doorstep.domain.routing.model.lab.replay import OrderResult
from doorstep.kernel.ids import LocationId

Mark = Literal["better", "worse", "same"]
# A change that is too small to be visible in the figures does not count.
_NOTICED = 0.0005


class Load(msgspec.Struct, frozen=True):
    """Work of a location on a day (UTC)."""

    location: str
    day: date
    orders: int
    units: int


class Measured(msgspec.Struct, frozen=True):
    """Totals of a replay. `served` orders were allocated something; `splits` of them came in several parcels.

    Money is in minor units, `misses` is the sum of the probabilities to miss the promise, `seconds` the time spent deciding.
    """

    orders: int = 0
    served: int = 0
    cost_minor: int = 0
    parcels: int = 0
    splits: int = 0
    km: int = 0
    misses: float = 0.0
    co2_grams: int = 0
    short_units: int = 0
    seconds: float = 0.0
    loads: tuple[Load, ...] = ()

    @property
    def a_second(self) -> float:
        """Orders decided per second."""
        return self.orders / self.seconds if self.seconds else 0.0


def measure(
    outcomes: Sequence[OrderResult], *, codes: Mapping[LocationId, str], seconds: float = 0.0
) -> Measured:
    """Sum up the results of all orders."""
    served = [each for each in outcomes if each.choices]
    scores = [each.scores for each in served]
    return Measured(
        orders=len(outcomes),
        served=len(served),
        cost_minor=sum(each.cost_minor for each in scores),
        parcels=sum(each.parcels for each in scores),
        splits=sum(len({choice.location_id for choice in each.choices}) > 1 for each in served),
        km=sum(each.km for each in scores),
        misses=sum(each.miss for each in scores),
        co2_grams=sum(each.co2_grams for each in scores),
        short_units=sum(each.short_units for each in outcomes),
        seconds=seconds,
        loads=_loads(served, codes),
    )


def _loads(served: Sequence[OrderResult], codes: Mapping[LocationId, str]) -> tuple[Load, ...]:
    orders: dict[tuple[str, date], int] = {}
    units: dict[tuple[str, date], int] = {}
    for each in served:
        day = each.at.date()
        for choice in each.choices:
            key = codes[choice.location_id], day
            units[key] = units.get(key, 0) + choice.quantity
        for location in {choice.location_id for choice in each.choices}:
            key = codes[location], day
            orders[key] = orders.get(key, 0) + 1
    return tuple(Load(code, day, orders[code, day], units[code, day]) for code, day in sorted(orders))


@dataclass(frozen=True, slots=True)
class Measure:
    """One line of a comparison; smaller is better. `unit` is money, number, percent, km or grams."""

    key: str
    label: str
    unit: str
    of: Callable[[Measured], float]


def _of_served(total: Callable[[Measured], float], times: float = 1.0) -> Callable[[Measured], float]:
    """A total per served order."""
    return lambda each: times * total(each) / each.served if each.served else 0.0


MEASURES = (
    Measure("cost", "Cost per order", "money", _of_served(lambda each: each.cost_minor)),
    Measure("parcels", "Parcels per order", "number", _of_served(lambda each: each.parcels)),
    Measure("splits", "Orders in several parcels", "percent", _of_served(lambda each: each.splits, 100)),
    Measure("km", "Distance per order", "km", _of_served(lambda each: each.km)),
    Measure("misses", "Expected missed promises", "number", lambda each: each.misses),
    Measure("co2", "CO₂ per order", "grams", _of_served(lambda each: each.co2_grams)),
    Measure("unfilled", "Units not allocated", "number", lambda each: each.short_units),
)
KEYS = tuple(each.key for each in MEASURES)


@dataclass(frozen=True, slots=True)
class Compared:
    """A measure under both rule sets. `ratio` is after by before; None if before is zero."""

    measure: Measure
    before: float
    after: float

    @property
    def ratio(self) -> float | None:
        if self.before:
            return self.after / self.before
        return None if self.after else 1.0

    @property
    def mark(self) -> Mark:
        """Whether it became better or worse by a visible amount."""
        if abs(self.after - self.before) <= _NOTICED * max(abs(self.before), abs(self.after)):
            return "same"
        return "better" if self.after < self.before else "worse"


def compare(before: Measured, after: Measured) -> list[Compared]:
    """Compare two results, measure by measure."""
    return [Compared(each, each.of(before), each.of(after)) for each in MEASURES]


@dataclass(frozen=True, slots=True)
class Busy:
    """A location under both rule sets: orders and units in total, and on its busiest day."""

    location: str
    orders: tuple[int, int]
    units: tuple[int, int]
    peak: tuple[int, int]


def busy(before: Measured, after: Measured) -> list[Busy]:
    """The work of each location, the most work first."""
    names = sorted({each.location for side in (before, after) for each in side.loads})
    found = [_busy(name, before, after) for name in names]
    return sorted(found, key=lambda each: (-max(each.orders), each.location))


def _busy(name: str, before: Measured, after: Measured) -> Busy:
    mine = [[each for each in side.loads if each.location == name] for side in (before, after)]
    old, new = mine
    return Busy(
        name,
        (sum(each.orders for each in old), sum(each.orders for each in new)),
        (sum(each.units for each in old), sum(each.units for each in new)),
        (max((each.orders for each in old), default=0), max((each.orders for each in new), default=0)),
    )
