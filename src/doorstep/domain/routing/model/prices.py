"""Compute scarcity prices of stock: duals of a linear program that serves expected orders at the lowest cost.

Orders are expected with weights (how many like this one will come). They are served in shares, a parcel of a share costs that
share of a parcel, and the total taken is at most the stock. Where there will be enough, a unit has no price; where there will
not, its price is what the order that goes without it pays more. Routing adds these prices to what it takes, so that an order
with an alternative leaves a scarce unit to the order without one.

The program is built once. When time passes, weights shrink and stock is used up: it starts from its last solution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import highspy
import numpy as np
from numpy.typing import NDArray

from doorstep.domain.routing.model.candidates import fixed_cost
from doorstep.domain.routing.model.demand import Demand, DemandLine, StockKey
from doorstep.domain.routing.model.network import Lane, Network
from doorstep.domain.routing.model.rules.document import Costs
from doorstep.domain.routing.model.supply import Supply
from doorstep.kernel.ids import LocationId

_Floats = NDArray[np.float64]
NO_COSTS = Costs()
Key = tuple[StockKey, LocationId]


@dataclass(frozen=True, slots=True)
class Expected:
    """An order with its expected number (fractions are possible) until stock arrives again."""

    demand: Demand
    weight: float


@dataclass(slots=True)
class ScarcityInputs:
    """The program of one set of expected orders. `prices` can be called repeatedly as weights and stock change.

    `costs.short_unit_minor` is the cost of a unit that is not allocated; without it, twice the highest cost of sending one.
    """

    expected: Sequence[Expected]
    components: Supply
    network: Network
    costs: Costs = NO_COSTS
    _solver: highspy.Highs = field(init=False)
    _program: _Program = field(init=False)

    def __post_init__(self) -> None:
        self._solver = highspy.Highs()  # type: ignore[no-untyped-call]  # the package has no types
        for name, value in (("output_flag", False), ("threads", 1), ("random_seed", 0)):
            self._solver.setOptionValue(name, value)
        self._program = _Program()
        for number, each in enumerate(self.expected):
            _Order(self._program, self, number, each.demand).add()
        if self._program.costs:
            self._solver.passModel(self._program.built())

    def prices(
        self, available: Mapping[StockKey, Mapping[LocationId, int]], *, weights: Sequence[float]
    ) -> dict[Key, int]:
        """Minor units per unit of stock, where the price is not zero. `weights` are current, in the sequence of the expected orders."""
        program = self._program
        if not program.costs:
            return {}
        lines = np.array([weights[number] for number in program.line_orders], dtype=np.float64)
        self._bound(program.line_rows, lines, lines)
        stock = [available.get(component, {}).get(location, 0) for component, location in program.stock_rows]
        self._bound(
            list(program.stock_rows.values()), np.full(len(stock), -np.inf), np.array(stock, dtype=np.float64)
        )
        self._solver.run()
        duals = np.asarray(self._solver.getSolution().row_dual)
        return {
            key: worth for key, row in program.stock_rows.items() if (worth := round(-float(duals[row]))) > 0
        }

    def _bound(self, rows: Sequence[int], lower: _Floats, upper: _Floats) -> None:
        change = self._solver.changeRowsBounds  # type: ignore[attr-defined]  # the package's stubs leave it out
        change(len(rows), np.array(rows, dtype=np.int32), lower, upper)

    @property
    def value_minor(self) -> float:
        """The minimum cost of serving the expected orders: a lower bound if they are the actual orders."""
        return self._solver.getInfo().objective_function_value if self._program.costs else 0.0


@dataclass(slots=True)
class _Program:
    """A linear program under construction. Stock rows are kept by stock key and location, demand rows by order line."""

    costs: list[float] = field(default_factory=list)
    lower: list[float] = field(default_factory=list)
    upper: list[float] = field(default_factory=list)
    entries: list[tuple[int, int, float]] = field(default_factory=list)
    stock_rows: dict[Key, int] = field(default_factory=dict)
    line_rows: list[int] = field(default_factory=list)
    line_orders: list[int] = field(default_factory=list)

    def column(self, cost: float) -> int:
        """Add a variable, zero or more."""
        self.costs.append(cost)
        return len(self.costs) - 1

    def row(self, lower: float, upper: float) -> int:
        """Add a constraint."""
        self.lower.append(lower)
        self.upper.append(upper)
        return len(self.lower) - 1

    def stock_row(self, key: Key) -> int:
        """The constraint of the stock there."""
        if key not in self.stock_rows:
            self.stock_rows[key] = self.row(-highspy.kHighsInf, 0.0)
        return self.stock_rows[key]

    def line_row(self, order: int) -> int:
        """Every expected unit is allocated or short."""
        row = self.row(0.0, 0.0)
        self.line_rows.append(row)
        self.line_orders.append(order)
        return row

    def built(self) -> highspy.HighsLp:
        """The program in the solver's format."""
        row, column, value = (np.array(each) for each in zip(*self.entries, strict=True))
        order = np.argsort(row, kind="stable")
        program = highspy.HighsLp()
        program.num_col_, program.num_row_ = len(self.costs), len(self.lower)
        program.col_cost_ = np.array(self.costs)
        program.col_lower_ = np.zeros(len(self.costs))
        program.col_upper_ = np.full(len(self.costs), highspy.kHighsInf)
        program.row_lower_, program.row_upper_ = np.array(self.lower), np.array(self.upper)
        program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
        program.a_matrix_.start_ = np.concatenate(
            [[0], np.cumsum(np.bincount(row, minlength=len(self.lower)))]
        )
        program.a_matrix_.index_, program.a_matrix_.value_ = column[order], value[order].astype(np.float64)
        return program


@dataclass(slots=True)
class _Order:
    """Adds one expected order to the program."""

    program: _Program
    ahead: ScarcityInputs
    number: int
    demand: Demand

    def add(self) -> None:
        """Add its lines from every location with stock, each parcel at least as large as the share of every line in it."""
        lanes = self._lanes()
        parcels: dict[LocationId, int] = {}
        for want in self.demand.wants:
            row = self.program.line_row(self.number)
            self._short(row, want, lanes)
            for location in self._holders(want):
                if location in lanes:
                    self._way(row, want, location, lanes[location], parcels)

    def _lanes(self) -> dict[LocationId, tuple[Lane, int]]:
        """Open lanes with the fixed cost of a parcel; a pickup has one lane, without cost."""
        network, costs, pickup = self.ahead.network, self.ahead.costs, self.demand.attributes.pickup
        if pickup:
            here = [each for each in network.locations.values() if each.code == pickup and not each.paused]
            return {each.id: (Lane(each.id), each.handling_minor) for each in here}
        return {
            each: (lane, fixed_cost(network.locations[each], lane, costs).total + costs.split_minor)
            for each, lane in network.ways.lanes(self.demand).items()
            if network.locations[each].ships and not network.locations[each].paused and not lane.closed
        }

    def _holders(self, want: DemandLine) -> list[LocationId]:
        """Locations with a stock record of every component of a SKU, even if it is zero."""
        first, *others = (
            self.ahead.components.at(component) for component in self.ahead.components.recipe(want.sku)
        )
        return [location for location in first if all(location in other for other in others)]

    def _short(self, row: int, want: DemandLine, lanes: Mapping[LocationId, tuple[Lane, int]]) -> None:
        """A short unit costs more than any way to send it."""
        dearest = max((2 * (fixed + _added(want, lane)) for lane, fixed in lanes.values()), default=0)
        cost = self.ahead.costs.short_unit_minor * want.quantity or dearest
        self.program.entries.append((row, self.program.column(float(cost)), 1.0))

    def _way(
        self,
        row: int,
        want: DemandLine,
        location: LocationId,
        way: tuple[Lane, int],
        parcels: dict[LocationId, int],
    ) -> None:
        lane, fixed = way
        alone = len(self.demand.wants) == 1
        column = self.program.column(float(_added(want, lane) + (fixed if alone else 0)))
        self.program.entries.append((row, column, 1.0))
        for component, quantity in self.ahead.components.recipe(want.sku).items():
            stock = self.program.stock_row((component, location))
            self.program.entries.append((stock, column, float(quantity * want.quantity)))
        if not alone:
            if location not in parcels:
                parcels[location] = self.program.column(float(fixed))
            link = self.program.row(-highspy.kHighsInf, 0.0)
            self.program.entries += [(link, column, 1.0), (link, parcels[location], -1.0)]


def _added(want: DemandLine, lane: Lane) -> int:
    """What a line adds to a parcel."""
    return (lane.kilo_minor * want.grams * want.quantity + 500) // 1000 + lane.unit_minor * want.quantity


def scarcity_prices(
    expected: Sequence[Expected], supply: Supply, network: Network, costs: Costs = NO_COSTS
) -> dict[Key, int]:
    """Scarcity prices of the current stock for the orders expected now."""
    ahead = ScarcityInputs(expected, supply, network, costs)
    return ahead.prices(supply.available, weights=[each.weight for each in expected])
