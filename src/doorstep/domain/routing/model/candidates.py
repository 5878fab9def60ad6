"""Provide candidate locations for one rule and destination: eligibility, cost, and reasons against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from math import log1p

import msgspec

from doorstep.domain.routing.model.demand import Demand
from doorstep.domain.routing.model.measure import Scale, Values, scale
from doorstep.domain.routing.model.network import Lane, Network, RoutingLocation
from doorstep.domain.routing.model.rules.document import Costs, Locations, Rule
from doorstep.kernel.ids import LocationId
from doorstep.kernel.message import Message, written

_DOES_NOT_SHIP = Message("does not ship")
_SURE = 1.0 - 1e-9
_MILLION = 1_000_000
# Unknown days sort last.
_NEVER_DAYS = 999


class FixedCost(msgspec.Struct, frozen=True):
    """The fixed cost of a parcel, by component; `late_minor` and `reroute_minor` are expected values."""

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


_FREE = FixedCost()


class Stop(msgspec.Struct, eq=False):
    """A location that may serve the order. `values` measure an empty parcel of it, `keys` compare it (see measure).

    `late` is the parcel's chance to be late as a log-probability in millionths, so that chances add up; `arrives` counts days from
    today. `is_companion` says that a parcel ships from there to this customer anyway: joining it costs carriage by weight only.
    Keys are long numbers and rarely needed, so they are computed on first use.
    """

    id: LocationId
    location: RoutingLocation
    lane: Lane
    fixed_cost: FixedCost
    scale: Scale
    values: Values
    meters: int
    late: int = 0
    arrives: int = 0
    co2_grams: int = 0
    is_companion: bool = False
    _keys: tuple[int, ...] = ()

    @property
    def keys(self) -> tuple[int, ...]:
        if not self._keys:
            self._keys = self.scale.stop_keys(self.values, self.id)
        return self._keys


class Site(msgspec.Struct, frozen=True):
    """The share of a location in every parcel under one rule, for any customer. `toll` is of a lane that costs nothing,
    `cost` its total with the charge for a further parcel.
    """

    location: RoutingLocation
    toll: FixedCost
    cost: int
    rank: int
    load: int


@dataclass(frozen=True, slots=True)
class Frame:
    """What all orders of a batch share. `shut` are the locations that may serve no order, with the reason."""

    network: Network
    costs: Costs
    today: int
    shut: Mapping[LocationId, Message] = field(init=False)
    _sites: dict[int, tuple[Rule, Mapping[LocationId, Site]]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        found = (
            (each.id, written(each.paused) if each.ships else _DOES_NOT_SHIP)
            for each in self.network.locations.values()
            if each.paused or not each.ships
        )
        object.__setattr__(self, "shut", dict(found))

    def sites(self, rule: Rule) -> Mapping[LocationId, Site]:
        """The locations under a rule, for any customer. The rule is kept: its identity is the key."""
        kept = self._sites.get(id(rule))
        if kept is None:
            locations = self.network.locations.values()
            kept = self._sites[id(rule)] = rule, {each.id: self._site(rule, each) for each in locations}
        return kept[1]

    def _site(self, rule: Rule, location: RoutingLocation) -> Site:
        bare = fixed_cost(location, Lane(location.id), self.costs)
        load = round(location.backlog_hours * 60) if location.backlog_hours else 0
        # A further parcel is charged here; the charge of the first is removed when a whole plan is scored.
        cost = bare.total + self.costs.split_minor
        return Site(location, bare, cost, sequence(rule.locations, location), load)

    def days(self, instant: datetime) -> int:
        """Days from today (a proleptic ordinal)."""
        return max(0, instant.toordinal() - self.today)


@dataclass(slots=True)
class CandidateView:
    """A rule's view of the lanes to one customer, shared by all orders with the same attributes for the rule.

    `refused` has the rule's reasons against locations; `reasons` has all reasons, and `counts` the number of locations by
    reason. `stops` gives candidates by location, None for one that may not serve.
    """

    frame: Frame
    rule: Rule
    lanes: Mapping[LocationId, Lane]
    refused: Mapping[LocationId, Message]
    pickup: str = ""
    scale: Scale = field(init=False)
    reasons: dict[LocationId, Message] = field(init=False)
    counts: tuple[tuple[Message, int], ...] = field(init=False)
    stops: dict[LocationId, Stop | None] = field(init=False)
    companions: dict[LocationId, Stop | None] = field(init=False)
    _sites: Mapping[LocationId, Site] = field(init=False)

    def __post_init__(self) -> None:
        self.scale = scale(self.rule.choose)
        self._sites = self.frame.sites(self.rule)
        self.reasons = self._but_one() if self.pickup else self._shut()
        self.counts = tuple(Counter(self.reasons.values()).items()) if self.reasons else ()
        self.stops = _LazyStops(self)
        self.companions = _LazyStops(self, is_companion=True)

    def _but_one(self) -> dict[LocationId, Message]:
        """Reasons against all locations but the pickup location."""
        locations = self.frame.network.locations
        why = Message("the customer picks up at %(location)s", location=self.pickup)
        known = [locations[each] for each in self.lanes if each in locations]
        return {
            each.id: written(each.paused) if each.code == self.pickup else why
            for each in known
            if each.paused or each.code != self.pickup
        }

    def _shut(self) -> dict[LocationId, Message]:
        """The reasons against the locations that may not serve."""
        shut, refused, sites = self.frame.shut, self.refused, self._sites
        return {
            each: shut.get(each) or lane.closed or refused[each]
            for each, lane in self.lanes.items()
            if (each in shut or lane.closed or each in refused) and each in sites
        }

    def stop(self, location_id: LocationId, *, is_companion: bool) -> Stop | None:
        """The location as a candidate, or None."""
        site, lane = self._sites.get(location_id), self.lanes.get(location_id)
        if site is None or lane is None or location_id in self.reasons:
            return None
        if self.pickup:
            lane = Lane(location_id, lane.km)
        if is_companion:
            fixed, cost, parcels, co2 = _FREE, 0, 0, 0
        else:
            fixed, cost, parcels, co2 = site.toll, site.cost, 1, lane.co2_grams
            if lane.parcel_minor or lane.miss or co2:
                fixed = fixed_cost(site.location, lane, self.frame.costs)
                cost = fixed.total + self.frame.costs.split_minor
        late = round(-log1p(-min(lane.miss, _SURE)) * _MILLION) if lane.miss else 0
        leaves = _NEVER_DAYS if lane.leaves_at is None else self.frame.days(lane.leaves_at)
        arrives = _NEVER_DAYS if lane.arrives_at is None else self.frame.days(lane.arrives_at)
        meters = round(lane.km * 1000)
        values = self.scale.of_stop((late, cost, parcels, meters, leaves, arrives, site.rank, site.load, co2))
        return Stop(
            location_id,
            site.location,
            lane,
            fixed,
            self.scale,
            values,
            meters,
            late,
            arrives,
            co2,
            is_companion,
        )


class _LazyStops(dict[LocationId, Stop | None]):
    """Candidates, computed on first use: most locations have no stock for an order and are never needed."""

    __slots__ = ("_candidates", "_is_companion")

    def __init__(self, candidates: CandidateView, *, is_companion: bool = False) -> None:
        self._candidates = candidates
        self._is_companion = is_companion

    def __missing__(self, location_id: LocationId) -> Stop | None:
        stop = self[location_id] = self._candidates.stop(location_id, is_companion=self._is_companion)
        return stop


def fixed_cost(location: RoutingLocation, lane: Lane, costs: Costs) -> FixedCost:
    """The fixed cost of a parcel from there."""
    reroute = round(location.reject_rate * costs.reroute_minor) if location.reject_rate else 0
    late = round(lane.miss * costs.late_minor) if lane.miss else 0
    load = round(location.backlog_hours * costs.backlog_hour_minor) if location.backlog_hours else 0
    carbon = round(lane.co2_grams * costs.co2_kilo_minor / 1000) if lane.co2_grams else 0
    return FixedCost(lane.parcel_minor, location.handling_minor, reroute, late, load, carbon)


def sequence(locations: Locations, location: RoutingLocation) -> int:
    """A location's position in the rule's list of codes, else of groups; unlisted ones come last."""
    if not locations.codes and not locations.groups:
        return 0
    if location.code in locations.codes:
        return locations.codes.index(location.code)
    ranks = [rank for rank, group in enumerate(locations.groups) if group in location.groups]
    return len(locations.codes) + min(ranks, default=len(locations.groups))


@dataclass(slots=True)
class CandidateViews:
    """The candidate views of one batch, cached by rule, by the lanes and by the rule's reasons."""

    frame: Frame
    _kept: dict[tuple[int, int, int, str], CandidateView] = field(init=False, default_factory=dict)

    def of(
        self,
        rule: Rule,
        demand: Demand,
        lanes: Mapping[LocationId, Lane],
        refused: Mapping[LocationId, Message],
    ) -> CandidateView:
        """The candidate view of an order. Keys are identities: a view keeps its keys alive, so that no identity is reused."""
        key = id(rule), id(lanes), id(refused), demand.attributes.pickup
        kept = self._kept.get(key)
        if kept is None:
            kept = self._kept[key] = CandidateView(self.frame, rule, lanes, refused, demand.attributes.pickup)
        return kept
