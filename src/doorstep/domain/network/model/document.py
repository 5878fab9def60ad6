"""Define the network document: hours, rates and capacity of locations, written in YAML or in the console.

Location settings override settings of the location type, which override defaults. Money is in minor units of `currency`,
times of day are local ("16:00"), opening hours are "10:00-13:00, 14:00-21:00" or "closed", days are dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, Literal, TypeVar

import msgspec
from msgspec import Meta

from doorstep.domain.network.model.location import Location

Key = TypeVar("Key")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
TimeOfDay = Annotated[str, Meta(pattern="^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
Minor = Annotated[int, Meta(ge=0)]
Days = Annotated[int, Meta(ge=0, le=60)]
Positive = Annotated[int, Meta(ge=1)]
Hours = Annotated[float, Meta(gt=0)]

EVERY_DAY: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BUT_SUNDAY: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat")


class _Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of the document; an unknown key is an error."""


class Holidays(_Part, frozen=True):
    """Public holidays of a country (ISO 3166: IN) and, if given, its region (MH)."""

    country: str
    region: str = ""


class Shift(_Part, frozen=True):
    """Hours in which a location takes a limited amount of work, counted in orders, lines or units.

    Routing never exceeds `most`; work beyond `usual` is accepted, but it waits, and that has a cost. Work that is decided
    outside of all shifts counts in the next one.
    """

    name: str
    days: tuple[Weekday, ...] = EVERY_DAY
    begins: TimeOfDay = "00:00"
    ends: TimeOfDay = "24:00"
    counts: Literal["orders", "lines", "units"] = "orders"
    most: Annotated[int, Meta(ge=0)] | None = None
    usual: Positive | None = None


class UnacceptedRule(_Part, frozen=True):
    """After how many open minutes unaccepted work is flagged, escalated, and routed to another location."""

    warn_minutes: Positive = 60
    escalate_minutes: Positive = 120
    reject_minutes: Positive | None = None


class Site(_Part, frozen=True):
    """Settings of a location besides its address, hours and cut-off; its type or the defaults supply what is missing.

    `carriers` in order of preference (the location's own carrier if empty); `cut_offs` by service.
    """

    groups: tuple[str, ...] | None = None
    carriers: tuple[str, ...] | None = None
    holidays: Holidays | None = None
    closed: dict[date, str] = {}
    special_hours: dict[date, str] = {}
    cut_offs: dict[str, TimeOfDay] = {}
    processing_minutes: Annotated[int, Meta(ge=0)] | None = None
    handling_minor: Minor | None = None
    shifts: tuple[Shift, ...] | None = None
    units_per_hour: Hours | None = None
    idle: UnacceptedRule | None = None


class ZoneSettings(_Part, frozen=True):
    """Destinations with the same rates. All conditions must hold; the first matching zone applies.

    `same` compares the destination with the location; `within_km` is the great-circle distance.
    """

    name: str
    within_km: Annotated[float, Meta(gt=0)] | None = None
    same: Literal["region", "country"] | None = None
    countries: tuple[str, ...] = ()


class RateSettings(_Part, frozen=True):
    """Price and transit time of a parcel in a zone: half of them take at most `days`, 90 % at most `late_days`."""

    parcel_minor: Minor = 0
    kilo_minor: Minor = 0
    unit_minor: Minor = 0
    days: Days = 1
    late_days: Days | None = None
    co2_grams: Annotated[int, Meta(ge=0)] = 0
    co2_km_grams: Annotated[float, Meta(ge=0)] = 0.0


class ServiceSettings(_Part, frozen=True):
    """A carrier's service: its rates by zone, and the channels' names for this delivery method."""

    rates: dict[str, RateSettings]
    name: str = ""
    methods: tuple[str, ...] = ()


class CarrierSettings(_Part, frozen=True):
    """A carrier's tariff by service. The key is its connection's key; parcels move on `days`, but not on holidays."""

    zones: tuple[ZoneSettings, ...]
    services: dict[str, ServiceSettings]
    days: tuple[Weekday, ...] = _BUT_SUNDAY
    holidays: Holidays | None = None
    arrives_by: TimeOfDay = "20:00"


class Document(_Part, frozen=True):
    """Hours, rates and capacity of a network. A date is promised if it is met with a probability of `confidence`."""

    currency: Annotated[str, Meta(pattern="^([A-Z]{3})?$")] = ""
    default_service: str = ""
    confidence: Annotated[float, Meta(ge=0.5, le=0.999)] = 0.9
    defaults: Site = Site()
    kinds: dict[str, Site] = {}
    locations: dict[str, Site] = {}
    carriers: dict[str, CarrierSettings] = {}


def site(document: Document, location: Location) -> Site:
    """All settings of a location; days and cut-offs are merged from defaults, type and location, the location last."""
    layers = [
        document.locations.get(location.code, Site()),
        document.kinds.get(location.kind.value, Site()),
        document.defaults,
    ]
    said = {
        name: next((value for layer in layers if (value := getattr(layer, name)) is not None), None)
        for name in ("groups", "carriers", "holidays", "processing_minutes", "handling_minor", "shifts", "units_per_hour", "idle")
    }  # fmt: skip
    return Site(
        closed=_together([each.closed for each in layers]),
        special_hours=_together([each.special_hours for each in layers]),
        cut_offs=_together([each.cut_offs for each in layers]),
        **said,
    )


def _together(layers: Sequence[Mapping[Key, str]]) -> dict[Key, str]:
    return {key: value for layer in reversed(layers) for key, value in layer.items()}
