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
# Who cannot say when comes last.
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


class Stop(msgspec.Struct, eq=False):
    """A location that may serve the order. `values` measure a parcel of it before anything is in it, `keys` compare it (see measure).

    `late` is the parcel's chance to be late as a log-probability in millionths, so that chances add up; `arrives` counts days from
    today. `is_beside` says that a parcel leaves from there for this customer anyway: what joins it is carried for its weight alone.
    Keys are long numbers, so they are worked out when they are first asked for: mostly, they never are.
    """

    id: LocationId
    place: Place
    lane: Lane
    toll: Toll
    scale: Scale
    values: Values
    metres: int
    late: int = 0
    arrives: int = 0
    co2_grams: int = 0
    is_beside: bool = False
    _keys: tuple[int, ...] = ()

    @property
    def keys(self) -> tuple[int, ...]:
        if not self._keys:
            self._keys = self.scale.stop_keys(self.values, self.id)
        return self._keys


class Site(msgspec.Struct, frozen=True):
    """What a location brings to every parcel under one rule, whoever the customer is. `toll` is of a lane that costs nothing,
    `cost` its total with the charge for a further parcel.
    """

    place: Place
    toll: Toll
    cost: int
    rank: int
    load: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What all orders of a batch have in common. `shut` are the locations that serve nobody, with the reason in words."""

    network: Network
    costs: Costs
    today: int
    shut: Mapping[LocationId, str] = field(init=False)
    _sites: dict[int, tuple[Rule, Mapping[LocationId, Site]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        said = (
            (each.id, each.paused if each.ships else "does not ship") for each in self.network.places.values()
        )
        object.__setattr__(self, "shut", {place: why for place, why in said if why})

    def sites(self, rule: Rule) -> Mapping[LocationId, Site]:
        """The locations as a rule sees them, whoever the customer is. The rule is held: it is known by its identity."""
        kept = self._sites.get(id(rule))
        if kept is None:
            places = self.network.places.values()
            kept = self._sites[id(rule)] = rule, {each.id: self._site(rule, each) for each in places}
        return kept[1]

    def _site(self, rule: Rule, place: Place) -> Site:
        bare = fixed_cost(place, Lane(place.id), self.costs)
        load = round(place.backlog_hours * 60) if place.backlog_hours else 0
        # A further parcel is charged here; the first is given back when a whole plan is scored.
        cost = bare.total + self.costs.split_minor
        return Site(place, bare, cost, sequence(rule.locations, place), load)

    def days(self, instant: datetime) -> int:
        """Days from today (a proleptic ordinal)."""
        return max(0, instant.toordinal() - self.today)


@dataclass(slots=True)
class CandidateView:
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
    _sites: Mapping[LocationId, Site] = field(init=False)

    def __post_init__(self) -> None:
        self.scale = scale(self.rule.choose)
        self._sites = self.frame.sites(self.rule)
        self.reasons = self._but_one() if self.pickup else self._shut()
        self.counts = dict(Counter(self.reasons.values())) if self.reasons else {}
        self.stops = _Asked(self)
        self.besides = _Asked(self, is_beside=True)

    def _but_one(self) -> dict[LocationId, str]:
        """Why all but the location that the customer comes to may not serve."""
        places, why = self.frame.network.places, f"the customer comes to {self.pickup}"
        known = [places[each] for each in self.lanes if each in places]
        said = ((each.id, each.paused if each.code == self.pickup else why) for each in known)
        return {place: against for place, against in said if against}

    def _shut(self) -> dict[LocationId, str]:
        """Why locations may not serve, in words, of those that may not."""
        shut, refused, sites = self.frame.shut, self.refused, self._sites
        return {
            each: shut.get(each) or lane.closed or refused[each]
            for each, lane in self.lanes.items()
            if (each in shut or lane.closed or each in refused) and each in sites
        }

    def stop(self, place_id: LocationId, *, is_beside: bool) -> Stop | None:
        """The location as a place that may serve, or None."""
        site, lane = self._sites.get(place_id), self.lanes.get(place_id)
        if site is None or lane is None or place_id in self.reasons:
            return None
        if self.pickup:
            lane = Lane(place_id, lane.km)
        if is_beside:
            fixed, cost, parcels, co2 = _FREE, 0, 0, 0
        else:
            fixed, cost, parcels, co2 = site.toll, site.cost, 1, lane.co2_grams
            if lane.parcel_minor or lane.miss or co2:
                fixed = fixed_cost(site.place, lane, self.frame.costs)
                cost = fixed.total + self.frame.costs.split_minor
        late = round(-log1p(-min(lane.miss, _SURE)) * _MILLION) if lane.miss else 0
        leaves = _NEVER_DAYS if lane.leaves_at is None else self.frame.days(lane.leaves_at)
        arrives = _NEVER_DAYS if lane.arrives_at is None else self.frame.days(lane.arrives_at)
        metres = round(lane.km * 1000)
        values = self.scale.of_stop((late, cost, parcels, metres, leaves, arrives, site.rank, site.load, co2))
        return Stop(
            place_id, site.place, lane, fixed, self.scale, values, metres, late, arrives, co2, is_beside
        )


class _Asked(dict[LocationId, Stop | None]):
    """Stops, each worked out when it is first asked for: most locations have nothing of an order and are never asked."""

    __slots__ = ("_is_beside", "_outlook")

    def __init__(self, outlook: CandidateView, *, is_beside: bool = False) -> None:
        self._outlook = outlook
        self._is_beside = is_beside

    def __missing__(self, place_id: LocationId) -> Stop | None:
        stop = self[place_id] = self._outlook.stop(place_id, is_beside=self._is_beside)
        return stop


def fixed_cost(place: Place, lane: Lane, costs: Costs) -> Toll:
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
class CandidateViews:
    """The outlooks of one batch, kept by rule, by the lanes and by what the rule says of them."""

    frame: Frame
    _kept: dict[tuple[int, int, int, str], CandidateView] = field(init=False, default_factory=dict)

    def of(
        self, rule: Rule, demand: Demand, lanes: Mapping[LocationId, Lane], refused: Mapping[LocationId, str]
    ) -> CandidateView:
        """The outlook of an order. Keys are identities: an outlook holds what it is kept by, so none is given to another meanwhile."""
        key = id(rule), id(lanes), id(refused), demand.facts.pickup
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = CandidateView(self.frame, rule, lanes, refused, demand.facts.pickup)
        return kept
