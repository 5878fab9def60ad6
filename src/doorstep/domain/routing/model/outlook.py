"""The locations as one rule sees them on the way to one customer: who may serve, what a parcel from there is worth, why others may not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import log1p

import msgspec

from doorstep.domain.routing.model.demand import Demand
from doorstep.domain.routing.model.measure import Scale, Values, scale
from doorstep.domain.routing.model.network import Lane, Network, Place
from doorstep.domain.routing.model.rules.document import Costs, Locations, Rule
from doorstep.kernel.ids import LocationId

_SURE = 1.0 - 1e-9
_MILLION = 1_000_000
_NEVER_DAYS = 999


class Toll(msgspec.Struct, frozen=True):
    """What a parcel costs whatever is in it, by component; `late_minor` and `reroute_minor` are expected values."""

    carriage_minor: int = 0
    handling_minor: int = 0
    reroute_minor: int = 0
    late_minor: int = 0
    load_minor: int = 0
    carbon_minor: int = 0

    @property
    def total(self) -> int:
        return (
            self.carriage_minor
            + self.handling_minor
            + self.reroute_minor
            + self.late_minor
            + self.load_minor
            + self.carbon_minor
        )


_FREE = Toll()


class Stop(msgspec.Struct, frozen=True):
    """A location that may serve the order. `values` measure a parcel of it before anything is in it, `keys` compare it (see measure).

    `late` is the parcel's chance to be late as a log-probability in millionths, so that chances add up; `arrives` counts days from
    today. `is_beside` says that a parcel leaves from there for this customer anyway: what joins it is carried for its weight alone.
    """

    id: LocationId
    place: Place
    lane: Lane
    toll: Toll
    keys: tuple[int, ...]
    values: Values
    metres: int
    late: int = 0
    arrives: int = 0
    co2_grams: int = 0
    is_beside: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """What all orders of a batch have in common."""

    network: Network
    costs: Costs
    today: int

    def days(self, instant: datetime | None) -> int:
        """Days from today (a proleptic ordinal); who cannot say when comes last."""
        return _NEVER_DAYS if instant is None else max(0, instant.toordinal() - self.today)


@dataclass(slots=True)
class Outlook:
    """A rule's view of the lanes to one customer, shared by all orders that look the same to the rule.

    `refused` holds what the rule says against locations; `reasons` tells of all that may not serve why, and `counts` how many
    there are by reason. `stops` answers per location, None for one that may not serve.
    """

    frame: Frame
    rule: Rule
    lanes: Mapping[LocationId, Lane]
    refused: Mapping[LocationId, str]
    pickup: str = ""
    scale: Scale = field(init=False)
    reasons: dict[LocationId, str] = field(init=False)
    counts: dict[str, int] = field(init=False)
    stops: dict[LocationId, Stop | None] = field(init=False)
    besides: dict[LocationId, Stop | None] = field(init=False)

    def __post_init__(self) -> None:
        self.scale = scale(self.rule.choose)
        places = self.frame.network.places
        against = (
            (each, self._against(places[each], lane)) for each, lane in self.lanes.items() if each in places
        )
        self.reasons = {each: why for each, why in against if why}
        self.counts = dict(Counter(self.reasons.values()))
        self.stops = _Asked(self)
        self.besides = _Asked(self, is_beside=True)

    def _against(self, place: Place, lane: Lane) -> str:
        """Why a location may not serve, in words; "" if it may."""
        if self.pickup:
            return place.paused if place.code == self.pickup else f"the customer comes to {self.pickup}"
        if not place.ships:
            return "does not ship"
        return place.paused or lane.closed or self.refused.get(place.id, "")

    def stop(self, place_id: LocationId, *, is_beside: bool) -> Stop | None:
        """The location as a place that may serve, or None."""
        place, lane = self.frame.network.places.get(place_id), self.lanes.get(place_id)
        if place is None or lane is None or place_id in self.reasons:
            return None
        if self.pickup:
            lane = Lane(place_id, lane.km)
        fixed = _FREE if is_beside else toll(place, lane, self.frame.costs)
        late = round(-log1p(-min(lane.miss, _SURE)) * _MILLION) if lane.miss else 0
        arrives = self.frame.days(lane.arrives_at)
        metres = round(lane.km * 1000)
        co2 = 0 if is_beside else lane.co2_grams
        # A further parcel is charged here; the first is given back when a whole plan is scored.
        cost = 0 if is_beside else fixed.total + self.frame.costs.split_minor
        parcels = 0 if is_beside else 1
        leaves = self.frame.days(lane.leaves_at)
        rank = sequence(self.rule.locations, place)
        load = round(place.backlog_hours * 60) if place.backlog_hours else 0
        values = self.scale.of_stop((late, cost, parcels, metres, leaves, arrives, rank, load, co2))
        keys = self.scale.stop_keys(values, place_id)
        return Stop(place_id, place, lane, fixed, keys, values, metres, late, arrives, co2, is_beside)


class _Asked(dict[LocationId, Stop | None]):
    """Stops, each worked out when it is first asked for: most locations have nothing of an order and are never asked."""

    def __init__(self, outlook: Outlook, *, is_beside: bool = False) -> None:
        super().__init__()
        self._outlook = outlook
        self._is_beside = is_beside

    def __missing__(self, place_id: LocationId) -> Stop | None:
        stop = self[place_id] = self._outlook.stop(place_id, is_beside=self._is_beside)
        return stop


def toll(place: Place, lane: Lane, costs: Costs) -> Toll:
    """What a parcel from there costs whatever is in it."""
    reroute = round(place.reject_rate * costs.reroute_minor) if place.reject_rate else 0
    late = round(lane.miss * costs.late_minor) if lane.miss else 0
    load = round(place.backlog_hours * costs.backlog_hour_minor) if place.backlog_hours else 0
    carbon = round(lane.co2_grams * costs.co2_kilo_minor / 1000) if lane.co2_grams else 0
    return Toll(lane.parcel_minor, place.handling_minor, reroute, late, load, carbon)


def sequence(locations: Locations, place: Place) -> int:
    """A location's place in the rule's list of codes, else of groups; whoever is not listed comes last."""
    if not locations.codes and not locations.groups:
        return 0
    if place.code in locations.codes:
        return locations.codes.index(place.code)
    ranks = [rank for rank, group in enumerate(locations.groups) if group in place.groups]
    return len(locations.codes) + min(ranks, default=len(locations.groups))


@dataclass(slots=True)
class Outlooks:
    """The outlooks of one batch, kept by rule, by the lanes and by what the rule says of them."""

    frame: Frame
    _kept: dict[tuple[int, int, int, str], Outlook] = field(init=False, default_factory=dict)

    def of(
        self, rule: Rule, demand: Demand, lanes: Mapping[LocationId, Lane], refused: Mapping[LocationId, str]
    ) -> Outlook:
        """The outlook of an order. Keys are identities: an outlook holds what it is kept by, so none is given to another meanwhile."""
        key = id(rule), id(lanes), id(refused), demand.facts.pickup
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = Outlook(self.frame, rule, lanes, refused, demand.facts.pickup)
        return kept
