"""Define locations and their configuration: hours, rates and capacity."""

from __future__ import annotations

from doorstep.domain.network.model import text
from doorstep.domain.network.model.capacity import CapacityUse, Load, Outage, Pause, Throughput
from doorstep.domain.network.model.checks import check_document, warnings
from doorstep.domain.network.model.document import (
    Carrier,
    Document,
    Holidays,
    Rate,
    Service,
    Shift,
    Site,
    UnacceptedRule,
    Zone,
    site,
)
from doorstep.domain.network.model.location import WEEKDAYS, Location, LocationKind

__all__ = [
    "WEEKDAYS",
    "CapacityUse",
    "Carrier",
    "Document",
    "Holidays",
    "Load",
    "Location",
    "LocationKind",
    "Outage",
    "Pause",
    "Rate",
    "Service",
    "Shift",
    "Site",
    "Throughput",
    "UnacceptedRule",
    "Zone",
    "check_document",
    "site",
    "text",
    "warnings",
]
