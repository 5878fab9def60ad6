"""Define the network for routing: locations, and the lanes from them to a customer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

import msgspec

from doorstep.domain.routing.model.demand import Demand
from doorstep.kernel.ids import LocationId
from doorstep.kernel.message import Message


@dataclass(frozen=True, slots=True)
class RoutingLocation:
    """A location with its current state.

    `free_capacity` is the remaining capacity of its shift in orders (None: no limit), `backlog_hours` how long its open work will take at
    its measured pick rate, `reject_rate` the share of work it rejected lately; `paused` is the reason of a pause ("" if active).
    """

    id: LocationId
    code: str
    name: str
    latitude: float
    longitude: float
    ships: bool
    kind: str = ""
    groups: frozenset[str] = frozenset()
    country: str = ""
    region: str = ""
    is_open: bool = True
    handling_minor: int = 0
    reject_rate: float = 0.0
    backlog_hours: float = 0.0
    free_capacity: int | None = None
    paused: str = ""


class Lane(msgspec.Struct, frozen=True):
    """A lane of a parcel: its cost and arrival if it is decided now.

    Costs are minor units of the network's currency: `parcel_minor` once, `kilo_minor` per kilogram in proportion, `unit_minor`
    per unit. `today` says whether the location's cut-off of this service can still be met; `miss` is the probability (0 to 1)
    that the promise is missed. `closed` is the reason why there is no such lane (None if there is one).
    """

    location_id: LocationId
    km: float = 0.0
    parcel_minor: int = 0
    kilo_minor: int = 0
    unit_minor: int = 0
    leaves_at: datetime | None = None
    arrives_at: datetime | None = None
    today: bool = True
    miss: float = 0.0
    co2_grams: int = 0
    carrier: str = ""
    service: str = ""
    zone: str = ""
    closed: Message | None = None


class Lanes(Protocol):
    """Provides the lanes to a customer; results are shared between orders to one postal code, so they must not be changed."""

    def lanes(self, demand: Demand) -> Mapping[LocationId, Lane]:
        """A lane from every location, nearest first, ties by location id."""
        ...


@dataclass(frozen=True, slots=True)
class Network:
    """Locations and their lanes. `prices` are scarcity prices of the last units of a SKU at a location, in minor units."""

    locations: Mapping[LocationId, RoutingLocation]
    ways: Lanes
    currency: str = ""
    prices: Mapping[tuple[str, LocationId], int] = field(default_factory=dict)

    def without(self, works: Iterable[LocationId]) -> Network:
        """The network without the capacity that work at these locations uses (one entry per fulfillment order)."""
        freed = Counter(works)
        locations = {
            location: each
            if each.free_capacity is None
            else replace(each, free_capacity=each.free_capacity + freed[location])
            for location, each in self.locations.items()
        }
        return replace(self, locations=locations)


def try_move(
    capacity: dict[LocationId, int], *, leaving: Iterable[LocationId], coming: Iterable[LocationId]
) -> bool:
    """Move work between locations if their shifts have capacity; returns whether it fits, and uses the capacity if so.

    Work that leaves a location frees capacity only for work that comes to it: it may have counted in an earlier shift.
    """
    more = Counter(coming)
    more.subtract(Counter(leaving))
    asked = {location: count for location, count in more.items() if count > 0 and location in capacity}
    if any(count > capacity[location] for location, count in asked.items()):
        return False
    for location, count in asked.items():
        capacity[location] -= count
    return True
