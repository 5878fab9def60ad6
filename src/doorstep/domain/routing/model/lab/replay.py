"""Replay a past period under other rules: orders and stock changes at their times, each batch decided again.

Stock changes that orders caused are not part of the period: the rules decide them. Two rule sets that are replayed over the
same period can therefore be compared order by order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from doorstep.domain.routing.model.batch import Batch, Budget, improve
from doorstep.domain.routing.model.demand import Choice, Demand, DemandLine, StockKey
from doorstep.domain.routing.model.network import Network, RoutingLocation
from doorstep.domain.routing.model.plan import Decision, plan
from doorstep.domain.routing.model.rules.compiled import CompiledRules
from doorstep.domain.routing.model.score import Scores, joined
from doorstep.domain.routing.model.supply import Supply
from doorstep.kernel.ids import LocationId, OrderId, Sku


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order and its time of arrival."""

    at: datetime
    demand: Demand

    @classmethod
    def of(cls, at: datetime, demand: Demand) -> Arrival:
        """An order as it was before it was routed: in no queue, not tried."""
        return cls(
            at, replace(demand, attributes=msgspec.structs.replace(demand.attributes, queue="", tries=0))
        )


@dataclass(frozen=True, slots=True)
class StockChange:
    """A stock change that no order caused: received, counted, transferred, returned. `units` may be negative."""

    at: datetime
    key: StockKey
    location_id: LocationId
    units: int


@dataclass(frozen=True, slots=True)
class Past:
    """A past period: the stock at its start, and all orders and stock changes, each by time.

    `codes` are the location codes. `network` gives the network at an instant, with unused capacity of each shift, and `shift`
    the shift in which work decided then counts.
    """

    stock: Mapping[StockKey, Mapping[LocationId, int]]
    recipes: Mapping[Sku, Mapping[StockKey, int]]
    arrivals: Sequence[Arrival]
    changes: Sequence[StockChange]
    codes: Mapping[LocationId, str]
    network: Callable[[datetime], Network]
    shift: Callable[[LocationId, datetime], datetime | None]


@dataclass(frozen=True, slots=True)
class OrderResult:
    """The result of one order: its locations, their cost, and the units that were not allocated."""

    order_id: OrderId
    at: datetime
    choices: tuple[Choice, ...]
    scores: Scores
    short_units: int
    sentence: str
    rule: str


@dataclass(slots=True, eq=False)
class _Open:
    """An order that waits for missing units."""

    arrival: Arrival
    left: tuple[DemandLine, ...]
    choices: tuple[Choice, ...] = ()
    scores: Scores | None = None
    sentence: str = ""
    rule: str = ""

    def add(self, decision: Decision) -> None:
        """Add the result of another try."""
        if decision.choices or self.scores is None:
            self.choices += decision.choices
            self.scores = decision.scores if self.scores is None else joined(self.scores, decision.scores)
            self.sentence = " ".join(line.sentence.english() for line in decision.explanation.lines)
            self.rule = decision.rule or self.rule
        self.left = decision.short

    @property
    def outcome(self) -> OrderResult:
        short = sum(want.quantity for want in self.left)
        return OrderResult(
            self.arrival.demand.order_id,
            self.arrival.at,
            self.choices,
            self.scores or Scores(),
            short,
            self.sentence,
            self.rule,
        )


_Waiting = dict[StockKey, dict[OrderId, _Open]]  # orders by their missing stock keys


def replay(
    past: Past,
    compiled_rules: CompiledRules,
    *,
    every: timedelta,
    reported: Callable[[int], None],
    together: Budget | None = None,
) -> list[OrderResult]:
    """Decide every order of a period again, one batch for each span of `every`; `reported` receives the progress.

    Short orders are retried whenever something they lack changes. With a time budget, the orders of a batch are optimized
    together.
    """
    return _Replay(past, compiled_rules, every, together).run(reported)


@dataclass(slots=True)
class _Replay:
    past: Past
    compiled_rules: CompiledRules
    every: timedelta
    together: Budget | None = None

    def run(self, reported: Callable[[int], None]) -> list[OrderResult]:
        stock = {component: dict(there) for component, there in self.past.stock.items()}
        supply = Supply(stock, self.past.recipes)
        orders: list[_Open] = []
        waiting: _Waiting = {}
        used: dict[tuple[LocationId, datetime], int] = {}
        changes = iter([*self.past.changes, None])
        coming = next(changes)
        for until, arrivals in self._batches():
            touched = set[StockKey]()
            while coming is not None and coming.at <= until:
                here = stock.setdefault(coming.key, {})
                here[coming.location_id] = here.get(coming.location_id, 0) + coming.units
                touched.add(coming.key)
                coming = next(changes)
            fresh = [_Open(each, each.demand.wants) for each in arrivals]
            again = self._woken(waiting, touched)
            if again or fresh:
                self._decide([*again, *fresh], supply, used, until)
            for each in (*again, *fresh):
                self._wait(each, waiting)
            orders.extend(fresh)
            reported(len(orders))
        return [each.outcome for each in orders]

    def _batches(self) -> Iterator[tuple[datetime, list[Arrival]]]:
        """Orders of one span of time, and the end of the span."""
        batch: list[Arrival] = []
        ends: datetime | None = None
        for each in self.past.arrivals:
            if ends is None or each.at > ends:
                if ends is not None:
                    yield ends, batch
                batch, ends = [], each.at + self.every
            batch.append(each)
        if ends is not None:
            yield ends, batch
        # Stock that arrives after the last order may still serve waiting orders.
        if self.past.changes and (ends is None or self.past.changes[-1].at > ends):
            yield self.past.changes[-1].at, []

    def _decide(
        self,
        orders: Sequence[_Open],
        supply: Supply,
        used: dict[tuple[LocationId, datetime], int],
        now: datetime,
    ) -> None:
        network = self._network(now, used)
        demands = [replace(each.arrival.demand, wants=each.left) for each in orders]
        decisions = self._plan(demands, supply, network, now)
        for each, decision in zip(orders, decisions, strict=True):
            each.add(decision)
            for location in {choice.location_id for choice in decision.choices}:
                shift = self.past.shift(location, now)
                if shift is not None:
                    used[location, shift] = used.get((location, shift), 0) + 1

    def _plan(
        self, demands: Sequence[Demand], supply: Supply, network: Network, now: datetime
    ) -> list[Decision]:
        """Decide one by one, and then optimize together if there is a budget."""
        if self.together is None:
            return plan(demands, supply, network, self.compiled_rules, now=now)
        before = replace(
            supply, available={component: dict(there) for component, there in supply.available.items()}
        )
        decisions = plan(demands, supply, network, self.compiled_rules, now=now)
        batch = Batch(demands, decisions, before)
        solved = improve(batch, network, self.compiled_rules, now=now, budget=self.together).decisions
        for old, new in zip(decisions, solved, strict=True):
            if old is not new:
                for choice in old.choices:
                    supply.restore(choice)
                for choice in new.choices:
                    supply.take(choice)
        return solved

    def _network(self, now: datetime, used: Mapping[tuple[LocationId, datetime], int]) -> Network:
        network = self.past.network(now)
        locations = {
            each: self._location(location, now, used) for each, location in network.locations.items()
        }
        return replace(network, locations=locations)

    def _location(
        self, location: RoutingLocation, now: datetime, used: Mapping[tuple[LocationId, datetime], int]
    ) -> RoutingLocation:
        """The network with the capacity that this replay has used so far."""
        if location.free_capacity is None:
            return location
        shift = self.past.shift(location.id, now)
        taken = 0 if shift is None else used.get((location.id, shift), 0)
        return replace(location, free_capacity=max(0, location.free_capacity - taken))

    def _wait(self, order: _Open, waiting: _Waiting) -> None:
        for component in self._lacks(order):
            waiting.setdefault(component, {})[order.arrival.demand.order_id] = order

    def _lacks(self, order: _Open) -> set[StockKey]:
        return {
            component for want in order.left for component in self.past.recipes.get(want.sku) or {want.sku: 1}
        }

    def _woken(self, waiting: _Waiting, touched: set[StockKey]) -> list[_Open]:
        """Waiting orders that lack something that changed, each once, oldest first; they leave the waiting list."""
        found = {
            number: each
            for component in touched & waiting.keys()
            for number, each in waiting[component].items()
        }
        for number, order in found.items():
            for component in self._lacks(order):
                del waiting[component][number]
        return sorted(found.values(), key=lambda each: (each.arrival.at, each.arrival.demand.order_id))
