"""Locations, and what is said of their time, money and room."""

from __future__ import annotations

from doorstep.domain.network.model import text
from doorstep.domain.network.model.document import (
    Carrier,
    Document,
    Holidays,
    Idle,
    Rate,
    Service,
    Shift,
    Site,
    Zone,
    site,
)
from doorstep.domain.network.model.location import Location, LocationKind
from doorstep.domain.network.model.room import Load, Outage, Pace, Pause, Take

__all__ = [
    "Carrier",
    "Document",
    "Holidays",
    "Idle",
    "Load",
    "Location",
    "LocationKind",
    "Outage",
    "Pace",
    "Pause",
    "Rate",
    "Service",
    "Shift",
    "Site",
    "Take",
    "Zone",
    "site",
    "text",
]
