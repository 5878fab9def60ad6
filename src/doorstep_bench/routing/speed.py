"""Orders routed per second of one core, with explanations: 2.5 lines, 50 locations, the default rule set."""

from __future__ import annotations

import statistics
import time
from random import Random

import msgspec

from doorstep.domain.routing import model
from doorstep.domain.routing.model import (
    Demand,
    DemandLine,
    GreatCircle,
    Lane,
    Network,
    OrderAttributes,
    RoutingLocation,
    Supply,
    rules,
)
from doorstep.kernel.ids import LocationId, OrderId, Sku
from doorstep.kernel.message import stored
from doorstep_bench.routing import stage

ORDERS, LOCATIONS, SKUS, POSTAL_CODES = 3_000, 50, 500, 500
_HOLDERS = 12


class Tariff:
    """Lanes with a price and a date, shared by the orders of a postal code."""

    def __init__(self, locations: dict[LocationId, RoutingLocation]) -> None:
        self._ways = GreatCircle(locations)
        self._known: dict[tuple[float | None, float | None], dict[LocationId, Lane]] = {}

    def lanes(self, demand: Demand) -> dict[LocationId, Lane]:
        """A lane from every location, nearest first."""
        key = demand.latitude, demand.longitude
        if key not in self._known:
            self._known[key] = {
                location: msgspec.structs.replace(
                    lane,
                    parcel_minor=4_000 + 2 * int(lane.km),
                    kilo_minor=500 + int(lane.km),
                    leaves_at=stage.NOW,
                    arrives_at=stage.NOW,
                )
                for location, lane in self._ways.lanes(demand).items()
            }
        return self._known[key]


def measured(runs: int) -> dict[str, float]:
    """Orders per second of `runs` runs (median), and the size of an explanation."""
    chance = Random(7)  # noqa: S311 - instances must repeat
    locations = {each.id: each for each in (_location(number, chance) for number in range(1, LOCATIONS + 1))}
    demands = _demands(chance)
    stock = {
        f"S{item}": {
            location: chance.randint(1, 60) for location in chance.sample(sorted(locations), _HOLDERS)
        }
        for item in range(SKUS)
    }
    compiled_rules = rules.compile(rules.DEFAULT, rules.DEFAULT_VERSION)
    rates, sizes = list[float](), list[int]()
    for _ in range(runs):
        network = Network(locations, Tariff(locations), "INR")
        for each in demands:
            network.ways.lanes(each)
        supply = Supply({sku: dict(there) for sku, there in stock.items()})
        began = time.process_time()
        decisions = model.plan(demands, supply, network, compiled_rules, now=stage.NOW)
        rates.append(ORDERS / (time.process_time() - began))
        sizes = [len(msgspec.json.encode(each.explanation, enc_hook=stored)) for each in decisions]
    return {
        "orders_per_second": round(statistics.median(rates)),
        "explanation_bytes_mean": round(statistics.mean(sizes)),
        "explanation_bytes_p95": sorted(sizes)[int(0.95 * len(sizes))],
    }


def _location(number: int, chance: Random) -> RoutingLocation:
    point = chance.uniform(8, 30), chance.uniform(70, 88)
    return RoutingLocation(LocationId(number), f"P{number}", f"Place {number}", *point, ships=True)


def _demands(chance: Random) -> list[Demand]:
    codes = [(chance.uniform(8, 30), chance.uniform(70, 88)) for _ in range(POSTAL_CODES)]
    return [_demand(number, chance, codes) for number in range(1, ORDERS + 1)]


def _demand(number: int, chance: Random, codes: list[tuple[float, float]]) -> Demand:
    items = chance.sample(range(SKUS), chance.choice([1, 2, 2, 3, 3, 4]))
    wants = tuple(
        DemandLine(line, Sku(f"S{item}"), chance.choice([1, 1, 1, 2]), 300)
        for line, item in enumerate(items, 1)
    )
    return Demand(
        OrderId(number), wants, *chance.choice(codes), attributes=OrderAttributes(placed_at=stage.NOW)
    )
