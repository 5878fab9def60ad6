"""Find the best way to split an order between locations: exact, for few independent lines.

One parcel is tried first; only if several can be better, all ways to separate the lines are compared (see partition). Used
for orders of up to six separable lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from doorstep.domain.routing.model import partition
from doorstep.domain.routing.model.candidates import Stop
from doorstep.domain.routing.model.measure import Scale, Values
from doorstep.domain.routing.model.order_problem import LineGroup, OrderProblem, Part, Plan
from doorstep.domain.routing.model.partition import Way
from doorstep.kernel.ids import LocationId

MOST_UNITS = 6
# A winner and a runner-up.
_RANKED = 2


@dataclass(slots=True)
class Assignment:
    """Ways to serve units by at most `most` parcels, each parcel of several worth at least `least_minor`."""

    problem: OrderProblem
    units: Sequence[LineGroup]
    most: int
    least_minor: int
    _scale: Scale = field(init=False)

    def __post_init__(self) -> None:
        self._scale = self.problem.candidates.scale

    def plans(self) -> list[Plan]:
        """Candidates for the best plan and the runner-up, for the largest set of lines that can be served."""
        if not self.units:
            return []
        full = (1 << len(self.units)) - 1
        singles = self._singles() if full == self._everything or not self.least_minor else []
        wins = bool(singles) and self._cannot_be_beaten(singles)
        if wins and (len(singles) > 1 or self.most == 1 or len(self.units) == 1):
            return self._two_best(singles)
        # The only candidate is still compared with the best of two parcels or more: users ask why it was not that.
        found = [self._best(number) for number in range(1 if wins else self._scale.count)]
        for mask in self._sets_to_serve(full):
            plans = [self._plan(best) for per_count in found for best in per_count[mask]]
            if plans:
                return plans + (singles if mask == full else [])
        return []

    def _singles(self) -> list[Plan]:
        """Everything from one location; without tolerances the two best are enough."""
        locations = _common([unit.fits for unit in self.units])
        takes = tuple([take for unit in self.units for take in self._takes(unit)])
        if len(locations) > _RANKED and self._scale.count == 1:
            ranked = sorted(
                [(key, location) for location, key in self._single_keys(locations.values(), 0).items()]
            )
            return [(Part(locations[location], takes),) for _key, location in ranked[:_RANKED]]
        return [(Part(stop, takes),) for stop in locations.values()]

    def _two_best(self, singles: list[Plan]) -> list[Plan]:
        """The winner of the tiers and the runner-up, where no two parcels can be better."""
        scale = self._scale
        if len(singles) <= _RANKED or scale.of_lines:
            return singles
        singles.sort(key=lambda single: single[0].stop.id)
        measured = [self._measured(single[0].stop) for single in singles]
        return [singles[index] for index in scale.sift(measured)[:_RANKED]]

    def _measured(self, stop: Stop) -> Values:
        """Everything from one location, tier by tier."""
        location, values = self._scale.cost, stop.values
        added = sum([unit.costs[stop.id] for unit in self.units])
        signed = -added if self._scale.tiers[location].descending else added
        return (*values[:location], values[location] + signed, *values[location + 1 :])

    def _single_keys(self, stops: Iterable[Stop], number: int) -> dict[LocationId, int]:
        """The comparison number of everything from one location."""
        worth = self._scale.cost_worth[number]
        if self._scale.of_lines:
            lines = [unit.keys(number, worth) for unit in self.units]
            return {stop.id: stop.keys[number] + sum([each[stop.id] for each in lines]) for stop in stops}
        costs = [unit.costs for unit in self.units]
        return {stop.id: stop.keys[number] + worth * sum([each[stop.id] for each in costs]) for stop in stops}

    def _takes(self, unit: LineGroup) -> list[tuple[int, int]]:
        return [(index, self.problem.wants[index].quantity) for index in unit.lines]

    def _cannot_be_beaten(self, singles: Sequence[Plan]) -> bool:
        """Whether no two parcels can be better than one, by the smallest value of each of their parts."""
        if self.most == 1 or len(self.units) == 1:
            return True
        scale, every = self._scale, None
        for number in range(scale.count):
            if scale.few_first[number] and not self.problem.companion_locations:
                continue
            every = every or {location: stop for unit in self.units for location, stop in unit.fits.items()}
            best = min(self._single_keys([single[0].stop for single in singles], number).values())
            toll = min([stop.keys[number] for stop in every.values()])
            worth = scale.cost_worth[number]
            lines = sum([min(unit.keys(number, worth).values()) for unit in self.units])
            if best > toll * (2 if toll > 0 else len(self.units)) + lines:
                return False
        return True

    def _best(self, number: int) -> list[list[Way]]:
        """For every set of lines the best plan by each number of parcels."""
        worth = self._scale.cost_worth[number]
        tolls = {location: stop.keys[number] for unit in self.units for location, stop in unit.fits.items()}
        lines = [unit.keys(number, worth) for unit in self.units]
        barred = self._is_too_small if self.least_minor else None
        return partition.ways(tolls, lines, most=self.most, is_refused=barred)

    def _is_too_small(self, mask: int) -> bool:
        """Whether a parcel of these lines, or of the remaining lines, is below the minimum value."""
        if mask == (1 << len(self.units)) - 1 == self._everything:
            return False
        return self._worth(mask) < self.least_minor

    @property
    def _everything(self) -> int:
        """The set of all units, if it is the complete order; -1 if a part of the order is already missing."""
        has_all = sum(len(unit.lines) for unit in self.units) == len(self.problem.wants)
        return (1 << len(self.units)) - 1 if has_all else -1

    def _worth(self, mask: int) -> int:
        wants = self.problem.wants
        chosen = [unit for bit, unit in enumerate(self.units) if mask >> bit & 1]
        return sum(wants[index].value_minor for unit in chosen for index in unit.lines)

    def _sets_to_serve(self, full: int) -> list[int]:
        """Sets of lines, most lines first; the remaining lines must reach the minimum value, too."""
        least, whole = self.least_minor, sum(want.value_minor for want in self.problem.wants)
        masks = [full] if self.most >= len(self.units) and not least else range(1, full + 1)
        good = [
            mask
            for mask in masks
            if not least or mask == self._everything or whole - self._worth(mask) >= least
        ]
        return sorted(good, key=lambda mask: (-self._lines(mask), mask))

    def _lines(self, mask: int) -> int:
        return sum(len(unit.lines) for bit, unit in enumerate(self.units) if mask >> bit & 1)

    def _plan(self, way: Way) -> Plan:
        takes: dict[LocationId, list[tuple[int, int]]] = {}
        stops: dict[LocationId, Stop] = {}
        for mask, location in way[1]:
            for bit, unit in enumerate(self.units):
                if mask >> bit & 1:
                    stops[location] = unit.fits[location]
                    takes.setdefault(location, []).extend(self._takes(unit))
        return tuple([Part(stops[location], tuple(sorted(each))) for location, each in sorted(takes.items())])


def _common(fits: Sequence[Mapping[LocationId, Stop]]) -> dict[LocationId, Stop]:
    """Locations that are in all of them."""
    first, *others = sorted(fits, key=len)
    return {location: stop for location, stop in first.items() if all(location in other for other in others)}
