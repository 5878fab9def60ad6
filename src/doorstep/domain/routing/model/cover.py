"""Few locations that together have everything, for orders with many lines or with lines that share what they are made of.

Grown from several seeds, always with the location that serves most of what is missing (or serves it cheapest), then improved
by dropping and exchanging locations until nothing helps. Good, not proven best; what it finds is tried on with a basket, so
kits that share a part and repeated SKUs are never promised twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from doorstep.domain.routing.model.ask import Ask, Part, Plan, Unit
from doorstep.domain.routing.model.demand import Choice
from doorstep.domain.routing.model.outlook import Stop
from doorstep.domain.routing.model.supply import Basket
from doorstep.kernel.ids import LocationId

_PAIRED = 24
_ROUNDS = 4

# How good a try is, smaller first: minus the units served, then the number plans are compared by.
_Worth = tuple[int, int]


@dataclass(slots=True)
class Cover:
    """Ways to serve units by at most `most` parcels."""

    ask: Ask
    units: Sequence[Unit]
    most: int
    _stops: dict[LocationId, Stop] = field(init=False)
    _lines: dict[tuple[int, ...], dict[LocationId, int]] = field(init=False)
    _known: dict[frozenset[LocationId], tuple[_Worth, Plan]] = field(init=False, default_factory=dict)

    def plans(self) -> list[Plan]:
        """Candidates, the best first; those after it serve as many lines."""
        self._stops = {place: stop for unit in self.units for place, stop in sorted(unit.fits.items())}
        worth = self.ask.outlook.scale.cost_worth[0]
        self._lines = {unit.lines: unit.keys(0, worth) for unit in self.units}
        if not self._stops:
            return []
        ranked = sorted(
            self._stops, key=lambda place: (self._served_alone(place), self._stops[place].keys[0])
        )
        few = ranked[:_PAIRED]
        small = [frozenset(each) for count in (1, 2)[: self.most] for each in combinations(few, count)]
        tries = [*small, *(self._improved(self._grown(rule)) for rule in (_most_served, _least_each))]
        found = sorted((self._try(each) for each in tries), key=lambda each: each[0])
        best = found[0][0][0]
        return [plan for worth, plan in found if worth[0] == best and plan]

    def _served_alone(self, place: LocationId) -> int:
        return -sum(place in unit.fits for unit in self.units)

    def _try(self, places: frozenset[LocationId]) -> tuple[_Worth, Plan]:
        """Every unit at the best of these locations that still has room for it."""
        if places not in self._known:
            basket, takes = self.ask.basket(), dict[LocationId, list[tuple[int, int]]]()
            served = key = 0
            for unit in self.units:
                fits = sorted((self._key(unit, place, takes), place) for place in places & unit.fits.keys())
                place = next((each for _key, each in fits if self._take(unit, each, basket)), None)
                if place is not None:
                    takes.setdefault(place, []).extend(self._pieces(unit))
                    served, key = served + 1, key + self._lines[unit.lines][place]
            key += sum(self._stops[place].keys[0] for place in takes)
            plan = tuple(
                [Part(self._stops[place], tuple(sorted(each))) for place, each in sorted(takes.items())]
            )
            self._known[places] = (-served, key), plan
        return self._known[places]

    def _key(self, unit: Unit, place: LocationId, opened: Iterable[LocationId]) -> int:
        return self._lines[unit.lines][place] + (0 if place in opened else self._stops[place].keys[0])

    def _pieces(self, unit: Unit) -> list[tuple[int, int]]:
        return [(index, self.ask.wants[index].quantity) for index in unit.lines]

    def _take(self, unit: Unit, place: LocationId, basket: Basket) -> bool:
        """Put a unit into the basket if there is room for all of it."""
        wants = [self.ask.wants[index] for index in unit.lines]
        trial = basket.copied() if len(wants) > 1 else basket
        for want in wants:
            if trial.room(want.sku, place) - self.ask.safety < want.quantity:
                return False
            trial.add(Choice(want.line_no, want.sku, place, want.quantity))
        if trial is not basket:
            basket.become(trial)
        return True

    def _grown(self, prefer: Callable[[int, int], tuple[float, int]]) -> frozenset[LocationId]:
        """Locations added one by one while more is served."""
        chosen: frozenset[LocationId] = frozenset()
        (served, key), _plan = self._try(chosen)
        while len(chosen) < self.most:
            following = [chosen | {place} for place in self._stops if place not in chosen]
            better = [(self._try(each)[0], sorted(each), each) for each in following]
            better = [each for each in better if each[0][0] < served]
            if not better:
                break
            gain = served, key
            _worth, _ids, chosen = min(
                better, key=lambda each: (prefer(gain[0] - each[0][0], each[0][1] - gain[1]), each[1])
            )
            served, key = self._try(chosen)[0]
        return chosen

    def _improved(self, chosen: frozenset[LocationId]) -> frozenset[LocationId]:
        """The best of its neighbours, and of theirs, as long as they are better."""
        for _round in range(_ROUNDS):
            others = [place for place in self._stops if place not in chosen]
            near = [chosen - {out} for out in chosen]
            near += [chosen - {out} | {place} for out in chosen for place in others[:_PAIRED]]
            best = min([chosen, *near], key=lambda each: (self._try(each)[0], sorted(each)))
            if self._try(best)[0] >= self._try(chosen)[0]:
                break
            chosen = best
        return chosen


def _most_served(units: int, key: int) -> tuple[float, int]:
    return -units, key


def _least_each(units: int, key: int) -> tuple[float, int]:
    return key // units, -units
