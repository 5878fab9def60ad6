"""Batch re-optimization: 1,000 orders of one to four lines, 30 locations, stock a quarter above demand."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from random import Random

from doorstep.domain.routing import model
from doorstep.domain.routing.model import Decision, Demand, Lane, Network, Supply
from doorstep.domain.routing.model.batch import Batch, Budget, improve
from doorstep.domain.routing.model.rules import CompiledRules
from doorstep.kernel.ids import LocationId, Sku
from doorstep_bench.routing import stage
from doorstep_bench.routing.stage import DOLLAR

_PARCEL, _WAY, _SHORT_LINE = 40.0, 60.0, 500.0
_Point = tuple[float, float]


@dataclass(slots=True)
class Instance:
    """Orders and locations on the unit square. A line that no location can fill completely is backordered, for 500."""

    orders: int
    locations: int
    where: list[_Point] = field(init=False)
    wanted: list[tuple[_Point, list[tuple[int, int]]]] = field(init=False)
    stock: dict[tuple[int, int], int] = field(init=False)

    def __post_init__(self) -> None:
        chance, skus = Random(7), max(60, self.orders // 2)  # noqa: S311 - instances must repeat
        self.where = [(chance.random(), chance.random()) for _ in range(self.locations)]
        self.wanted = []
        for _ in range(self.orders):
            items = chance.sample(range(skus), chance.choice([1, 2, 2, 3, 3, 4]))
            point = chance.random(), chance.random()
            self.wanted.append((point, [(item, chance.choice([1, 1, 1, 2])) for item in items]))
        self.stock = {}
        for item in range(skus):
            demand = sum(units for _point, lines in self.wanted for each, units in lines if each == item)
            holders = chance.sample(range(self.locations), max(2, self.locations // 3))
            for _ in range(int(demand * 1.25) + 2):
                key = item, chance.choice(holders)
                self.stock[key] = self.stock.get(key, 0) + 1

    def demands(self) -> list[Demand]:
        """The orders in the planner's format."""
        return [
            stage.demand(number, str(number), [(_sku(item), units) for item, units in lines])
            for number, (_point, lines) in enumerate(self.wanted, 1)
        ]

    def network(self) -> Network:
        """Lanes by order."""
        locations = [stage.location(number, f"location {number}") for number in range(1, self.locations + 1)]
        lanes = {str(number): self._lanes(point) for number, (point, _lines) in enumerate(self.wanted, 1)}
        return stage.network(locations, lanes)

    def _lanes(self, point: _Point) -> dict[LocationId, Lane]:
        ways = [
            (_WAY * ((point[0] - x) ** 2 + (point[1] - y) ** 2) ** 0.5, number)
            for number, (x, y) in enumerate(self.where, 1)
        ]
        return {
            LocationId(number): Lane(LocationId(number), way, round((_PARCEL + way) * DOLLAR))
            for way, number in sorted(ways)
        }

    def supply(self) -> Supply:
        """The stock in the planner's format."""
        available: dict[str, dict[LocationId, int]] = {}
        for (item, location), units in self.stock.items():
            available.setdefault(_sku(item), {})[LocationId(location + 1)] = units
        return Supply(available)


@dataclass(frozen=True, slots=True)
class Gain:
    """The result of re-optimizing a batch: cost before and after including backorders, the gap to the bound (in percent of
    the planner's own cost), and that cost over time as a share of planning order by order.
    """

    orders: int
    locations: int
    greedy: float
    solved: float
    seconds: float
    how: str
    waiting_before: int
    waiting_after: int
    gap_percent: float
    steps: list[tuple[float, float]]

    @property
    def percent(self) -> float:
        """Savings against planning order by order."""
        return 100 * (1 - self.solved / self.greedy)


def gain(orders: int, locations: int, *, seconds: float) -> Gain:
    """Re-optimize one batch by cost."""
    instance, compiled_rules = Instance(orders, locations), _compiled_rules()
    demands, network = instance.demands(), instance.network()
    decisions = model.plan(demands, instance.supply(), network, compiled_rules, now=stage.NOW)
    began = time.perf_counter()
    budget = Budget(time.perf_counter, seconds)
    solved = improve(
        Batch(demands, decisions, instance.supply()), network, compiled_rules, now=stage.NOW, budget=budget
    )
    spent = time.perf_counter() - began
    before, after = _waiting(decisions), _waiting(solved.decisions)
    return Gain(
        orders,
        locations,
        _cost(decisions),
        _cost(solved.decisions),
        round(spent, 2),
        solved.how,
        before,
        after,
        round(100 * (1 - (solved.bound_minor or 0) / solved.solved_minor), 2),
        [(seconds_, cost_minor / solved.greedy_minor) for seconds_, cost_minor in solved.steps],
    )


def _compiled_rules() -> CompiledRules:
    return stage.policies(has_supplier=False)["cost, order by order"]


def _waiting(decisions: list[Decision]) -> int:
    return sum(len(each.short) for each in decisions)


def _cost(decisions: list[Decision]) -> float:
    return sum(each.scores.cost_minor for each in decisions) / DOLLAR + _SHORT_LINE * _waiting(decisions)


def _sku(item: int) -> Sku:
    return Sku(f"item {item}")
