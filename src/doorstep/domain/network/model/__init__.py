"""Define locations and their configuration: hours, rates and capacity."""

from __future__ import annotations

from doorstep.domain.network.model import text
from doorstep.domain.network.model.capacity import CapacityUse, Load, Outage, Pause, Throughput
from doorstep.domain.network.model.checks import check_document, warnings
from doorstep.domain.network.model.document import (
    CarrierSettings,
    Document,
    Holidays,
    RateSettings,
    ServiceSettings,
    Shift,
    Site,
    UnacceptedRule,
    ZoneSettings,
    site,
)
from doorstep.domain.network.model.location import WEEKDAYS, Location, LocationKind

__all__ = [
    "WEEKDAYS",
    "CapacityUse",
    "CarrierSettings",
    "Document",
    "Holidays",
    "Load",
    "Location",
    "LocationKind",
    "Outage",
    "Pause",
    "RateSettings",
    "ServiceSettings",
    "Shift",
    "Site",
    "Throughput",
    "UnacceptedRule",
    "ZoneSettings",
    "check_document",
    "site",
    "text",
    "warnings",
]
