"""A location: where goods lie, people work and parcels leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import asin, cos, radians, sin, sqrt

from doorstep.kernel.ids import LocationId

EARTH_RADIUS_KM = 6371.0088


class LocationKind(StrEnum):
    """What kind of place it is."""

    WAREHOUSE = "warehouse"
    STORE = "store"
    DARK_STORE = "dark_store"
    THIRD_PARTY = "3pl"


@dataclass(frozen=True, slots=True)
class Location:
    """One place. `hours` maps weekday (mon …) to "10:00-21:00"; `cut_off` is local time "16:00"; `carrier` a connection key."""

    id: LocationId
    code: str
    name: str
    kind: LocationKind
    company: str
    gstin: str
    phone: str
    email: str
    line1: str
    line2: str
    city: str
    state: str
    state_code: str
    postal_code: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    hours: Mapping[str, str]
    cut_off: str
    carrier: str
    return_carrier: str
    ships: bool
    active: bool


def distance_km(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Great-circle distance (haversine)."""
    rise = sin(radians(to_latitude - latitude) / 2) ** 2
    turn = sin(radians(to_longitude - longitude) / 2) ** 2
    return 2 * EARTH_RADIUS_KM * asin(sqrt(rise + cos(radians(latitude)) * cos(radians(to_latitude)) * turn))
