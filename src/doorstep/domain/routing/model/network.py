"""The network as routing sees it: places, and the lanes from them to a customer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import msgspec

from doorstep.domain.routing.model.demand import Demand
from doorstep.kernel.ids import LocationId


@dataclass(frozen=True, slots=True)
class Place:
    """A location with what it does today.

    `room` is how many more orders its shift takes (None: no limit), `backlog_hours` how long its open work will take at its
    measured pick rate, `reject_rate` the share of work it rejected lately; `paused` says why it gets nothing now ("" if it does).
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
    room: int | None = None
    paused: str = ""


class Lane(msgspec.Struct, frozen=True):
    """One way for a parcel: what it costs and when it arrives if it is decided now.

    Costs are minor units of the network's currency: `parcel_minor` once, `kilo_minor` per kg begun in proportion, `piece_minor`
    per piece. `today` says whether the location's cut-off of this service can still be made; `miss` is the probability (0 to 1)
    that the promise is missed. `closed` says why there is no such lane ("" if there is).
    """

    location_id: LocationId
    km: float = 0.0
    parcel_minor: int = 0
    kilo_minor: int = 0
    piece_minor: int = 0
    leaves_at: datetime | None = None
    arrives_at: datetime | None = None
    today: bool = True
    miss: float = 0.0
    co2_grams: int = 0
    carrier: str = ""
    service: str = ""
    zone: str = ""
    closed: str = ""


class Lanes(Protocol):
    """Knows the ways to a customer; answers are shared between orders to one postal code, so they must not be changed."""

    def lanes(self, demand: Demand) -> Mapping[LocationId, Lane]:
        """A lane from every place, nearest first, ties by location id."""
        ...


@dataclass(frozen=True, slots=True)
class Network:
    """Places and the ways from them. `prices` are minor units that the last pieces of a SKU at a location are worth to others."""

    places: Mapping[LocationId, Place]
    ways: Lanes
    currency: str = ""
    prices: Mapping[tuple[str, LocationId], int] = field(default_factory=dict)
