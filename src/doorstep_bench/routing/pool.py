"""Family C: re-optimize a pool of 1,000 unreleased orders (after Xu, Allgor and Graves)."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from math import ceil

import numpy as np
from numpy.typing import NDArray

from doorstep.domain.routing import model
from doorstep.domain.routing.model import Decision, Demand, Lane, Network, Supply
from doorstep.domain.routing.model.batch import Batch, Budget, improve
from doorstep.kernel.ids import LocationId, Sku
from doorstep_bench.routing import stage
from doorstep_bench.routing.stage import DOLLAR

ORDERS, _ITEMS, _CENTERS = 1_000, 500, 5
_SIZES, _SIZE_SHARES = (1, 2, 3, 4, 5), (0.55, 0.22, 0.12, 0.07, 0.04)
_CARRIED, _COVER = 0.6, 1.15
SECONDS = 10.0


@dataclass(slots=True)
class Extra:
    """Shipments beyond one per order, per policy, summed over pools; `proven` counts pools that were solved to proven optimality."""

    pools: int = 0
    extra: dict[str, int] = field(default_factory=dict)
    bound: float = 0.0
    proven: int = 0
    seconds: float = 0.0

    def row(self) -> dict[str, float | dict[str, float]]:
        """Per 100 orders."""
        orders = max(1, self.pools * ORDERS) / 100
        return {
            "extra_per_100": {name: round(count / orders, 2) for name, count in self.extra.items()},
            "bound_per_100": round(self.bound / orders, 2),
            "batch_to_bound": round(self.extra[BATCH] / self.bound, 4),
            "proven_pools": self.proven,
            "seconds_per_batch": round(self.seconds / max(1, self.pools), 2),
        }


BATCH = "one batch"
_NAMES = ("nearest location", "fewest parcels", "cost, order by order")


def outcome(pools: int) -> Extra:
    """All policies on some pools. The cost is one dollar per shipment."""
    result = Extra()
    compiled = stage.policies(has_supplier=False)
    for number in range(pools):
        demands, stock, network = _drawn(np.random.default_rng(50 + number))
        plans = {
            name: model.plan(demands, _supply(stock), network, compiled[name], now=stage.NOW)
            for name in _NAMES
        }
        began = time.perf_counter()
        batch = Batch(demands, plans["cost, order by order"], _supply(stock))
        budget = Budget(time.perf_counter, SECONDS)
        solved = improve(batch, network, compiled["cost, order by order"], now=stage.NOW, budget=budget)
        result.seconds += time.perf_counter() - began
        plans[BATCH] = solved.decisions
        for name, decisions in plans.items():
            result.extra[name] = result.extra.get(name, 0) + _extra(decisions)
        bound = ceil((solved.bound_minor or 0) / DOLLAR - 1e-6)
        result.pools += 1
        result.bound += bound - ORDERS
        result.proven += solved.solved_minor <= bound * DOLLAR
    return result


def _extra(decisions: list[Decision]) -> int:
    return sum(len({choice.location_id for choice in each.choices}) - 1 for each in decisions)


def _drawn(chance: np.random.Generator) -> tuple[list[Demand], NDArray[np.int64], Network]:
    """Orders of 1 to 5 items by popularity, stock a little above demand, a random preference list per order."""
    sizes = chance.choice(_SIZES, size=ORDERS, p=_SIZE_SHARES)
    popular = 1 / np.arange(1, _ITEMS + 1)
    popular /= popular.sum()
    orders = [chance.choice(_ITEMS, size=size, replace=False, p=popular) for size in sizes]
    wanted = np.bincount(np.concatenate(orders), minlength=_ITEMS)
    stock = np.zeros((_CENTERS, _ITEMS), dtype=np.int64)
    carries = chance.random((_CENTERS, _ITEMS)) < _CARRIED
    for item in range(_ITEMS):
        if not carries[:, item].any():
            carries[chance.integers(_CENTERS), item] = True
        weights = carries[:, item] * chance.gamma(2, 1, _CENTERS)
        stock[:, item] = chance.multinomial(ceil(_COVER * wanted[item]), weights / weights.sum())
    demands = [
        stage.demand(number, str(number), [(_sku(int(item)), 1) for item in items])
        for number, items in enumerate(orders, 1)
    ]
    lanes = {str(number): _preferred(chance) for number in range(1, ORDERS + 1)}
    locations = [stage.location(number + 1, f"center {number + 1}") for number in range(_CENTERS)]
    return demands, stock, stage.network(locations, lanes)


def _preferred(chance: np.random.Generator) -> dict[LocationId, Lane]:
    ranked = chance.permutation(_CENTERS)
    lanes = [Lane(LocationId(int(each) + 1), float(rank), DOLLAR) for rank, each in enumerate(ranked, 1)]
    return {each.location_id: each for each in lanes}


def _supply(stock: NDArray[np.int64]) -> Supply:
    return Supply(
        {
            _sku(item): {LocationId(center + 1): int(stock[center, item]) for center in range(_CENTERS)}
            for item in range(_ITEMS)
        }
    )


def _sku(item: int) -> Sku:
    return Sku(f"item {item}")
