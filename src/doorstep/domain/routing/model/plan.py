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

from doorstep.domain.routing.model.demand import Choice, Demand, Want
from doorstep.domain.routing.model.network import Place
from doorstep.domain.routing.model.receipt import Explain, LineReceipt
from doorstep.domain.routing.model.supply import Basket, Supply
from doorstep.kernel.ids import LocationId, OrderId, Sku

RULES = "proximity-1"
_EARTH_KM = 6371.0088
_MAX_LOCATIONS_TRIED = 12


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan for one order. `short` holds what nobody has."""

    order_id: OrderId
    choices: tuple[Choice, ...]
    short: tuple[Want, ...]
    receipt: tuple[LineReceipt, ...]


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
    before = {want.sku: supply.sight(want.sku, demand.terms) for want in demand.wants}
    chosen = _one_parcel(demand, supply, ranked) or _whole_lines(
        demand, supply, {each: ways[each] for each in ranked}, before
    )
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
    receipt = Explain(demand, network.places, ways, before).lines(chosen)
    return Decision(demand.order_id, tuple(chosen), tuple(short), receipt)


def _one_parcel(demand: Demand, supply: Supply, ranked: Sequence[LocationId]) -> list[Choice]:
    """Everything from the nearest location that has it all; what nearly every order comes to."""
    if not supply.is_plain(demand):
        return _one_parcel_tried(demand, supply, ranked)
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


def _one_parcel_tried(demand: Demand, supply: Supply, ranked: Sequence[LocationId]) -> list[Choice]:
    """The same where kits share parts, or something is kept from the buyer."""
    for place in ranked:
        fillers = {want.line_no: [place] for want in demand.wants if (want.sku, place) not in demand.excluded}
        if len(fillers) == len(demand.wants):
            assigned = _assign(demand.wants, fillers, Basket(supply, demand.terms), within=None)
            if assigned is not None:
                return assigned
    return []


def _whole_lines(
    demand: Demand,
    supply: Supply,
    ways: Mapping[LocationId, float],
    sight: Mapping[Sku, Mapping[LocationId, int]],
) -> list[Choice]:
    """Assign every line that somebody can fill whole to the smallest, then nearest, set of locations."""
    fillers: dict[int, list[LocationId]] = {}
    for want in demand.wants:
        seen = sight[want.sku]
        fits = [
            place
            for place in ways
            if seen.get(place, 0) >= want.quantity and (want.sku, place) not in demand.excluded
        ]
        if fits:
            fillers[want.line_no] = fits
    wants = [want for want in demand.wants if want.line_no in fillers]
    union = {place for fits in fillers.values() for place in fits}
    tried = [place for place in ways if place in union][:_MAX_LOCATIONS_TRIED]
    for count in range(1, len(wants) + 1):
        assigned = _best_set(wants, fillers, demand, supply, ways, combinations_of=(tried, count))
        if assigned is not None:
            return assigned
    return _nearest_each(wants, fillers, demand, supply)


def _best_set(
    wants: Sequence[Want],
    fillers: Mapping[int, Sequence[LocationId]],
    demand: Demand,
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
        assigned = _assign(wants, fillers, Basket(supply, demand.terms), within=frozenset(chosen))
        if assigned is not None:
            best = (way, assigned)
    return None if best is None else best[1]


def _assign(
    wants: Sequence[Want],
    fillers: Mapping[int, Sequence[LocationId]],
    basket: Basket,
    *,
    within: frozenset[LocationId] | None,
) -> list[Choice] | None:
    """Each line to its nearest location (of the set) that still has room for it. None if a line finds none."""
    result = []
    for want in wants:
        for place in fillers[want.line_no]:
            if (within is None or place in within) and basket.room(want.sku, place) >= want.quantity:
                choice = Choice(want.line_no, want.sku, place, want.quantity)
                basket.add(choice)
                result.append(choice)
                break
        else:
            return None
    return result


def _nearest_each(
    wants: Sequence[Want], fillers: Mapping[int, Sequence[LocationId]], demand: Demand, supply: Supply
) -> list[Choice]:
    """As many whole lines as there is room for, each from its nearest location."""
    result: list[Choice] = []
    kept: list[Want] = []
    for want in wants:
        assigned = _assign([*kept, want], fillers, Basket(supply, demand.terms), within=None)
        if assigned is not None:
            kept.append(want)
            result = assigned
    return result


def _by_quantity(want: Want, demand: Demand, supply: Supply, ranked: Sequence[LocationId]) -> list[Choice]:
    """Pieces from the nearest locations, if together they can fill the line; takes them from supply."""
    missing, parts, basket = want.quantity, [], Basket(supply, demand.terms)
    for place in ranked:
        pieces = 0 if (want.sku, place) in demand.excluded else min(missing, basket.room(want.sku, place))
        if pieces:
            choice = Choice(want.line_no, want.sku, place, pieces)
            basket.add(choice)
            parts.append(choice)
            missing -= pieces
    if missing:
        return []
    for choice in parts:
        supply.take(choice)
    return parts
