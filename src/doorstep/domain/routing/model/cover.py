"""Find a few locations that together have everything, for orders with many lines or with lines that share components.

The search starts from several locations, adds the one that serves most of what is missing (or serves it at the lowest cost),
and then drops and exchanges locations until nothing improves. The result is good, but not proven optimal; it is tried with a
basket, so kits that share a component and repeated SKUs are never promised twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from doorstep.domain.routing.model.candidates import Stop
from doorstep.domain.routing.model.demand import Choice
from doorstep.domain.routing.model.order_problem import LineGroup, OrderProblem, Part, Plan
from doorstep.domain.routing.model.supply import Basket
from doorstep.kernel.ids import LocationId

_PAIRED = 24

# How good a try is, smaller first: minus the units served, then the number that plans are compared by.
_Worth = tuple[int, int]
_Takes = dict[LocationId, list[LineGroup]]


@dataclass(slots=True)
class Cover:
    """Ways to serve units by at most `most` parcels."""

    problem: OrderProblem
    units: Sequence[LineGroup]
    most: int
    _stops: dict[LocationId, Stop] = field(init=False)
    _lines: dict[tuple[int, ...], dict[LocationId, int]] = field(init=False)
    _opening: dict[LocationId, int] = field(init=False)
    _bits: dict[LocationId, int] = field(init=False)
    _known: dict[frozenset[LocationId], tuple[_Worth, _Takes]] = field(init=False, default_factory=dict)

    def plans(self) -> list[Plan]:
        """Candidate plans, the best first; all serve as many lines."""
        self._stops = {location: stop for unit in self.units for location, stop in sorted(unit.fits.items())}
        worth = self.problem.candidates.scale.cost_worth[0]
        self._lines = {unit.lines: unit.keys(0, worth) for unit in self.units}
        self._opening = {location: stop.keys[0] for location, stop in self._stops.items()}
        self._bits = {
            location: sum([1 << number for number, unit in enumerate(self.units) if location in unit.fits])
            for location in self._stops
        }
        if not self._stops:
            return []
        ranked = sorted(
            self._stops, key=lambda location: (self._served_alone(location), self._opening[location])
        )
        few = ranked[:_PAIRED]
        small = [frozenset(each) for count in (1, 2)[: self.most] for each in combinations(few, count)]
        grown = [self._improved(self._grown(rule)) for rule in (_most_served, _least_each)]
        most_served = -min(self._worth(each)[0] for each in grown)
        tries = [each for each in small if self._reach(each) >= most_served] + grown
        tries.sort(key=self._worth)
        best = self._worth(tries[0])[0]
        return [self._plan(each) for each in tries if self._worth(each)[0] == best and best]

    def _reach(self, locations: Iterable[LocationId]) -> int:
        """The most units that these locations can serve."""
        bits = 0
        for location in locations:
            bits |= self._bits[location]
        return bits.bit_count()

    def _served_alone(self, location: LocationId) -> int:
        return -self._bits[location].bit_count()

    def _worth(self, locations: frozenset[LocationId]) -> _Worth:
        """The rating of serving from these locations."""
        if locations not in self._known:
            self._known[locations] = (
                self._tried_on(locations) if self.problem.shares_components else self._assigned(locations)
            )
        return self._known[locations][0]

    def _plan(self, locations: frozenset[LocationId]) -> Plan:
        """The plan of a rating."""
        self._worth(locations)
        takes = {
            location: tuple(sorted(take for unit in units for take in self._taken(unit)))
            for location, units in self._known[locations][1].items()
        }
        return tuple([Part(self._stops[location], takes[location]) for location in sorted(takes)])

    def _assigned(self, locations: frozenset[LocationId]) -> tuple[_Worth, _Takes]:
        """Assign independent lines: each unit goes to the best of these locations."""
        takes: _Takes = {}
        served = key = 0
        ordered, opening = sorted(locations), self._opening
        for unit in self.units:
            costs, best, chosen = self._lines[unit.lines], 0, None
            for location in ordered:
                cost = costs.get(location)
                if cost is not None:
                    cost += 0 if location in takes else opening[location]
                    if chosen is None or cost < best:
                        best, chosen = cost, location
            if chosen is not None:
                takes.setdefault(chosen, []).append(unit)
                served, key = served + 1, key + costs[chosen]
        return (-served, key + sum([opening[location] for location in takes])), takes

    def _tried_on(self, locations: frozenset[LocationId]) -> tuple[_Worth, _Takes]:
        """Assign every unit to the best of these locations that still has stock for it."""
        basket, takes = self.problem.basket(), dict[LocationId, list[LineGroup]]()
        served = key = 0
        for unit in self.units:
            fits = sorted(
                (self._key(unit, location, takes), location) for location in locations & unit.fits.keys()
            )
            location = next((each for _key, each in fits if self._take(unit, each, basket)), None)
            if location is not None:
                takes.setdefault(location, []).append(unit)
                served, key = served + 1, key + self._lines[unit.lines][location]
        return (-served, key + sum([self._opening[location] for location in takes])), takes

    def _key(self, unit: LineGroup, location: LocationId, opened: Iterable[LocationId]) -> int:
        return self._lines[unit.lines][location] + (0 if location in opened else self._opening[location])

    def _taken(self, unit: LineGroup) -> list[tuple[int, int]]:
        return [(index, self.problem.wants[index].quantity) for index in unit.lines]

    def _take(self, unit: LineGroup, location: LocationId, basket: Basket) -> bool:
        """Add a unit to the basket if all of it fits."""
        wants = [self.problem.wants[index] for index in unit.lines]
        trial = basket.copied() if len(wants) > 1 else basket
        for want in wants:
            if trial.free(want.sku, location) - self.problem.safety < want.quantity:
                return False
            trial.add(Choice(want.line_no, want.sku, location, want.quantity))
        if trial is not basket:
            basket.become(trial)
        return True

    def _grown(self, prefer: Callable[[int, int], tuple[float, int]]) -> frozenset[LocationId]:
        """Add locations one by one while more is served."""
        chosen: frozenset[LocationId] = frozenset()
        served, key = self._worth(chosen)
        while len(chosen) < self.most:
            following = [chosen | {location} for location in self._following(chosen, -served, prefer)]
            better = [(self._worth(each), sorted(each), each) for each in following]
            better = [each for each in better if each[0][0] < served]
            if not better:
                break
            gain = served, key
            _worth, _ids, chosen = min(
                better, key=lambda each: (prefer(gain[0] - each[0][0], each[0][1] - gain[1]), each[1])
            )
            served, key = self._worth(chosen)
        return chosen

    def _following(
        self, chosen: frozenset[LocationId], served: int, prefer: Callable[[int, int], tuple[float, int]]
    ) -> list[LocationId]:
        """Locations that may serve more units; for independent lines, the ones that serve most."""
        known = {
            location: self._reach((*chosen, location)) for location in self._stops if location not in chosen
        }
        more = (
            max(known.values(), default=0)
            if prefer is _most_served and not self.problem.shares_components
            else 0
        )
        return [location for location, reach in known.items() if reach > served and reach >= more]

    def _improved(self, chosen: frozenset[LocationId]) -> frozenset[LocationId]:
        """Improve to the best neighboring selection, as long as it is better."""
        while True:
            others = [location for location in self._stops if location not in chosen]
            near = [chosen - {out} for out in chosen]
            near += [chosen - {out} | {location} for out in chosen for location in others[:_PAIRED]]
            served = -self._worth(chosen)[0]
            near = [each for each in near if self._reach(each) >= served]
            best = min([chosen, *near], key=lambda each: (self._worth(each), sorted(each)))
            if self._worth(best) >= self._worth(chosen):
                return chosen
            chosen = best


def _most_served(units: int, key: int) -> tuple[float, int]:
    return -units, key


def _least_each(units: int, key: int) -> tuple[float, int]:
    return key // units, -units
