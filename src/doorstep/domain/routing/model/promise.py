"""The day that is promised to a customer: by when all parcels of a plan are there, as surely as the retailer wants it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    """All parcels have left by `ships_at` and are there by `arrives_at`, with that probability."""

    ships_at: datetime
    arrives_at: datetime
    confidence: float
    offers: Mapping[LocationId, Offer]

    @property
    def date(self) -> date:
        """The day that the customer is told, where the parcels arrive."""
        return max(each.days.day(self.arrives_at) for each in self.offers.values())


def promised_at(choices: Iterable[Choice], demand: Demand, ways: Lanes) -> datetime | None:
    """By when a customer is promised these choices; orders that are offered the same share the answer."""
    if not isinstance(ways, Tariffs):
        return None
    places = {choice.location_id for choice in choices}
    offers = [ways.offer_to(demand, place) for place in places]
    if len(offers) != 1 or offers[0] is None:
        promise = promise_for(choices, demand, ways)
        return None if promise is None else promise.arrives_at
    key = (*places, offers[0].carrier, offers[0].service, offers[0].zone)
    if key not in ways.days:
        promise = promise_for(choices, demand, ways)
        ways.days[key] = None if promise is None else promise.arrives_at
    return ways.days[key]


def promise_for(
    choices: Iterable[Choice], demand: Demand, ways: Lanes, *, confidence: float | None = None
) -> Promise | None:
    """The earliest day by which all parcels of these choices have arrived with that probability (None: the network's).

    None if nothing was chosen, or if nobody knows how long a parcel takes.
    """
    if not isinstance(ways, Tariffs):
        return None  # ways that know distances only
    places = sorted({choice.location_id for choice in choices})
    found = {place: ways.offer_to(demand, place) for place in places}
    offers = {place: each for place, each in found.items() if each is not None}
    if not places or len(offers) < len(places):
        return None
    sure = ways.confidence if confidence is None else confidence
    first = max(each.leaves.day for each in offers.values())
    for day in (first + timedelta(days=count) for count in range(_HORIZON_DAYS)):
        share = prod(each.share_by(day) for each in offers.values())
        if share >= sure:
            arrives_at = max(each.rings_at(day) for each in offers.values())
            return Promise(max(each.leaves.at for each in offers.values()), arrives_at, share, offers)
    return None
