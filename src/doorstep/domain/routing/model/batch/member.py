"""Select the orders that batch re-optimization may change: their candidate locations and their rules' limits.

The optimization minimizes cost. A rule that ranks other measures first is respected: an order gets no more parcels than it
had, none that leaves, arrives or misses later than its tiers allow. An order whose rule prefers by other measures, with split
lines, or with units set aside for it is not changed, and neither are orders that share a parcel.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from doorstep.domain.routing.model.candidates import Stop
from doorstep.domain.routing.model.demand import Choice, Demand, StockKey
from doorstep.domain.routing.model.exact import MOST_UNITS
from doorstep.domain.routing.model.measure import Values, limit
from doorstep.domain.routing.model.order_problem import LineGroup, OrderProblem, Part, Plan
from doorstep.domain.routing.model.plan import Decision, Planner
from doorstep.domain.routing.model.rules.document import Measure, Routing, Rule
from doorstep.domain.routing.model.score import values
from doorstep.domain.routing.model.search import units_of
from doorstep.kernel.ids import LocationId

_KEPT_BY_STOP = {Measure.MISS, Measure.LEAVES, Measure.ARRIVES}
# Only the cheapest locations of an order become columns; locations beyond this many are not worth one.
_ANY_NUMBER = 1_000


@dataclass(frozen=True, slots=True)
class Member:
    """An order of the batch. `stops` are its candidate locations; `served` is the location of each unit now (None: of
    none); `most` parcels are allowed.
    """

    index: int
    problem: OrderProblem
    rule: Rule
    units: Sequence[LineGroup]
    stops: Mapping[LocationId, Stop]
    needs: Sequence[Mapping[StockKey, int]]
    served: tuple[LocationId | None, ...]
    most: int

    def toll(self, location: LocationId) -> int:
        """The fixed cost of a parcel from there."""
        stop = self.stops[location]
        return (
            0
            if stop.is_companion
            else stop.fixed_cost.total + self.problem.candidates.frame.costs.split_minor
        )

    def cost(self, served: Sequence[LocationId | None]) -> int:
        """The cost of serving the units from these locations."""
        lines = sum(
            self.units[unit].costs[location] for unit, location in enumerate(served) if location is not None
        )
        return lines + sum(
            self.toll(location) for location in {location for location in served if location is not None}
        )

    def stock_taken(self, served: Sequence[LocationId | None]) -> list[tuple[StockKey, LocationId, int]]:
        """The stock that serving the units from these locations takes."""
        return [
            (component, location, quantity)
            for unit, location in enumerate(served)
            if location is not None
            for component, quantity in self.needs[unit].items()
        ]

    def plan(self, served: Sequence[LocationId | None]) -> Plan:
        """The same as a plan of routing."""
        takes: dict[LocationId, list[tuple[int, int]]] = {}
        for unit, location in enumerate(served):
            if location is not None:
                lines = [(index, self.problem.wants[index].quantity) for index in self.units[unit].lines]
                takes.setdefault(location, []).extend(lines)
        return tuple(
            [Part(self.stops[location], tuple(sorted(each))) for location, each in sorted(takes.items())]
        )


def members(planner: Planner, demands: Sequence[Demand], decisions: Sequence[Decision]) -> list[Member]:
    """The orders that may change; the index is that of the demand."""
    joined = {order_id for decision in decisions for order_id in decision.explanation.together}
    found = (
        _member(planner, index, demand, decision)
        for index, (demand, decision) in enumerate(zip(demands, decisions, strict=True))
        if demand.order_id not in joined
    )
    return [each for each in found if each is not None]


def _member(planner: Planner, index: int, demand: Demand, decision: Decision) -> Member | None:
    routing = planner.routing_named(decision.explanation.run, decision.routing)
    if routing is None or demand.has_claim or decision.explanation.together:
        return None
    rule = _rule(routing, decision)
    if rule is None or not _is_by_cost(rule):
        return None
    problem = planner.problem(
        demand, demand.wants, rule, planner.frame.network.ways.lanes(demand), demand.companion_locations
    )
    if problem.shares_components or demand.terms.set_aside:
        return None
    units = units_of(problem)
    served = _served(units, problem, decision.choices)
    if served is None or len(units) > MOST_UNITS or rule.split.min_parcel_value_minor:
        return None
    return _limited(index, problem, rule, units, served)


def _rule(routing: Routing, decision: Decision) -> Rule | None:
    """The rule that decided, if it was the only one: short lines belong to a later rule."""
    rules = [rule for rule in routing.rules if rule.active]
    named = next((rule for rule in rules if rule.name == decision.rule), None)
    return (
        named
        if named is not None and (not decision.short or not decision.choices or len(rules) == 1)
        else None
    )


def _is_by_cost(rule: Rule) -> bool:
    """Whether all measures ranked before cost are ones that the optimization can respect."""
    for tier in rule.choose:
        if tier.by is Measure.COST:
            return not tier.descending
        if tier.descending or (tier.by is not Measure.PARCELS and tier.by not in _KEPT_BY_STOP):
            return False
    return True


def _served(
    units: Sequence[LineGroup], problem: OrderProblem, choices: Sequence[Choice]
) -> tuple[LocationId | None, ...] | None:
    """The location of each unit; None if a line was split, or if its location is not a candidate."""
    locations: dict[int, set[LocationId]] = {}
    for choice in choices:
        locations.setdefault(choice.line_no, set()).add(choice.location_id)
    result: list[LocationId | None] = []
    for unit in units:
        used = {
            location for index in unit.lines for location in locations.get(problem.wants[index].line_no, ())
        }
        if len(used) > 1 or not used <= unit.fits.keys():
            return None
        result.append(next(iter(used), None))
    return tuple(result)


def _limited(
    index: int,
    problem: OrderProblem,
    rule: Rule,
    units: Sequence[LineGroup],
    served: tuple[LocationId | None, ...],
) -> Member:
    every = {location: stop for unit in units for location, stop in unit.fits.items()}
    needs = [_needs(problem, unit) for unit in units]
    most = _ANY_NUMBER if rule.split.max_parcels is None else rule.split.max_parcels
    used = {location for location in served if location is not None}
    member = Member(index, problem, rule, units, every, needs, served, most)
    if not used:
        return member
    now = values(problem, member.plan(served))
    kinds = [each.by for each in rule.choose]
    before = kinds[: kinds.index(Measure.COST)] if Measure.COST in kinds else kinds
    if Measure.PARCELS in before:
        most = min(most, len(used))
    allowed = {
        location: stop
        for location, stop in every.items()
        if location in used or _is_no_worse(problem, stop, before, now)
    }
    cut = [
        LineGroup(
            unit.lines,
            {location: stop for location, stop in unit.fits.items() if location in allowed},
            unit.costs,
        )
        for unit in units
    ]
    return Member(index, problem, rule, cut, allowed, needs, served, most)


def _is_no_worse(problem: OrderProblem, stop: Stop, before: Sequence[Measure], now: Values) -> bool:
    """Whether a parcel from there respects the measures that the rule ranks before cost."""
    return all(
        stop.values[tier] <= limit(now[tier], each)
        for tier, each in enumerate(problem.candidates.scale.tiers)
        if each.by in before and each.by in _KEPT_BY_STOP
    )


def _needs(problem: OrderProblem, unit: LineGroup) -> Mapping[StockKey, int]:
    needs: dict[StockKey, int] = {}
    for index in unit.lines:
        want = problem.wants[index]
        for component, quantity in problem.supply.recipe(want.sku).items():
            needs[component] = needs.get(component, 0) + quantity * want.quantity
    return needs
