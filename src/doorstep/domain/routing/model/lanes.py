"""Provide lanes with calendars and rates: distance, price, departure, arrival, probability to be late.

Values that depend on the location are computed once per moment, values that depend on the zone once per zone; a destination
costs fifty distances and a sort. Without rates there are distances and departures, prices are zero and nothing is promised.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import asin, cos, dist, inf, radians, sin

from doorstep.domain.routing.model.calendar import Calendar
from doorstep.domain.routing.model.demand import Demand, OrderAttributes
from doorstep.domain.routing.model.network import Lane
from doorstep.domain.routing.model.tariff import Carrier, Departure, Rate, Service, Zone, arrival, departure
from doorstep.kernel.ids import LocationId
from doorstep.kernel.message import Message

_EARTH_KM = 6371.0088
_MOST_DESTINATIONS = 8_000  # cached distances of one configuration; beyond it they are computed again
_MOST_ANSWERS = 2_000  # cached lanes of one moment

Spot = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Origin:
    """A location as an origin of parcels. `cut_offs` are minutes of the local day by service, "" is the location's own."""

    id: LocationId
    code: str
    latitude: float
    longitude: float
    country: str
    region: str
    calendar: Calendar
    cut_offs: Mapping[str, int]
    carriers: tuple[str, ...] = ()
    processing_minutes: int = 0

    def cut_off(self, service: str) -> int:
        return self.cut_offs.get(service, self.cut_offs[""])


def spot(latitude: float, longitude: float) -> Spot:
    """A location as a point on the unit sphere, where distances are one call."""
    north, east = radians(latitude), radians(longitude)
    return cos(north) * cos(east), cos(north) * sin(east), sin(north)


def kilometers(one: Spot, other: Spot) -> float:
    """The great-circle distance between two points."""
    return 2 * _EARTH_KM * asin(min(1.0, dist(one, other) / 2))


@dataclass(slots=True)
class LaneTable:
    """Locations, carriers and the distances between locations and destinations; one per configuration, shared by batches."""

    origins: Sequence[Origin]
    carriers: Mapping[str, Carrier] = field(default_factory=dict)
    default_service: str = ""
    _spots: list[tuple[LocationId, Spot]] = field(init=False)
    _ways: dict[tuple[float | None, float | None], list[tuple[float, LocationId]]] = field(init=False)
    _codes: dict[str, str] = field(init=False)
    breaks: list[float] = field(init=False)

    def __post_init__(self) -> None:
        self._spots = [(each.id, spot(each.latitude, each.longitude)) for each in self.origins]
        self._ways = {}
        zones = (zone for carrier in self.carriers.values() for zone in carrier.zones)
        self.breaks = sorted({zone.within_km for zone in zones if zone.within_km is not None})
        self._codes = {
            name.casefold(): each.code
            for carrier in self.carriers.values()
            for each in carrier.services.values()
            for name in (each.code, *each.methods)
        }

    def ways(self, latitude: float | None, longitude: float | None) -> list[tuple[float, LocationId]]:
        """Kilometers to every location, nearest first, ties by id; zero if the customer's coordinates are unknown."""
        key = latitude, longitude
        found = self._ways.get(key)
        if found is None:
            if len(self._ways) >= _MOST_DESTINATIONS:
                self._ways.clear()
            if latitude is None or longitude is None:
                found = sorted((0.0, each) for each, _ in self._spots)
            else:
                here = spot(latitude, longitude)
                found = sorted((kilometers(here, there), each) for each, there in self._spots)
            self._ways[key] = found
        return found

    def service(self, attributes: OrderAttributes) -> str:
        """The promised service: by its code, or by the channel's name for it; else the default."""
        return (
            self._codes.get(attributes.service.casefold())
            or self._codes.get(attributes.method.casefold())
            or self.default_service
        )

    def offers(self, origin: Origin, service: str) -> Iterator[tuple[Carrier, Service]]:
        """Carriers of a service from a location, in the location's order of preference."""
        for key in origin.carriers:
            carrier = self.carriers.get(key)
            if carrier is not None and service in carrier.services:
                yield carrier, carrier.services[service]

    @property
    def methods(self) -> Collection[str]:
        """Every name of a service that is understood, lower case: its code, and what channels call it."""
        return self._codes.keys()

    @property
    def services(self) -> list[str]:
        """Every service of any carrier, the default first."""
        codes = {code for carrier in self.carriers.values() for code in carrier.services}
        return sorted(codes, key=lambda code: (code != self.default_service, code))


@dataclass(frozen=True, slots=True)
class Offer:
    """A zone's rates (per parcel, kilogram, unit) and times from a location, if work is decided now."""

    carrier: str
    service: str
    zone: str
    rate: Rate
    leaves: Departure
    arrives_at: datetime | None
    days: Calendar
    price: tuple[int, int, int]
    arrives_by: int

    def share_by(self, day: date) -> float:
        """The share of such parcels that have arrived at the end of a day."""
        return self.rate.by(self.days.working_days(self.leaves.day, day)) if day >= self.leaves.day else 0.0

    def delivers_by(self, day: date) -> datetime:
        """The carrier's latest delivery time on a day."""
        return self.days.instant(day, self.arrives_by)

    def miss(self, promised_at: datetime) -> float:
        """The probability to miss the promise: more working days are needed than are left."""
        return 1 - self.share_by(self.days.day(promised_at))


@dataclass(slots=True)
class Tariffs:
    """Lanes of one moment. Results are shared between orders to one destination with one promise.

    A day is promised if parcels arrive by then with a probability of `confidence`. `out` has the reason for each carrier that is
    out.
    """

    lane_table: LaneTable
    now: datetime
    priced: bool = True
    confidence: float = 0.9
    out: Mapping[str, Message] = field(default_factory=dict)
    days: dict[tuple[object, ...], datetime | None] = field(init=False, default_factory=dict)
    _lanes: dict[tuple[object, ...], dict[LocationId, Lane]] = field(init=False, default_factory=dict)
    _leaving: dict[tuple[LocationId, str, str], Departure | None] = field(init=False, default_factory=dict)
    _offers: dict[tuple[LocationId, str, str], Offer | Message] = field(init=False, default_factory=dict)
    _bands: dict[tuple[object, ...], dict[LocationId, list[Offer | Message]]] = field(
        init=False, default_factory=dict
    )
    _misses: dict[tuple[object, ...], float] = field(init=False, default_factory=dict)
    _origins: dict[LocationId, Origin] = field(init=False)

    def __post_init__(self) -> None:
        self._origins = {each.id: each for each in self.lane_table.origins}

    def lanes(self, demand: Demand) -> Mapping[LocationId, Lane]:
        """A lane from every location, nearest first, ties by location id."""
        attributes = demand.attributes
        service = self.lane_table.service(attributes)
        key = (
            demand.latitude,
            demand.longitude,
            attributes.country,
            attributes.region,
            service,
            attributes.promised_at,
        )
        found = self._lanes.get(key)
        if found is None:
            if len(self._lanes) >= _MOST_ANSWERS:
                self._lanes.clear()
            ways = self.lane_table.ways(demand.latitude, demand.longitude)
            found = self._lanes[key] = (
                self._open(ways, service, demand) if self.lane_table.carriers else self._bare(ways)
            )
        return found

    def offer_to(self, demand: Demand, location: LocationId) -> Offer | None:
        """The days that a location can offer to a customer now; None if unknown."""
        if not self.lane_table.carriers or location not in self._origins:
            return None
        is_known = demand.latitude is not None and demand.longitude is not None
        bands = self._bands_of(
            self.lane_table.service(demand.attributes), demand.attributes, is_known=is_known
        )[location]
        offer = bands[bisect_left(self.lane_table.breaks, self.lanes(demand)[location].km) if is_known else 0]
        return None if isinstance(offer, Message) else offer

    def ready_at(self, location: LocationId) -> datetime | None:
        """When work that is decided now is processed at a location; None if never."""
        origin = self._origins.get(location)
        return None if origin is None else origin.calendar.after(self.now, origin.processing_minutes)

    def day_at(self, location: LocationId, at: datetime) -> date:
        """The local calendar day of a location."""
        return self._origins[location].calendar.day(at)

    def _bare(self, ways: Sequence[tuple[float, LocationId]]) -> dict[LocationId, Lane]:
        """A lane without rates: distance and departure."""
        result = {}
        for km, location in ways:
            origin = self._origins[location]
            leaves, closed = self._departure(origin, None, ""), self._without_carrier(origin)
            if leaves is None:
                closed = Message("%(location)s is not open in the next weeks", location=origin.code)
            result[location] = (
                Lane(location, km, closed=closed, today=False)
                if closed or leaves is None
                else Lane(location, km, leaves_at=leaves.at, today=leaves.today)
            )
        return result

    def _without_carrier(self, origin: Origin) -> Message | None:
        """The reason why no carrier collects at a location now; "" if one does, or if none is configured."""
        out = [self.out[key] for key in origin.carriers if key in self.out]
        return out[0] if out and len(out) == len(origin.carriers) else None

    def _open(
        self, ways: Sequence[tuple[float, LocationId]], service: str, demand: Demand
    ) -> dict[LocationId, Lane]:
        attributes, is_known = demand.attributes, demand.latitude is not None and demand.longitude is not None
        bands = self._bands_of(service, attributes, is_known=is_known)
        breaks, promised_at, result = self.lane_table.breaks, attributes.promised_at, {}
        for km, location in ways:
            offer = bands[location][bisect_left(breaks, km) if is_known else 0]
            if isinstance(offer, Message):
                result[location] = Lane(location, km, service=service, closed=offer, today=False)
                continue
            result[location] = Lane(
                location,
                km,
                *offer.price,
                offer.leaves.at,
                offer.arrives_at,
                offer.leaves.today,
                0.0 if promised_at is None else self._miss(location, offer, promised_at),
                offer.rate.co2_grams + round(offer.rate.co2_km_grams * km),
                offer.carrier,
                service,
                offer.zone,
            )
        return result

    def _bands_of(
        self, service: str, attributes: OrderAttributes, *, is_known: bool
    ) -> dict[LocationId, list[Offer | Message]]:
        """The offers of every location to a country and region: one for each distance band."""
        key = service, attributes.country, attributes.region, is_known
        if key not in self._bands:
            bands: Sequence[float | None] = (*self.lane_table.breaks, inf) if is_known else (None,)
            self._bands[key] = {
                location: [self.offer(origin, service, km, attributes) for km in bands]
                for location, origin in self._origins.items()
            }
        return self._bands[key]

    def offer(
        self, origin: Origin, service: str, km: float | None, attributes: OrderAttributes
    ) -> Offer | Message:
        """The location's first carrier with a service to a destination, or the reason why there is none."""
        why = (
            Message("%(location)s has no carrier for %(service)s", location=origin.code, service=service)
            if service
            else Message("%(location)s has no carrier", location=origin.code)
        )
        for carrier, sold in self.lane_table.offers(origin, service):
            if carrier.key in self.out:
                why = self.out[carrier.key]
                continue
            zone = zone_of(carrier.zones, origin, km, attributes)
            if zone is None or zone.name not in sold.rates:
                why = Message(
                    "%(carrier)s does not deliver %(service)s there from %(location)s",
                    carrier=carrier.key,
                    service=sold.name or service,
                    location=origin.code,
                )
                continue
            key = origin.id, f"{carrier.key}/{service}", zone.name
            if key not in self._offers:
                self._offers[key] = self._offered(origin, carrier, sold, zone)
            found = self._offers[key]
            if isinstance(found, Offer):
                return found
            why = found
        return why

    def _offered(self, origin: Origin, carrier: Carrier, sold: Service, zone: Zone) -> Offer | Message:
        leaves = self._departure(origin, carrier, sold.code)
        if leaves is None:
            return Message(
                "%(location)s has no handover to %(carrier)s in the next weeks",
                location=origin.code,
                carrier=carrier.key,
            )
        rate, days = sold.rates[zone.name], carrier.calendar(origin.calendar.zone)
        arrives_at = arrival(days, leaves=leaves.day, days=rate.days, arrives_by=carrier.arrives_by)
        price = (rate.parcel_minor, rate.kilo_minor, rate.unit_minor) if self.priced else (0, 0, 0)
        return Offer(
            carrier.key, sold.code, zone.name, rate, leaves, arrives_at, days, price, carrier.arrives_by
        )

    def _departure(self, origin: Origin, carrier: Carrier | None, service: str) -> Departure | None:
        key = origin.id, carrier.key if carrier else "", service
        if key not in self._leaving:
            zone = origin.calendar.zone
            self._leaving[key] = departure(
                origin.calendar,
                carrier.calendar(zone) if carrier else Calendar(zone),
                now=self.now,
                cut_off=origin.cut_off(service),
                processing_minutes=origin.processing_minutes,
            )
        return self._leaving[key]

    def _miss(self, location: LocationId, offer: Offer, promised_at: datetime) -> float:
        key = location, offer.carrier, offer.service, offer.zone, promised_at
        if key not in self._misses:
            if len(self._misses) >= _MOST_DESTINATIONS:
                self._misses.clear()
            self._misses[key] = offer.miss(promised_at)
        return self._misses[key]


def zone_of(
    zones: Sequence[Zone], origin: Origin, km: float | None, attributes: OrderAttributes
) -> Zone | None:
    """The first zone that a destination is in. If the distance is unknown, the first without kilometers."""
    country = attributes.country or origin.country
    fits = [
        zone
        for zone in zones
        if (not zone.countries or country in zone.countries)
        and (zone.same != "country" or country == origin.country)
        and (zone.same != "region" or (country, attributes.region) == (origin.country, origin.region))
    ]
    if km is None:
        return next((zone for zone in fits if zone.within_km is None), fits[-1] if fits else None)
    return next((zone for zone in fits if zone.within_km is None or km <= zone.within_km), None)
