"""Calculate the date that is promised to a customer: when all parcels of a plan arrive with the required probability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import prod

from doorstep.domain.routing.model.demand import Choice, Demand
from doorstep.domain.routing.model.lanes import Offer, Tariffs
from doorstep.domain.routing.model.network import Lanes
from doorstep.kernel.ids import LocationId

_HORIZON_DAYS = 90


@dataclass(frozen=True, slots=True)
class Promise:
    """All parcels have left by `ships_at` and arrive by `arrives_at` with this probability; a pickup is ready then.

    `day` is the promised date: the local calendar day at the destination, or at the pickup location.
    """

    ships_at: datetime
    arrives_at: datetime
    day: date
    confidence: float
    offers: Mapping[LocationId, Offer]


def promised_at(choices: Iterable[Choice], demand: Demand, ways: Lanes) -> datetime | None:
    """The promise for these choices; orders with the same offer share the result."""
    if not isinstance(ways, Tariffs):
        return None
    locations = {choice.location_id for choice in choices}
    offers = (
        [None] if demand.attributes.pickup else [ways.offer_to(demand, location) for location in locations]
    )
    if len(offers) != 1 or offers[0] is None:
        promise = promise_for(choices, demand, ways)
        return None if promise is None else promise.arrives_at
    key = (*locations, offers[0].carrier, offers[0].service, offers[0].zone)
    if key not in ways.days:
        promise = promise_for(choices, demand, ways)
        ways.days[key] = None if promise is None else promise.arrives_at
    return ways.days[key]


def promise_for(
    choices: Iterable[Choice], demand: Demand, ways: Lanes, *, confidence: float | None = None
) -> Promise | None:
    """The earliest day by which all parcels of these choices have arrived with this probability (None: the network's).

    None if nothing was chosen, or if a transit time is unknown.
    """
    if not isinstance(ways, Tariffs):
        return None  # lanes that know distances only
    locations = sorted({choice.location_id for choice in choices})
    if demand.attributes.pickup:
        return _fetched(locations, ways)
    found = {location: ways.offer_to(demand, location) for location in locations}
    offers = {location: each for location, each in found.items() if each is not None}
    if not locations or len(offers) < len(locations):
        return None
    sure = ways.confidence if confidence is None else confidence
    first = max(each.leaves.day for each in offers.values())
    for day in (first + timedelta(days=count) for count in range(_HORIZON_DAYS)):
        share = prod(each.share_by(day) for each in offers.values())
        if share >= sure:
            arrives_at = max(each.delivers_by(day) for each in offers.values())
            ships_at = max(each.leaves.at for each in offers.values())
            return Promise(ships_at, arrives_at, day, share, offers)
    return None


def _fetched(locations: Sequence[LocationId], ways: Tariffs) -> Promise | None:
    """The pickup time: after processing in open hours."""
    ready = [
        (at, day)
        for location in locations
        if (at := ways.ready_at(location)) and (day := ways.day_at(location, at))
    ]
    if not ready or len(ready) < len(locations):
        return None
    at, day = max(ready)
    return Promise(at, at, day, 1.0, {})
