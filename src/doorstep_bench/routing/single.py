"""Family B: one item, 10 centers, 99 areas, stock until replenishment (after Acimovic and Graves), with the exact optimum in hindsight."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from doorstep.domain.routing import model
from doorstep.domain.routing.model import Decision, Demand, Lane, Network, Supply
from doorstep.domain.routing.model.prices import Expected, ScarcityInputs
from doorstep.domain.routing.model.rules import CompiledRules, Costs
from doorstep.kernel.ids import LocationId, Sku
from doorstep_bench.routing import stage
from doorstep_bench.routing.geography import Floats, geography
from doorstep_bench.routing.stage import DOLLAR, Outcome

EXPECTED = (10, 30, 100)
_ZONE_MILES = (150, 300, 600, 1000, 1400, 1800)
_ZONE_DOLLARS = (8.00, 8.50, 9.20, 9.90, 10.60, 11.30, 12.10)
_LOST = 25.0
_ITEM = Sku("item")
MYOPIC, SCARCITY = "cost, order by order", "with scarcity prices"


@dataclass(frozen=True, slots=True)
class Arrivals:
    """One item until its replenishment: stock by center, the areas that order, and when (as fractions of the time)."""

    stock: list[int]
    areas: list[int]
    times: list[float]


@dataclass(slots=True)
class Family:
    """All items of all sizes, generated from one seed."""

    items: int
    network: Network = field(init=False)
    compiled_rules: CompiledRules = field(init=False)
    _shares: Floats = field(init=False)
    _stocked: Floats = field(init=False)

    def __post_init__(self) -> None:
        where = geography(small=False)
        self._shares = where.shares
        zones = np.digitize(where.miles, _ZONE_MILES)
        dollars = np.array(_ZONE_DOLLARS)[zones]
        closest = dollars.argmin(0)
        self._stocked = np.array([where.shares[closest == each].sum() for each in range(len(where.centers))])
        locations = [stage.location(number, name) for number, name in enumerate(where.centers, 1)]
        lanes = {
            str(area): _lanes(where.miles[:, area], dollars[:, area]) for area in range(len(self._shares))
        }
        self.network = stage.network(locations, lanes)
        self.compiled_rules = stage.policies(has_supplier=False, costs=_COSTS)[MYOPIC]

    def outcomes(self) -> dict[int, dict[str, Outcome]]:
        """The results of the policies, by expected demand."""
        chance = np.random.default_rng(7)
        result = {}
        for size in EXPECTED:
            outcomes = {MYOPIC: Outcome(), SCARCITY: Outcome()}
            for _ in range(self.items):
                arrivals = self._drawn(chance, size)
                if arrivals is not None:
                    self._run(arrivals, size, outcomes)
            result[size] = outcomes
        return result

    def _drawn(self, chance: np.random.Generator, size: int) -> Arrivals | None:
        spread = np.maximum(0, self._stocked * np.exp(chance.normal(0, 0.5, len(self._stocked))))
        spread = spread * (chance.random(len(self._stocked)) > 0.2)  # noqa: PLR2004 - a fifth carries none
        if not spread.sum():
            return None
        stock = chance.multinomial(round(1.1 * size), spread / spread.sum())
        count = int(chance.poisson(size))
        areas = chance.choice(len(self._shares), size=count, p=self._shares)
        if not count:
            return None
        return Arrivals(stock.tolist(), areas.tolist(), np.sort(chance.random(count)).tolist())

    def _run(self, arrivals: Arrivals, size: int, outcomes: dict[str, Outcome]) -> None:
        demands = [
            stage.demand(number, str(area), [(_ITEM, 1)]) for number, area in enumerate(arrivals.areas, 1)
        ]
        bound = self._hindsight(arrivals)
        for name, outcome in outcomes.items():
            began = time.process_time()
            if name == MYOPIC:
                decisions = model.plan(
                    demands, _supply(arrivals), self.network, self.compiled_rules, now=stage.NOW
                )
            else:
                decisions = self._with_scarcity_prices(arrivals, demands, size)
            outcome.seconds += time.process_time() - began
            cost = outcome.add(decisions, frozenset(), _LOST)
            outcome.bound += bound
            outcome.ratios.append(cost / bound)

    def _program(self, arrivals: Arrivals) -> ScarcityInputs:
        every = [Expected(stage.demand(0, str(area), [(_ITEM, 1)]), 0.0) for area in range(len(self._shares))]
        return ScarcityInputs(every, _supply(arrivals), self.network, _COSTS)

    def _hindsight(self, arrivals: Arrivals) -> float:
        """The optimum in hindsight: this program has integer solutions."""
        counts = np.bincount(arrivals.areas, minlength=len(self._shares))
        program = self._program(arrivals)
        program.prices(_supply(arrivals).available, weights=counts.astype(float).tolist())
        return program.value_minor / DOLLAR

    def _with_scarcity_prices(
        self, arrivals: Arrivals, demands: Sequence[Demand], size: int
    ) -> list[Decision]:
        """Recompute prices for every order, from remaining stock and expected orders."""
        program, supply = self._program(arrivals), _supply(arrivals)
        result: list[Decision] = []
        for each, when in zip(demands, arrivals.times, strict=True):
            left = max(size * (1 - when), 0.5)
            prices = program.prices(supply.available, weights=(left * self._shares).tolist())
            network = replace(self.network, prices=prices)
            result += model.plan([each], supply, network, self.compiled_rules, now=stage.NOW)
        return result


_COSTS = Costs(short_unit_minor=round(_LOST * DOLLAR))


def _lanes(miles: Floats, dollars: Floats) -> dict[LocationId, Lane]:
    order = np.argsort(miles, kind="stable")
    lanes = [
        Lane(LocationId(int(each) + 1), float(miles[each]), round(dollars[each] * DOLLAR)) for each in order
    ]
    return {each.location_id: each for each in lanes}


def _supply(arrivals: Arrivals) -> Supply:
    return Supply({_ITEM: {LocationId(number): units for number, units in enumerate(arrivals.stock, 1)}})
