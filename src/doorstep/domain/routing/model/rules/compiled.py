"""Compile a rule set: which routing takes an order, and which locations its rules exclude, and why.

Filters and conditions read the same variables, and results are cached by the values they were read from: the orders of a
batch differ in few of them. `CompiledRules.at` is for one batch; results that hold for later batches are kept by the rules.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from doorstep.domain.routing.model.demand import Demand
from doorstep.domain.routing.model.network import Lane, RoutingLocation
from doorstep.domain.routing.model.rules.conditions import CannotEvaluate
from doorstep.domain.routing.model.rules.document import OrderField, Routing, Rule, RuleSet, Run
from doorstep.domain.routing.model.rules.filters import Filter, Values, of_locations, of_orders
from doorstep.domain.routing.model.rules.variables import (
    VARIABLES,
    Read,
    Reading,
    is_of_location,
    is_of_order,
)
from doorstep.kernel.ids import LocationId, OrderId
from doorstep.kernel.message import Message

_MOST_CACHED = 20_000
_LATEST = datetime.max.replace(tzinfo=UTC)
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_NOWHERE = RoutingLocation(LocationId(0), "", "", 0.0, 0.0, ships=False)
_NO_LANE = Lane(LocationId(0))
_NO_DEMAND = Demand(OrderId(0), ())
_NOBODY: Mapping[LocationId, Message] = {}


@dataclass(slots=True)
class _Question:
    """A filter with the order's values (read once for all locations) and a location's; slow results are cached."""

    filter: Filter
    failures: Counter[str]
    of_order: tuple[Read, ...] = field(init=False)
    of_location: tuple[Read, ...] = field(init=False)
    _known: dict[Values, Message | None] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        own = [name for name in self.filter.names if is_of_order(name)]
        self.of_order = tuple(VARIABLES[name].read for name in own)
        self.of_location = tuple(VARIABLES[name].read for name in self.filter.names[len(own) :])

    def own(self, reading: Reading) -> Values:
        return tuple([read(reading) for read in self.of_order])

    def answer(self, own: Values, reading: Reading) -> Message | None:
        """The reason against; None if there is none."""
        values = (*own, *[read(reading) for read in self.of_location])
        return self._cached(values) if self.filter.is_slow else self.filter.against(values)

    def refuse(self, own: Values, readings: Iterable[Reading], reasons: dict[LocationId, Message]) -> None:
        """Add the excluded locations, with the reason, to those excluded before."""
        against = self._cached if self.filter.is_slow else self.filter.against
        reads = self.of_location
        for reading in readings:
            location = reading.lane.location_id
            if location not in reasons:
                reason = against((*own, *[read(reading) for read in reads]))
                if reason:
                    reasons[location] = reason

    def _cached(self, values: Values) -> Message | None:
        if values not in self._known:
            if len(self._known) >= _MOST_CACHED:
                self._known.clear()
            self._known[values] = self._evaluate(values)
        return self._known[values]

    def _evaluate(self, values: Values) -> Message | None:
        try:
            return self.filter.against(values)
        except CannotEvaluate as problem:
            self.failures[f"{self.filter.path}: {problem}"] += 1
            return Message("its condition could not be evaluated: %(problem)s", problem=str(problem))


_Questions = tuple[_Question, ...]


def _answer(questions: _Questions, owns: Sequence[Values], reading: Reading) -> Message | None:
    """The first reason against."""
    for question, own in zip(questions, owns, strict=True):
        reasons = question.answer(own, reading)
        if reasons:
            return reasons
    return None


@dataclass(frozen=True, slots=True)
class _OfLocations:
    """The location filters of a rule: those that hold for every order of a batch, and those that depend on the order or lane."""

    standing: _Questions
    moving: _Questions


def _of_locations(filters: Sequence[Filter], failures: Counter[str]) -> _OfLocations:
    standing = [each for each in filters if all(is_of_location(name) for name in each.names)]
    moving = [each for each in filters if each not in standing]
    return _OfLocations(_questions(standing, failures), _questions(moving, failures))


def _questions(filters: Sequence[Filter], failures: Counter[str]) -> _Questions:
    return tuple(_Question(each, failures) for each in filters)


@dataclass(frozen=True, slots=True)
class CompiledRules:
    """A rule set with its conditions compiled. `version` is its name in explanations ("notnaked 7"), `number` its stored version.

    `failures` counts the distinct situations in which a condition could not be evaluated, by path and error: such a condition
    is false, and the caller reports it to users.
    """

    document: RuleSet
    version: str = ""
    number: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    _orders: Mapping[int, _Questions] = field(default_factory=dict)
    _locations: Mapping[int, _OfLocations] = field(default_factory=dict)

    def at(self, now: datetime, locations: Mapping[LocationId, RoutingLocation]) -> RuleEvaluator:
        """The rules for one batch: at this time, with these locations."""
        return RuleEvaluator(self, now, locations)

    def takes(self, routing: Routing, reading: Reading) -> Message | None:
        """The reason why a routing does not take an order; None if it does."""
        questions = self.orders(routing)
        return _answer(questions, [each.own(reading) for each in questions], reading)

    def orders(self, routing: Routing) -> _Questions:
        """The order filters of a routing."""
        return self._orders[id(routing)]

    def locations(self, rule: Rule) -> _OfLocations:
        """The location filters of a rule."""
        return self._locations[id(rule)]


def compile(  # noqa: A001 - read as rules.compile
    document: RuleSet, version: str = "", number: int = 0
) -> CompiledRules:
    """Compile a document. Raises conditions.Wrong for a condition that does not compile."""
    failures: Counter[str] = Counter()
    orders: dict[int, _Questions] = {}
    locations: dict[int, _OfLocations] = {}
    for at, run in enumerate(document.runs):
        for index, routing in enumerate(run.routings):
            path = f"runs[{at}].routings[{index}]"
            orders[id(routing)] = _questions(of_orders(routing.orders, f"{path}.orders"), failures)
            for rank, rule in enumerate(routing.rules):
                filters = of_locations(rule.locations, f"{path}.rules[{rank}].locations")
                locations[id(rule)] = _of_locations(filters, failures)
    return CompiledRules(document, version, number, failures, orders, locations)


@dataclass(slots=True)
class RuleEvaluator:
    """Compiled rules for one batch."""

    rules: CompiledRules
    now: datetime
    locations: Mapping[LocationId, RoutingLocation]
    _entrances: dict[int, Sequence[tuple[Routing, _Questions]]] = field(init=False, default_factory=dict)
    _standing: dict[int, Mapping[LocationId, Message]] = field(init=False, default_factory=dict)
    _moving: dict[tuple[object, ...], tuple[object, Mapping[LocationId, Message]]] = field(
        init=False, default_factory=dict
    )

    def routing(self, demand: Demand, run: Run | None = None) -> Routing | None:
        """The first active routing (of that run; of all active event-driven runs if none is given) that takes this order."""
        reading: Reading | None = None
        for routing, questions in self._entrance(run):
            if not questions:
                return routing
            reading = reading or Reading(demand, self.now, _NOWHERE, _NO_LANE)
            if not _answer(questions, [each.own(reading) for each in questions], reading):
                return routing
        return None

    def _entrance(self, run: Run | None) -> Sequence[tuple[Routing, _Questions]]:
        """The active routings of a run (None: of all active event-driven runs), with their order filters."""
        kept = self._entrances.get(id(run))
        if kept is None:
            runs = (
                [run]
                if run is not None
                else [each for each in self.rules.document.runs if each.active and not each.schedule]
            )
            active = [routing for each in runs for routing in each.routings if routing.active]
            kept = self._entrances[id(run)] = [(each, self.rules.orders(each)) for each in active]
        return kept

    def sorted(self, routing: Routing, demands: Iterable[Demand]) -> list[Demand]:
        """The orders in the sequence of the routing; ties by promise, placing time, id."""
        result = sorted(demands, key=_tie)
        for sort in reversed(routing.sort):
            result.sort(key=_SORTS[sort.by], reverse=sort.descending)
        return result

    def refusals(
        self, rule: Rule, demand: Demand, lanes: Mapping[LocationId, Lane]
    ) -> Mapping[LocationId, Message]:
        """The locations that this rule excludes for the order, each with the reason for the explanation.

        The result is shared between orders with the same attributes for the rule, so it must not be changed.
        """
        asked = self.rules.locations(rule)
        standing = self._refused_by_any(rule, asked.standing)
        if not asked.moving:
            return standing
        reading = Reading(demand, self.now, _NOWHERE, _NO_LANE)
        owns = tuple([each.own(reading) for each in asked.moving])
        key = (id(rule), id(lanes), owns)
        kept = self._moving.get(key)
        if kept is None or kept[0] is not lanes:
            reasons = dict(standing)
            now, locations = self.now, self.locations
            readings = [
                Reading(demand, now, locations[each], lane)
                for each, lane in lanes.items()
                if each not in reasons
            ]
            for question, own in zip(asked.moving, owns, strict=True):
                question.refuse(own, readings, reasons)
            kept = self._moving[key] = (lanes, reasons)
        return kept[1]

    def _refused_by_any(self, rule: Rule, questions: _Questions) -> Mapping[LocationId, Message]:
        """The locations that a rule excludes for all orders."""
        if not questions:
            return _NOBODY
        if id(rule) not in self._standing:
            asked = (
                (each, Reading(_NO_DEMAND, self.now, each, _NO_LANE)) for each in self.locations.values()
            )
            reasons = (
                (location.id, _answer(questions, [()] * len(questions), reading))
                for location, reading in asked
            )
            self._standing[id(rule)] = {each: reason for each, reason in reasons if reason}
        return self._standing[id(rule)]


def _tie(demand: Demand) -> tuple[datetime, datetime, int]:
    attributes = demand.attributes
    return attributes.promised_at or _LATEST, attributes.placed_at or _LATEST, demand.order_id


def _delivery_days(demand: Demand) -> float:
    attributes = demand.attributes
    if attributes.promised_at is None or attributes.placed_at is None:
        return float("inf")
    return (attributes.promised_at - attributes.placed_at).days


_SORTS: Mapping[OrderField, Callable[[Demand], float | datetime]] = {
    OrderField.PRIORITY: lambda each: each.attributes.priority,
    OrderField.SHIP_BEFORE: lambda each: each.attributes.promised_at or _LATEST,
    OrderField.SHIP_AFTER: lambda each: each.attributes.ship_after or _EARLIEST,
    OrderField.PLACED: lambda each: each.attributes.placed_at or _LATEST,
    OrderField.DELIVERY_DAYS: _delivery_days,
    OrderField.VALUE: lambda each: each.attributes.value_minor,
}
