"""The decision: which location fulfils which line of an order, as a pure function with a receipt.

Rules of this version, in order: a line stays whole if any location can fill it whole; then the fewest parcels; then the
shortest total way to the customer; then the smaller location id. A line that no single location can fill is split by
quantity, nearest first, if all of them together can; otherwise it is short, waits, and ties up nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from math import asin, cos, dist, radians, sin

import msgspec

from doorstep.kernel.ids import LocationId, OrderId, Sku

RULES = "proximity-1"
_EARTH_KM = 6371.0088
_MAX_LOCATIONS_TRIED = 12
_CANDIDATES_TOLD = 4
_NOWHERE: Mapping[LocationId, int] = {}


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


class Candidate(msgspec.Struct, frozen=True):
    """A location as it stood in the decision; `eliminated` says why it could not serve a line (empty: it could).

    A Struct, like the receipt around it: there are more of these than of anything else in a batch.
    """

    location: str
    available: int
    distance_km: int | None
    eliminated: str


class LineReceipt(msgspec.Struct, frozen=True):
    """Why a line went where it went: a sentence, and the nearest locations behind it (`others` more had some too)."""

    line_no: int
    sku: str
    quantity: int
    sentence: str
    candidates: tuple[Candidate, ...]
    others: int = 0


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
    _by_sku: dict[Sku, dict[LocationId, int]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._by_sku = {}
        for (sku, location_id), pieces in self.available.items():
            self._by_sku.setdefault(sku, {})[location_id] = pieces

    def at(self, sku: Sku) -> Mapping[LocationId, int]:
        """Pieces of a SKU by location."""
        return self._by_sku.get(sku, _NOWHERE)

    def take(self, choice: Choice) -> None:
        self.available[choice.sku, choice.location_id] -= choice.quantity
        self._by_sku[choice.sku][choice.location_id] -= choice.quantity


@dataclass(slots=True)
class _Network:
    """The locations, and how far each is from a customer; customers at one place (a postal code) share the answer."""

    places: Mapping[LocationId, Place]
    _spots: list[tuple[LocationId, tuple[float, float, float]]] = field(init=False)
    _ways: dict[tuple[float, float], dict[LocationId, float]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._spots = [(each.id, _spot(each.latitude, each.longitude)) for each in self.places.values()]

    def ways(self, demand: Demand) -> dict[LocationId, float]:
        """Kilometres to every location, nearest first; zero for all if nobody knows where the customer is."""
        if demand.latitude is None or demand.longitude is None:
            return dict.fromkeys(sorted(self.places), 0.0)
        spot = demand.latitude, demand.longitude
        if spot not in self._ways:
            here = _spot(*spot)
            way = sorted(
                (2 * _EARTH_KM * asin(min(1.0, dist(here, there) / 2)), each) for each, there in self._spots
            )
            self._ways[spot] = {each: km for km, each in way}
        return self._ways[spot]


def _spot(latitude: float, longitude: float) -> tuple[float, float, float]:
    """A place as a point on the unit sphere, where distances are one call."""
    north, east = radians(latitude), radians(longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)


def plan(demands: Sequence[Demand], supply: Supply, places: Mapping[LocationId, Place]) -> list[Decision]:
    """Decide order by order, in the order given; `supply` holds what is left afterwards."""
    network = _Network(places)
    return [_decide(demand, supply, network) for demand in demands]


def _decide(demand: Demand, supply: Supply, network: _Network) -> Decision:
    ways = network.ways(demand)
    ranked = [each for each in ways if network.places[each].ships]
    before = {want.sku: dict(supply.at(want.sku)) for want in demand.wants}
    chosen = _one_parcel(demand, supply, ranked) or _whole_lines(demand, supply, ways, ranked)
    for choice in chosen:
        supply.take(choice)
    short: list[Want] = []
    if len(chosen) < len(demand.wants):
        done = {choice.line_no for choice in chosen}
        for want in demand.wants:
            if want.line_no not in done:
                parts = _by_quantity(want, demand, supply, ranked)
                chosen.extend(parts)
                short.extend([] if parts else [want])
    explain = _Explain(demand, network.places, ways, before)
    receipt = tuple(explain.line(want, chosen) for want in demand.wants)
    return Decision(demand.order_id, tuple(chosen), tuple(short), receipt)


def _one_parcel(demand: Demand, supply: Supply, ranked: Sequence[LocationId]) -> list[Choice]:
    """Everything from the nearest location that has it all; what nearly every order comes to."""
    needed: Counter[Sku] = Counter()
    for want in demand.wants:
        needed[want.sku] += want.quantity
    stocks = [(sku, supply.at(sku), quantity) for sku, quantity in needed.items()]
    for place in ranked:
        if all(
            stock.get(place, 0) >= quantity and (sku, place) not in demand.excluded
            for sku, stock, quantity in stocks
        ):
            return [Choice(want.line_no, want.sku, place, want.quantity) for want in demand.wants]
    return []


def _eligible(want: Want, demand: Demand, supply: Supply, ranked: Sequence[LocationId]) -> list[LocationId]:
    """Locations that could give at least one piece of the line, nearest first."""
    stock = supply.at(want.sku)
    return [place for place in ranked if stock.get(place, 0) > 0 and (want.sku, place) not in demand.excluded]


def _whole_lines(
    demand: Demand, supply: Supply, ways: Mapping[LocationId, float], ranked: Sequence[LocationId]
) -> list[Choice]:
    """Assign every line that somebody can fill whole to the smallest, then nearest, set of locations."""
    fillers: dict[int, list[LocationId]] = {}
    for want in demand.wants:
        stock = supply.at(want.sku)
        fits = [place for place in _eligible(want, demand, supply, ranked) if stock[place] >= want.quantity]
        if fits:
            fillers[want.line_no] = fits
    wants = [want for want in demand.wants if want.line_no in fillers]
    union = {place for fits in fillers.values() for place in fits}
    tried = [place for place in ranked if place in union][:_MAX_LOCATIONS_TRIED]
    for count in range(1, len(wants) + 1):
        assigned = _best_set(wants, fillers, supply, ways, combinations_of=(tried, count))
        if assigned is not None:
            return assigned
    return _nearest_each(wants, fillers, supply)


def _best_set(
    wants: Sequence[Want],
    fillers: Mapping[int, Sequence[LocationId]],
    supply: Supply,
    ways: Mapping[LocationId, float],
    *,
    combinations_of: tuple[Sequence[LocationId], int],
) -> list[Choice] | None:
    """The set of that many locations with the shortest total way that fills every line, or None."""
    best: tuple[float, list[Choice]] | None = None
    for chosen in combinations(*combinations_of):
        way = sum(ways[place] for place in chosen)
        if best is not None and way >= best[0]:
            continue
        assigned = _assign(wants, fillers, supply, within=frozenset(chosen))
        if assigned is not None:
            best = (way, assigned)
    return None if best is None else best[1]


def _assign(
    wants: Sequence[Want],
    fillers: Mapping[int, Sequence[LocationId]],
    supply: Supply,
    *,
    within: frozenset[LocationId] | None,
) -> list[Choice] | None:
    """Each line to its nearest location (of the set); repeated SKUs share what is there. None if a line finds none."""
    left: dict[tuple[Sku, LocationId], int] = {}
    result = []
    for want in wants:
        for place in fillers[want.line_no]:
            have = left.get((want.sku, place), supply.at(want.sku)[place])
            if have >= want.quantity and (within is None or place in within):
                left[want.sku, place] = have - want.quantity
                result.append(Choice(want.line_no, want.sku, place, want.quantity))
                break
        else:
            return None
    return result


def _nearest_each(
    wants: Sequence[Want], fillers: Mapping[int, Sequence[LocationId]], supply: Supply
) -> list[Choice]:
    """As many whole lines as repeated SKUs permit, each from its nearest location."""
    result: list[Choice] = []
    kept: list[Want] = []
    for want in wants:
        assigned = _assign([*kept, want], fillers, supply, within=None)
        if assigned is not None:
            kept.append(want)
            result = assigned
    return result


def _by_quantity(want: Want, demand: Demand, supply: Supply, ranked: Sequence[LocationId]) -> list[Choice]:
    """Pieces from the nearest locations, if together they can fill the line; takes them from supply."""
    missing, parts, stock = want.quantity, [], supply.at(want.sku)
    eligible = _eligible(want, demand, supply, ranked)
    if sum(stock[place] for place in eligible) < want.quantity:
        return []
    for place in eligible:
        if not missing:
            break
        choice = Choice(want.line_no, want.sku, place, min(missing, stock[place]))
        supply.take(choice)
        parts.append(choice)
        missing -= choice.quantity
    return parts


@dataclass(frozen=True, slots=True)
class _Explain:
    """Writes the receipt from what the decision saw."""

    demand: Demand
    places: Mapping[LocationId, Place]
    ways: Mapping[LocationId, float]
    before: Mapping[Sku, Mapping[LocationId, int]]

    def line(self, want: Want, chosen: Sequence[Choice]) -> LineReceipt:
        choices = [choice for choice in chosen if choice.line_no == want.line_no]
        stock = self.before[want.sku]
        had = [
            place
            for place in self.ways
            if stock.get(place, 0) > 0 or (want.sku, place) in self.demand.excluded
        ]
        used = {choice.location_id for choice in choices}
        told = [place for rank, place in enumerate(had) if rank < _CANDIDATES_TOLD or place in used]
        candidates = tuple([self._candidate(want, self.places[place], stock) for place in told])
        sentence = self._sentence(want, choices, stock)
        return LineReceipt(want.line_no, want.sku, want.quantity, sentence, candidates, len(had) - len(told))

    def _candidate(self, want: Want, place: Place, stock: Mapping[LocationId, int]) -> Candidate:
        available = stock.get(place.id, 0)
        why = ""
        if (want.sku, place.id) in self.demand.excluded:
            why = "rejected this before"
        elif not place.ships:
            why = "does not ship"
        elif available < want.quantity:
            why = f"has {available} of {want.quantity}: the line would be split"
        return Candidate(place.code, available, self._km(place.id), why)

    def _km(self, location_id: LocationId) -> int | None:
        return None if self.demand.latitude is None else round(self.ways[location_id])

    def _sentence(self, want: Want, choices: Sequence[Choice], stock: Mapping[LocationId, int]) -> str:
        may = [place for place in self.ways if self._may(want, place)]
        if not choices:
            there = sum(stock.get(place, 0) for place in may)
            return f"{there} of {want.quantity} are to be had: the line waits for stock and ties up nothing."
        if len(choices) > 1:
            parts = ", ".join(f"{choice.quantity} from {self._named(choice)}" for choice in choices)
            return f"No location has all {want.quantity}: {parts}."
        whole = [place for place in may if stock.get(place, 0) >= want.quantity]
        return self._whole_sentence(want, choices[0], whole)

    def _whole_sentence(self, want: Want, choice: Choice, whole: Sequence[LocationId]) -> str:
        here = self._named(choice)
        have = "that have it" if want.quantity == 1 else f"with all {want.quantity}"
        if len(whole) == 1:
            return f"{here}: the only location {have.replace('have', 'has')}."
        if whole[0] == choice.location_id:
            return f"{here}: the nearest of {len(whole)} locations {have}."
        nearer = self.places[whole[0]].name
        return f"{here}: in one parcel with other lines of this order, instead of {nearer}, which is nearer."

    def _may(self, want: Want, place: LocationId) -> bool:
        return self.places[place].ships and (want.sku, place) not in self.demand.excluded

    def _named(self, choice: Choice) -> str:
        place = self.places[choice.location_id]
        km = self._km(choice.location_id)
        return place.name if km is None else f"{place.name} ({km} km)"
