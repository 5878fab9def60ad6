"""The decision: which location fulfils which line of an order, as a pure function with a receipt.

Rules of this version, in order: a line stays whole if any location can fill it whole; then the fewest parcels; then the
shortest total way to the customer; then the smaller location id. A line that no single location can fill is split by
quantity, nearest first, if all of them together can; otherwise it is short, waits, and ties up nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import asin, cos, radians, sin, sqrt

from doorstep.kernel.ids import LocationId, OrderId, Sku

RULES = "proximity-1"
_EARTH_KM = 6371.0088
_MAX_LOCATIONS_TRIED = 12


@dataclass(frozen=True, slots=True)
class Want:
    """A line that needs stock."""

    line_no: int
    sku: Sku
    quantity: int


@dataclass(frozen=True, slots=True)
class Demand:
    """What one order needs, and where it goes; without a place, distance does not count."""

    order_id: OrderId
    wants: tuple[Want, ...]
    latitude: float | None = None
    longitude: float | None = None
    excluded: frozenset[tuple[Sku, LocationId]] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """A location as routing sees it."""

    id: LocationId
    code: str
    name: str
    latitude: float
    longitude: float
    ships: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """So many pieces of a line from a location."""

    line_no: int
    sku: Sku
    location_id: LocationId
    quantity: int


@dataclass(frozen=True, slots=True)
class Candidate:
    """A location as it stood in the decision; `eliminated` says why it could not serve a line (empty: it could)."""

    location: str
    available: int
    distance_km: int | None
    eliminated: str


@dataclass(frozen=True, slots=True)
class LineReceipt:
    """Why a line went where it went: a sentence, and the table behind it."""

    line_no: int
    sku: str
    quantity: int
    sentence: str
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan for one order. `short` holds what nobody has."""

    order_id: OrderId
    choices: tuple[Choice, ...]
    short: tuple[Want, ...]
    receipt: tuple[LineReceipt, ...]


@dataclass(slots=True)
class Supply:
    """What is available per SKU and location; planning takes from it, so that a batch never promises a piece twice."""

    available: dict[tuple[Sku, LocationId], int]
    by_sku: dict[Sku, list[LocationId]] = field(init=False)

    def __post_init__(self) -> None:
        self.by_sku = {}
        for sku, location_id in sorted(self.available):
            self.by_sku.setdefault(sku, []).append(location_id)

    def of(self, sku: Sku, location_id: LocationId) -> int:
        return self.available.get((sku, location_id), 0)

    def take(self, choice: Choice) -> None:
        self.available[choice.sku, choice.location_id] -= choice.quantity


def plan(demands: Sequence[Demand], supply: Supply, places: Mapping[LocationId, Place]) -> list[Decision]:
    """Decide order by order, in the order given; `supply` holds what is left afterwards."""
    return [_decide(demand, supply, places) for demand in demands]


def _decide(demand: Demand, supply: Supply, places: Mapping[LocationId, Place]) -> Decision:
    distances = {place.id: _distance(demand, place) for place in places.values()}
    before = {
        (want.sku, location_id): supply.of(want.sku, location_id)
        for want in demand.wants
        for location_id in places
    }
    chosen: list[Choice] = []
    for choice in _whole_lines(demand, supply, places, distances):
        supply.take(choice)
        chosen.append(choice)
    done = {choice.line_no for choice in chosen}
    short: list[Want] = []
    for want in demand.wants:
        if want.line_no not in done:
            parts = _by_quantity(want, demand, supply, places, distances)
            chosen.extend(parts)
            if not parts:
                short.append(want)
    explain = _Explain(demand, places, distances, before)
    receipt = tuple(
        explain.line(want, [choice for choice in chosen if choice.line_no == want.line_no])
        for want in demand.wants
    )
    return Decision(demand.order_id, tuple(chosen), tuple(short), receipt)


def _distance(demand: Demand, place: Place) -> float:
    if demand.latitude is None or demand.longitude is None:
        return 0.0
    rise = sin(radians(demand.latitude - place.latitude) / 2) ** 2
    turn = sin(radians(demand.longitude - place.longitude) / 2) ** 2
    return (
        2 * _EARTH_KM * asin(sqrt(rise + cos(radians(place.latitude)) * cos(radians(demand.latitude)) * turn))
    )


def _eligible(
    want: Want, demand: Demand, supply: Supply, places: Mapping[LocationId, Place]
) -> list[LocationId]:
    """Locations that could give at least one piece of the line."""
    return [
        location_id
        for location_id in supply.by_sku.get(want.sku, ())
        if location_id in places
        and places[location_id].ships
        and (want.sku, location_id) not in demand.excluded
        and supply.of(want.sku, location_id) > 0
    ]


def _whole_lines(
    demand: Demand, supply: Supply, places: Mapping[LocationId, Place], distances: Mapping[LocationId, float]
) -> list[Choice]:
    """Assign every line that somebody can fill whole to the smallest, then nearest, set of locations."""
    fillers: dict[int, list[LocationId]] = {}
    for want in demand.wants:
        fits = [
            place
            for place in _eligible(want, demand, supply, places)
            if supply.of(want.sku, place) >= want.quantity
        ]
        if fits:
            fillers[want.line_no] = fits
    wants = [want for want in demand.wants if want.line_no in fillers]
    union = {place for fits in fillers.values() for place in fits}
    ranked = sorted(union, key=lambda place: (distances[place], place))[:_MAX_LOCATIONS_TRIED]
    for count in range(1, len(wants) + 1):
        assigned = _best_set(wants, fillers, supply, distances, combinations_of=(ranked, count))
        if assigned is not None:
            return assigned
    return _nearest_each(wants, fillers, supply, distances)


def _best_set(
    wants: Sequence[Want],
    fillers: Mapping[int, Sequence[LocationId]],
    supply: Supply,
    distances: Mapping[LocationId, float],
    *,
    combinations_of: tuple[Sequence[LocationId], int],
) -> list[Choice] | None:
    """The set of that many locations with the shortest total way that fills every line, or None."""
    best: tuple[float, list[Choice]] | None = None
    for chosen in combinations(*combinations_of):
        way = sum(distances[place] for place in chosen)
        if best is not None and way >= best[0]:
            continue
        assigned = _assign(wants, fillers, supply, distances, within=frozenset(chosen))
        if assigned is not None:
            best = (way, assigned)
    return None if best is None else best[1]


def _assign(
    wants: Sequence[Want],
    fillers: Mapping[int, Sequence[LocationId]],
    supply: Supply,
    distances: Mapping[LocationId, float],
    *,
    within: frozenset[LocationId],
) -> list[Choice] | None:
    """Each line to its nearest location of the set; repeated SKUs share what is there. None if a line finds none."""
    left: dict[tuple[Sku, LocationId], int] = {}
    result = []
    for want in wants:
        places = sorted(
            (place for place in fillers[want.line_no] if place in within),
            key=lambda place: (distances[place], place),
        )
        for place in places:
            have = left.get((want.sku, place), supply.of(want.sku, place))
            if have >= want.quantity:
                left[want.sku, place] = have - want.quantity
                result.append(Choice(want.line_no, want.sku, place, want.quantity))
                break
        else:
            return None
    return result


def _nearest_each(
    wants: Sequence[Want],
    fillers: Mapping[int, Sequence[LocationId]],
    supply: Supply,
    distances: Mapping[LocationId, float],
) -> list[Choice]:
    """As many whole lines as repeated SKUs permit, each from its nearest location."""
    result: list[Choice] = []
    kept: list[Want] = []
    for want in wants:
        assigned = _assign([*kept, want], fillers, supply, distances, within=frozenset(distances))
        if assigned is not None:
            kept.append(want)
            result = assigned
    return result


def _by_quantity(
    want: Want,
    demand: Demand,
    supply: Supply,
    places: Mapping[LocationId, Place],
    distances: Mapping[LocationId, float],
) -> list[Choice]:
    """Pieces from the nearest locations, if together they can fill the line; takes them from supply."""
    missing, parts = want.quantity, []
    eligible = _eligible(want, demand, supply, places)
    if sum(supply.of(want.sku, place) for place in eligible) < want.quantity:
        return []
    for place in sorted(eligible, key=lambda place: (distances[place], place)):
        if not missing:
            break
        choice = Choice(want.line_no, want.sku, place, min(missing, supply.of(want.sku, place)))
        supply.take(choice)
        parts.append(choice)
        missing -= choice.quantity
    return parts


@dataclass(frozen=True, slots=True)
class _Explain:
    """Writes the receipt from what the decision saw."""

    demand: Demand
    places: Mapping[LocationId, Place]
    distances: Mapping[LocationId, float]
    before: Mapping[tuple[Sku, LocationId], int]

    def line(self, want: Want, choices: Sequence[Choice]) -> LineReceipt:
        ranked = sorted(self.places.values(), key=lambda place: (self.distances[place.id], place.id))
        candidates = tuple(
            self._candidate(want, place) for place in ranked if self._worth_telling(want, place)
        )
        return LineReceipt(want.line_no, want.sku, want.quantity, self._sentence(want, choices), candidates)

    def _worth_telling(self, want: Want, place: Place) -> bool:
        return self.before[want.sku, place.id] > 0 or (want.sku, place.id) in self.demand.excluded

    def _candidate(self, want: Want, place: Place) -> Candidate:
        available = self.before[want.sku, place.id]
        why = ""
        if (want.sku, place.id) in self.demand.excluded:
            why = "rejected this before"
        elif not place.ships:
            why = "does not ship"
        elif available < want.quantity:
            why = f"has {available} of {want.quantity}: the line would be split"
        return Candidate(place.code, available, self._km(place.id), why)

    def _km(self, location_id: LocationId) -> int | None:
        return None if self.demand.latitude is None else round(self.distances[location_id])

    def _sentence(self, want: Want, choices: Sequence[Choice]) -> str:
        if not choices:
            there = sum(
                self.before[want.sku, place.id] for place in self.places.values() if self._may(want, place)
            )
            return f"{there} of {want.quantity} are to be had: the line waits for stock and ties up nothing."
        if len(choices) > 1:
            parts = ", ".join(f"{choice.quantity} from {self._named(choice)}" for choice in choices)
            return f"No location has all {want.quantity}: {parts}."
        return self._whole_sentence(want, choices[0])

    def _whole_sentence(self, want: Want, choice: Choice) -> str:
        whole = [
            place
            for place in self.places.values()
            if self.before[want.sku, place.id] >= want.quantity and self._may(want, place)
        ]
        here = self._named(choice)
        have = "that have it" if want.quantity == 1 else f"with all {want.quantity}"
        if len(whole) == 1:
            return f"{here}: the only location {have.replace('have', 'has')}."
        nearest = min(whole, key=lambda place: (self.distances[place.id], place.id))
        if nearest.id == choice.location_id:
            return f"{here}: the nearest of {len(whole)} locations {have}."
        return f"{here}: in one parcel with other lines of this order, instead of {nearest.name}, which is nearer."

    def _may(self, want: Want, place: Place) -> bool:
        return place.ships and (want.sku, place.id) not in self.demand.excluded

    def _named(self, choice: Choice) -> str:
        place = self.places[choice.location_id]
        km = self._km(choice.location_id)
        return place.name if km is None else f"{place.name} ({km} km)"
