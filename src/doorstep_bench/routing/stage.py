"""Shared by all families: a network of lanes by area, rule sets for the policies, and their results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from doorstep.domain.routing.model import (
    Decision,
    Demand,
    DemandLine,
    Lane,
    Network,
    OrderAttributes,
    RoutingLocation,
    rules,
)
from doorstep.domain.routing.model.rules import (
    CompiledRules,
    Costs,
    Locations,
    Measure,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
    Split,
)
from doorstep.kernel.ids import LocationId, OrderId, Sku

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
# Minor units of a dollar: fine enough that rounding does not show.
DOLLAR = 100_000
SUPPLIER = "supplier"

BY_COST = (Sort(by=Measure.COST), Sort(by=Measure.DISTANCE))
_NEAREST = (Sort(by=Measure.UNIT_DISTANCE),)
_FEWEST = (Sort(by=Measure.PARCELS), Sort(by=Measure.COST))
_LINES = Split(by="lines")


@dataclass(frozen=True, slots=True)
class Areas:
    """Lanes by the area of an order (its region)."""

    by_area: Mapping[str, Mapping[LocationId, Lane]]

    def lanes(self, demand: Demand) -> Mapping[LocationId, Lane]:
        """The lanes to an order's area."""
        return self.by_area[demand.attributes.region]


def location(
    number: int, name: str, *, kind: str = "center", free_capacity: int | None = None
) -> RoutingLocation:
    """A location of the benchmark; its position shows only in its lanes."""
    return RoutingLocation(
        LocationId(number), name, name, 0.0, 0.0, ships=True, kind=kind, free_capacity=free_capacity
    )


def network(
    locations: Sequence[RoutingLocation], by_area: Mapping[str, Mapping[LocationId, Lane]]
) -> Network:
    """Locations and lanes in the planner's format."""
    return Network({each.id: each for each in locations}, Areas(by_area))


def demand(number: int, area: str, lines: Sequence[tuple[str, int]]) -> Demand:
    """An order of (SKU, units)."""
    wants = tuple(DemandLine(line, Sku(sku), units) for line, (sku, units) in enumerate(lines, 1))
    return Demand(OrderId(number), wants, 0.0, 0.0, attributes=OrderAttributes(region=area))


def document(*chosen: Rule, costs: Costs = Costs()) -> CompiledRules:
    """A rule set with one routing and these rules."""
    routing = Routing(name="all", rules=chosen)
    runs = (Run(name="as they come", routings=(routing,)),)
    return rules.compile(RuleSet(name="benchmark", runs=runs, costs=costs), "benchmark")


def policies(*, has_supplier: bool, costs: Costs = Costs()) -> dict[str, CompiledRules]:
    """The rule sets that are compared. The supplier of unavailable items comes last where cost does not decide."""
    centers = Locations(kinds=("center",)) if has_supplier else Locations()
    last = (Rule(name="supplier", choose=BY_COST, split=_LINES),) if has_supplier else ()
    whole = Rule(name="one parcel", locations=centers, choose=BY_COST, split=Split(by="none"))
    nearest = Rule(name="nearest", locations=centers, choose=_NEAREST, split=_LINES)
    fewest = Rule(name="fewest", locations=centers, choose=_FEWEST, split=_LINES)
    return {
        "nearest location": document(nearest, *last, costs=costs),
        "fewest parcels": document(fewest, *last, costs=costs),
        "one parcel by cost, else nearest": document(whole, nearest, *last, costs=costs),
        "cost, order by order": document(Rule(name="cost", choose=BY_COST, split=_LINES), costs=costs),
    }


@dataclass(slots=True)
class Outcome:
    """The results of a policy over all instances: orders, dollars, parcels, split orders, unfilled units, seconds."""

    orders: int = 0
    dollars: float = 0.0
    bound: float = 0.0
    parcels: int = 0
    split: int = 0
    unfilled: int = 0
    seconds: float = 0.0
    ratios: list[float] = field(default_factory=list)

    def add(self, decisions: Sequence[Decision], suppliers: frozenset[LocationId], short: float) -> float:
        """Count decisions; a short unit costs some dollars. Returns their cost."""
        dollars = 0.0
        for each in decisions:
            used = {choice.location_id for choice in each.choices} - suppliers
            lost = sum(choice.quantity for choice in each.choices if choice.location_id in suppliers)
            waits = sum(want.quantity for want in each.short)
            dollars += each.scores.carriage_minor / DOLLAR + waits * short
            self.orders += 1
            self.parcels += len(used)
            self.split += len(used) > 1
            self.unfilled += lost + waits
        self.dollars += dollars
        return dollars

    def row(self) -> dict[str, float]:
        """The figures of a table row."""
        orders = max(self.orders, 1)
        return {
            "cost_per_order": round(self.dollars / orders, 4),
            "to_bound": round(sum(self.ratios) / max(len(self.ratios), 1), 4),
            "parcels_per_order": round(self.parcels / orders, 4),
            "split_percent": round(100 * self.split / orders, 2),
            "unfilled_per_order": round(self.unfilled / orders, 4),
            "us_per_order": round(1e6 * self.seconds / orders),
        }
