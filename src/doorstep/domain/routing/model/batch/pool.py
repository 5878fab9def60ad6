"""Represent a batch as arrays: every way to serve a unit from a location, and the scarce stock it takes.

Columns x are (order, unit, location), columns y (order, location). Stock that exceeds the demand of the whole batch is not
scarce and needs no row.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from doorstep.domain.routing.model.batch.member import Member
from doorstep.domain.routing.model.demand import StockKey
from doorstep.kernel.ids import LocationId

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
RoutingLocation = LocationId | None
Served = list[tuple[RoutingLocation, ...]]


@dataclass(frozen=True, slots=True)
class Columns:
    """The columns of one order. `unit`, `stop` and `cost` are of x, where `stop` is the number of its y; `locations` and `toll` are of y.

    `row` and `need` are what an x takes: `of` is its number, `row` the scarce stock, `need` how many of it.
    `may_wait` marks units that are unserved now: only these may stay unserved.
    """

    locations: tuple[LocationId, ...]
    toll: Floats
    unit: Ints
    stop: Ints
    cost: Floats
    of: Ints
    row: Ints
    need: Floats
    may_wait: NDArray[np.bool_]
    units: int
    most: int
    slot: Ints
    x_by_location: dict[tuple[int, LocationId], int]


@dataclass(slots=True)
class Pool:
    """All orders of a batch, the scarce stock (`stock`, by row), and the current location of each unit. `left` is the stock of a
    key at a location for these orders, `capacity` the remaining capacity of a location's shift in orders.

    Rows are (component, location), and ("", location) for the capacity of a location's shift. `waits` is the cost, per order and
    unit, of not serving it: the value of its units by the rule set, but at least twice the highest cost of serving any unit.
    """

    members: Sequence[Member]
    left: Callable[[StockKey, LocationId], int]
    capacity: Mapping[LocationId, int]
    columns: list[Columns] = field(init=False)
    rows: dict[tuple[StockKey, LocationId], int] = field(init=False)
    stock: Floats = field(init=False)
    served: Served = field(init=False)
    waits: list[Floats] = field(init=False)

    def __post_init__(self) -> None:
        requested = _requested(self.members)
        scarce = {key: left for key, quantity in requested.items() if (left := self._left(*key)) < quantity}
        self.rows = {key: number for number, key in enumerate(scarce)}
        self.stock = np.array(list(scarce.values()), dtype=np.float64)
        self.columns = [_columns(member, self.rows) for member in self.members]
        self.served = [member.served for member in self.members]
        dearest = max(
            [float(each.toll.max(initial=0.0) + each.cost.max(initial=0.0)) for each in self.columns]
        )
        self.waits = [np.maximum(2 * dearest + 1, _worth(member)) for member in self.members]

    def _left(self, component: StockKey, location: LocationId) -> float:
        return (
            float(self.left(component, location)) if component else float(self.capacity.get(location, np.inf))
        )

    @property
    def size(self) -> int:
        """The number of columns x."""
        return sum(len(each.unit) for each in self.columns)

    def cost(self, number: int) -> float:
        """The current cost of an order."""
        served = self.served[number]
        waiting = np.array([location is None for location in served])
        return self.members[number].cost(served) + float(self.waits[number][waiting].sum())

    def total(self) -> float:
        """The current cost of all orders."""
        return sum(self.cost(number) for number in range(len(self.members)))

    def usage(self, numbers: Sequence[int]) -> Floats:
        """The scarce stock that these orders take, by row."""
        result = np.zeros(len(self.stock))
        for number in numbers:
            self._add(result, number, self.served[number])
        return result

    def taken(self, number: int, served: Sequence[RoutingLocation]) -> Floats:
        """The scarce stock that an order would take, by row."""
        result = np.zeros(len(self.stock))
        self._add(result, number, served)
        return result

    def _add(self, total: Floats, number: int, served: Sequence[RoutingLocation]) -> None:
        capacity = [
            ("", location, 1) for location in {location for location in served if location is not None}
        ]
        for component, location, quantity in (*self.members[number].stock_taken(served), *capacity):
            row = self.rows.get((component, location))
            if row is not None:
                total[row] += quantity


def _requested(members: Sequence[Member]) -> dict[tuple[StockKey, LocationId], int]:
    """The maximum demand of the batch for every (component, location), and for every location's capacity."""
    requested: dict[tuple[StockKey, LocationId], int] = {}
    for member in members:
        for unit, needs in zip(member.units, member.needs, strict=True):
            for location in unit.fits:
                for component, quantity in needs.items():
                    requested[component, location] = requested.get((component, location), 0) + quantity
        for location in member.stops:
            requested["", location] = requested.get(("", location), 0) + 1
    return requested


def _worth(member: Member) -> Floats:
    """The cost of not serving each unit."""
    worth = member.problem.candidates.frame.costs.short_unit_minor
    wants = member.problem.wants
    return np.array(
        [worth * sum(wants[index].quantity for index in unit.lines) for unit in member.units],
        dtype=np.float64,
    )


def _columns(member: Member, rows: dict[tuple[StockKey, LocationId], int]) -> Columns:
    locations = tuple(sorted(member.stops))
    number = {location: index for index, location in enumerate(locations)}
    x = [(unit, location) for unit, each in enumerate(member.units) for location in sorted(each.fits)]
    taken = [
        (index, row, quantity)
        for index, (unit, location) in enumerate(x)
        for component, quantity in member.needs[unit].items()
        if (row := rows.get((component, location))) is not None
    ]
    return Columns(
        locations,
        np.array([member.toll(location) for location in locations], dtype=np.float64),
        np.array([unit for unit, _location in x], dtype=np.int64),
        np.array([number[location] for _unit, location in x], dtype=np.int64),
        np.array([member.units[unit].costs[location] for unit, location in x], dtype=np.float64),
        np.array([index for index, _row, _quantity in taken], dtype=np.int64),
        np.array([row for _index, row, _quantity in taken], dtype=np.int64),
        np.array([quantity for _index, _row, quantity in taken], dtype=np.float64),
        np.array([location is None for location in member.served], dtype=bool),
        len(member.units),
        member.most,
        np.array([rows.get(("", location), -1) for location in locations], dtype=np.int64),
        {key: index for index, key in enumerate(x)},
    )
