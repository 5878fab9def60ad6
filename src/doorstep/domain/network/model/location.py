"""A location: where goods lie, people work and parcels leave."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from doorstep.kernel.ids import LocationId


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
