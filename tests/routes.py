"""A small network: locations along a line, orders at its beginning, one routing with the rules under test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import msgspec

from doorstep.domain.routing import model
from doorstep.domain.routing.model import (
    Decision,
    Demand,
    DemandLine,
    Lane,
    Network,
    OrderAttributes,
    RoutingLocation,
    Supply,
    rules,
)
from doorstep.domain.routing.model.rules import CompiledRules, Costs, Routing, Rule, RuleSet, Run
from doorstep.kernel.ids import LocationId, OrderId, Sku

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
FREE = Costs()
Stock = Mapping[str, Mapping[int, int]]


@dataclass(slots=True)
class Street:
    """Lanes by location, the same for every customer; a parcel costs 10 and 1 per km unless something else is fields."""

    by_location: dict[LocationId, Lane]

    def lanes(self, demand: Demand) -> Mapping[LocationId, Lane]:
        return self.by_location


def street(km: Mapping[int, float], **fields: Mapping[int, object]) -> Street:
    """Lanes of these lengths, nearest first; `fields` sets further fields of a lane by location."""
    lanes = {
        LocationId(number): Lane(LocationId(number), way, parcel_minor=10 + round(way))
        for way, number in sorted((way, number) for number, way in km.items())
    }
    for name, values in fields.items():
        for number, value in values.items():
            lanes[LocationId(number)] = msgspec.structs.replace(lanes[LocationId(number)], **{name: value})
    return Street(lanes)


def location(number: int, **fields: object) -> RoutingLocation:
    """A location that ships, called L1, L2 …"""
    known: dict[str, object] = {"ships": True, "latitude": 0.0, "longitude": 0.0, **fields}
    return RoutingLocation(id=LocationId(number), code=f"L{number}", name=f"Location {number}", **known)  # type: ignore[arg-type]  # fields by name


def want(line_no: int, sku: str, quantity: int = 1, **fields: object) -> DemandLine:
    """A line."""
    return DemandLine(line_no, Sku(sku), quantity, **fields)  # type: ignore[arg-type]  # fields by name


def order(
    *lines: tuple[str, int] | DemandLine,
    number: int = 1,
    attributes: OrderAttributes | None = None,
    **fields: object,
) -> Demand:
    """An order of (SKU, units) or of whole wants, at the beginning of the street."""
    wants = tuple(
        each if isinstance(each, DemandLine) else want(line_no, *each)
        for line_no, each in enumerate(lines, 1)
    )
    known = {"latitude": 0.0, "longitude": 0.0, **fields}
    return Demand(OrderId(number), wants, attributes=attributes or OrderAttributes(), **known)  # type: ignore[arg-type]  # fields by name


@dataclass(slots=True)
class Scene:
    """Stock by SKU and location, a street, places (made from the street if none are given), rules, and what things cost."""

    stock: Stock
    ways: Street
    chosen: Sequence[Rule] = (Rule(name="the rule"),)
    locations: Sequence[RoutingLocation] = ()
    costs: Costs = FREE
    prices: Mapping[tuple[str, int], int] = field(default_factory=dict)
    recipes: Mapping[Sku, Mapping[str, int]] = field(default_factory=dict)
    currency: str = ""
    bundles: bool = True

    @property
    def network(self) -> Network:
        locations = self.locations or [location(number) for number in sorted(self.ways.by_location)]
        prices = {(sku, LocationId(number)): price for (sku, number), price in self.prices.items()}
        return Network({each.id: each for each in locations}, self.ways, self.currency, prices)

    @property
    def compiled_rules(self) -> CompiledRules:
        routing = Routing(name="all", rules=tuple(self.chosen))
        runs = (Run(name="as they come", routings=(routing,)),)
        document = RuleSet(name="test", runs=runs, costs=self.costs, bundle_customers_orders=self.bundles)
        return rules.compile(document, "test 1")

    def supply(self) -> Supply:
        stock = {sku: {LocationId(number): n for number, n in at.items()} for sku, at in self.stock.items()}
        return Supply(stock, self.recipes)

    def plan(self, *demands: Demand, supply: Supply | None = None) -> list[Decision]:
        """What becomes of orders."""
        return model.plan(demands, supply or self.supply(), self.network, self.compiled_rules, now=NOW)

    def decide(self, demand: Demand) -> Decision:
        """What becomes of one order."""
        (decision,) = self.plan(demand)
        return decision


def sent(decision: Decision) -> list[tuple[int, int, int]]:
    """(line, location, units) of a decision."""
    return [(choice.line_no, choice.location_id, choice.quantity) for choice in decision.choices]


def short(decision: Decision) -> list[int]:
    """The lines that wait."""
    return [each.line_no for each in decision.short]


def sentences(decision: Decision) -> list[str]:
    """Why, line by line."""
    return [str(line.sentence) for line in decision.explanation.lines]
