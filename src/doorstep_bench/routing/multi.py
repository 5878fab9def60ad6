"""Family A: orders of several items from a few centers (the setup of Jasin and Sinha, as Ma generates it).

A1 is the published warm-up network. A2 has a short horizon and small orders, A3 scarce stock; A4 must fill every order, so
that dropping lines does not lower the cost. In A1 to A3 a supplier ships anything at twice the cost.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from doorstep.domain.routing import model
from doorstep.domain.routing.model import Decision, Demand, Lane, Network, Supply
from doorstep.domain.routing.model.batch import Batch, Budget, improve
from doorstep.domain.routing.model.prices import Expected, ScarcityInputs
from doorstep.domain.routing.model.rules import CompiledRules, Costs
from doorstep.kernel.ids import LocationId, Sku
from doorstep_bench.routing import stage
from doorstep_bench.routing.geography import Geography, geography
from doorstep_bench.routing.stage import DOLLAR, Outcome

_PARCEL, _UNIT, _UNIT_MILE = 8.759, 0.423, 0.000541
_ITEMS, _TYPES_PER_SIZE = 20, 5
_AMPLE = 10**7
_FAR_KM = 100_000.0
SCARCITY, BATCH, BOTH = "with scarcity prices", "batches of 100 orders", "batches with scarcity prices"


@dataclass(frozen=True, slots=True)
class Variant:
    """A member of the family: number of orders, maximum items, share of centers that carry an item, safety stock."""

    name: str
    horizon: int = 10_000
    most: int = 5
    carried: float = 0.75
    spare: float = 0.5
    must_fill: float = 0.0


VARIANTS = (
    Variant("A1"),
    Variant("A2", horizon=1_000, most=2, spare=0.0),
    Variant("A3", horizon=3_000, carried=0.5),
    Variant("A4", horizon=5_000, must_fill=30.0),
)


@dataclass(slots=True)
class Instance:
    """Order types (sets of items) with their rates by area, and the stock planned for them."""

    variant: Variant
    chance: np.random.Generator
    where: Geography = field(init=False)
    types: list[tuple[int, ...]] = field(init=False)
    rates: NDArray[np.float64] = field(init=False)
    stock: NDArray[np.int64] = field(init=False)

    def __post_init__(self) -> None:
        self.where = geography(small=True)
        self.types = self._drawn_types()
        self.rates = self._drawn_sizes()[:, None] * self.where.shares[None]
        self.stock = self._planned(
            self.chance.random((len(self.where.centers), _ITEMS)) < self.variant.carried
        )

    def _drawn_types(self) -> list[tuple[int, ...]]:
        sizes = [size for size in range(1, self.variant.most + 1) for _ in range(_TYPES_PER_SIZE)]
        return [(), *(tuple(int(item) for item in self.chance.permutation(_ITEMS)[:size]) for size in sizes)]

    def _drawn_sizes(self) -> NDArray[np.float64]:
        """Probabilities of order types: uniform sizes, normalized, and uniform types within a size."""
        empty, sizes = self.chance.random(), self.chance.random(self.variant.most)
        total = empty + sizes.sum()
        shares = [np.array([empty / total])]
        for size in sizes:
            within = self.chance.random(_TYPES_PER_SIZE)
            shares.append(size / total * within / within.sum())
        return np.concatenate(shares)

    def _planned(self, carries: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Each area's demand at its closest center that carries the item, and safety stock in proportion to its deviation."""
        share = np.zeros(carries.shape)
        for number, items in enumerate(self.types):
            for item in items:
                way = np.where(carries[:, item][:, None], self.where.miles, np.inf)
                closest = way.argmin(0)
                for area in np.flatnonzero(np.isfinite(way.min(0))):
                    share[closest[area], item] += self.rates[number, area]
        horizon = self.variant.horizon
        deviation = np.sqrt(np.maximum(horizon * share * (1 - share), 0))
        planned: NDArray[np.int64] = np.round(horizon * share + self.variant.spare * deviation).astype(
            np.int64
        )
        return planned

    def arrivals(self) -> list[tuple[int, int]]:
        """(type, area) of each period, in sequence."""
        flat = self.rates.ravel()
        drawn = self.chance.choice(flat.size, size=self.variant.horizon, p=flat / flat.sum())
        return [divmod(int(each), len(self.where.shares)) for each in drawn]

    def network(self) -> Network:
        """The centers, and the supplier unless everything must be filled."""
        names = self.where.centers
        locations = [stage.location(number, name) for number, name in enumerate(names, 1)]
        if not self.variant.must_fill:
            locations.append(stage.location(len(names) + 1, "supplier", kind=stage.SUPPLIER))
        return stage.network(
            locations, {str(area): self._lanes(area) for area in range(len(self.where.shares))}
        )

    def _lanes(self, area: int) -> dict[LocationId, Lane]:
        miles = self.where.miles[:, area]
        order = np.argsort(miles, kind="stable")
        lanes = [_lane(int(each) + 1, float(miles[each]), 1.0) for each in order]
        if not self.variant.must_fill:
            lanes.append(_farthest(_lane(len(miles) + 1, float(miles.max()), 2.0)))
        return {each.location_id: each for each in lanes}

    def supply(self) -> Supply:
        """The planned stock, and unlimited stock of the supplier."""
        available: dict[str, dict[LocationId, int]] = {
            _sku(item): {
                LocationId(number + 1): int(units) for number, units in enumerate(self.stock[:, item])
            }
            for item in range(_ITEMS)
        }
        if not self.variant.must_fill:
            for each in available.values():
                each[LocationId(len(self.where.centers) + 1)] = _AMPLE
        return Supply(available)

    @property
    def suppliers(self) -> frozenset[LocationId]:
        """Locations that are not centers."""
        return frozenset() if self.variant.must_fill else frozenset({LocationId(len(self.where.centers) + 1)})


def _farthest(lane: Lane) -> Lane:
    """The supplier is never the nearest location."""
    return Lane(lane.location_id, _FAR_KM, lane.parcel_minor, 0, lane.unit_minor)


def _lane(number: int, miles: float, times: float) -> Lane:
    unit = times * (_UNIT + _UNIT_MILE * miles)
    return Lane(LocationId(number), miles, round(times * _PARCEL * DOLLAR), 0, round(unit * DOLLAR))


def _sku(item: int) -> Sku:
    return Sku(f"item {item}")


@dataclass(slots=True)
class Family:
    """One variant, run over instances and sequences of orders; every policy gets the same orders."""

    variant: Variant
    instances: int
    sequences: int
    solves: int
    batch: int = 100

    def outcomes(self) -> dict[str, Outcome]:
        """The results per policy."""
        result: dict[str, Outcome] = {}
        for number in range(self.instances):
            instance = Instance(self.variant, np.random.default_rng(1000 + number))
            for _ in range(self.sequences):
                self._run(instance, result)
        return result

    def _run(self, instance: Instance, result: dict[str, Outcome]) -> None:
        arrivals = instance.arrivals()
        trial = Trial(instance, arrivals, self.solves, self.batch)
        bound = trial.bound()
        runs = [*trial.policies, SCARCITY, BATCH, BOTH]
        for name in runs:
            began = time.process_time()
            decisions = list(trial.decisions(name))
            outcome = result.setdefault(name, Outcome())
            outcome.seconds += time.process_time() - began
            cost = outcome.add(decisions, instance.suppliers, self.variant.must_fill)
            outcome.bound += bound
            outcome.ratios.append(cost / bound)


@dataclass(slots=True)
class Trial:
    """One sequence of orders on one instance."""

    instance: Instance
    arrivals: Sequence[tuple[int, int]]
    solves: int
    batch: int
    network: Network = field(init=False)
    costs: Costs = field(init=False)
    policies: dict[str, CompiledRules] = field(init=False)
    demands: list[Demand] = field(init=False)

    def __post_init__(self) -> None:
        variant = self.instance.variant
        self.network = self.instance.network()
        self.costs = Costs(short_unit_minor=round(variant.must_fill * DOLLAR))
        self.policies = stage.policies(has_supplier=not variant.must_fill, costs=self.costs)
        self.demands = [
            self._demand(period, kind, area)
            for period, (kind, area) in enumerate(self.arrivals, 1)
            if self.instance.types[kind]
        ]

    def _demand(self, number: int, kind: int, area: int) -> Demand:
        return stage.demand(number, str(area), [(_sku(item), 1) for item in self.instance.types[kind]])

    def _expected(self) -> tuple[list[Expected], list[tuple[int, int]]]:
        kinds = [
            (kind, area)
            for kind, items in enumerate(self.instance.types)
            for area in range(self.instance.rates.shape[1])
            if items
        ]
        return [Expected(self._demand(0, *each), 0.0) for each in kinds], kinds

    def bound(self) -> float:
        """A lower bound on the cost of all orders in dollars, if they were known in advance and could be split into fractions."""
        expected, kinds = self._expected()
        ahead = ScarcityInputs(expected, self.instance.supply(), self.network, self.costs)
        counts: dict[tuple[int, int], int] = {}
        for each in self.arrivals:
            counts[each] = counts.get(each, 0) + 1
        ahead.prices(self.instance.supply().available, weights=[float(counts.get(each, 0)) for each in kinds])
        return ahead.value_minor / DOLLAR

    def decisions(self, name: str) -> Iterator[Decision]:
        """The decisions of a policy, by its name."""
        if name in self.policies:
            return iter(
                model.plan(
                    self.demands, self.instance.supply(), self.network, self.policies[name], now=stage.NOW
                )
            )
        return self._paced(prices=name != BATCH, batches=name != SCARCITY)

    def _paced(self, *, prices: bool, batches: bool) -> Iterator[Decision]:
        """Plan by cost in batches: with prices recomputed at intervals, and each batch re-optimized if chosen."""
        compiled_rules, supply = self.policies["cost, order by order"], self.instance.supply()
        expected, kinds = self._expected()
        ahead = ScarcityInputs(expected, supply, self.network, self.costs) if prices else None
        network, horizon = self.network, self.instance.variant.horizon
        step = self.batch if batches else max(1, horizon // self.solves)
        for first in range(0, horizon, step):
            lot = [each for each in self.demands if first < each.order_id <= first + step]
            if ahead is not None and first % max(step, horizon // self.solves) < step:
                left = horizon - first - (step if batches else 0)
                weights = [max(left, 1) * float(self.instance.rates[each]) for each in kinds]
                network = replace(self.network, prices=ahead.prices(supply.available, weights=weights))
            yield from _served(lot, supply, network, compiled_rules, batches=batches)


def _served(
    lot: Sequence[Demand], supply: Supply, network: Network, compiled_rules: CompiledRules, *, batches: bool
) -> list[Decision]:
    if not batches:
        return model.plan(lot, supply, network, compiled_rules, now=stage.NOW)
    before = Supply({component: dict(there) for component, there in supply.available.items()})
    decisions = model.plan(
        lot,
        Supply({t: dict(there) for t, there in supply.available.items()}),
        network,
        compiled_rules,
        now=stage.NOW,
    )
    budget = Budget(time.perf_counter, 5.0)
    solved = improve(Batch(lot, decisions, before), network, compiled_rules, now=stage.NOW, budget=budget)
    supply.available = before.available
    for decision in solved.decisions:
        for choice in decision.choices:
            supply.take(choice)
    return solved.decisions
