"""Split a line that no location can fill: as few further locations as possible, the best of these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from doorstep.domain.routing.model.candidates import Stop
from doorstep.domain.routing.model.demand import Choice
from doorstep.domain.routing.model.order_problem import OrderProblem, Part, Plan
from doorstep.domain.routing.model.supply import Basket
from doorstep.kernel.ids import LocationId

# Pairs and triples are tried among this many locations; more parcels are added one by one, the fullest first.
_TRIED = {1: 200, 2: 40, 3: 12}


@dataclass(slots=True)
class Spread:
    """Adds split lines to a plan, with at most `most` parcels in all."""

    problem: OrderProblem
    plan: Plan
    most: int
    _takes: dict[LocationId, list[tuple[int, int]]] = field(init=False)
    _stops: dict[LocationId, Stop] = field(init=False)
    _basket: Basket = field(init=False)

    def __post_init__(self) -> None:
        self._takes = {part.stop.id: list(part.takes) for part in self.plan}
        self._stops = {part.stop.id: part.stop for part in self.plan}
        self._basket = self.problem.basket()
        for part in self.plan:
            for index, quantity in part.takes:
                self._put(index, part.stop, quantity)

    def add(self, index: int) -> bool:
        """Allocate a line's units; nothing is taken unless all are found."""
        want = self.problem.wants[index]
        if not self._basket.has_spare(want.sku, want.quantity):
            return False
        free = self._free(index)
        chosen = self._chosen(index, free)
        if chosen is None:
            return False
        missing = want.quantity
        for stop in sorted(
            chosen, key=lambda each: (self._open(each.id) is None, self._key(index, each), each.id)
        ):
            quantity = min(missing, free[stop.id])
            if quantity:
                self._put(index, stop, quantity)
                self._takes.setdefault(stop.id, []).append((index, quantity))
                self._stops[stop.id] = stop
                missing -= quantity
        return True

    def finished(self) -> Plan:
        """The plan with the added lines."""
        return tuple(
            [Part(self._stops[location], tuple(takes)) for location, takes in sorted(self._takes.items())]
        )

    def _put(self, index: int, stop: Stop, quantity: int) -> None:
        want = self.problem.wants[index]
        self._basket.add(Choice(want.line_no, want.sku, stop.id, quantity))

    def _free(self, index: int) -> dict[LocationId, int]:
        """Units of a line that locations still have."""
        sku, safety = self.problem.wants[index].sku, self.problem.safety
        stock = self.problem.stock_at[index]
        return {
            location: units
            for location in stock
            if (units := self._basket.free(sku, location) - safety) > 0
            and self.problem.candidate(location, sku) is not None
        }

    def _chosen(self, index: int, free: Mapping[LocationId, int]) -> list[Stop] | None:
        """Locations to take a line from: those of the plan, and as few others as needed; None if there is not enough stock."""
        sku, missing = self.problem.wants[index].sku, self.problem.wants[index].quantity
        inside = [stop for location in free if (stop := self._open(location)) is not None]
        missing -= sum(free[stop.id] for stop in inside)
        opened = {stop.id for stop in inside}
        outside = [
            stop
            for location in free
            if location not in opened and (stop := self.problem.candidate(location, sku))
        ]
        outside.sort(key=lambda stop: (self._key(index, stop), stop.id))
        allowed = max(0, self.most - sum(not stop.is_companion for stop in self._stops.values()))
        for count in range(min(allowed, len(outside)) + 1):
            chosen = self._few(outside, free, missing, count) if count in _TRIED or not count else None
            if chosen is not None:
                return inside + chosen
        fullest = sorted(outside, key=lambda stop: (-free[stop.id], self._key(index, stop), stop.id))[
            :allowed
        ]
        return _enough(inside, fullest, free, missing)

    def _open(self, location: LocationId) -> Stop | None:
        """The candidate of a parcel that ships from there anyway."""
        return self._stops.get(location) or (
            self.problem.candidates.companions[location]
            if location in self.problem.companion_locations
            else None
        )

    def _few(
        self, outside: list[Stop], free: Mapping[LocationId, int], missing: int, count: int
    ) -> list[Stop] | None:
        """The best this many locations that together have what is missing; the input is sorted, best first."""
        if not count:
            return [] if missing <= 0 else None
        for chosen in combinations(outside[: _TRIED[count]], count):
            if sum(free[stop.id] for stop in chosen) >= missing:
                return list(chosen)
        return None

    def _key(self, index: int, stop: Stop) -> int:
        """The comparison number of a unit of the line from there."""
        scale = self.problem.candidates.scale
        return stop.keys[0] + scale.keys(scale.signed(self.problem.measured([(index, 1)], stop)), 0)[0]


def _enough(
    inside: list[Stop], fullest: list[Stop], free: Mapping[LocationId, int], missing: int
) -> list[Stop] | None:
    chosen = list(inside)
    for stop in fullest:
        if missing <= 0:
            break
        chosen.append(stop)
        missing -= free[stop.id]
    return chosen if missing <= 0 else None
