"""Define carrier rates and transit times by zone and service; calculate departures and arrivals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from doorstep.domain.routing.model.calendar import ALL_DAY, Calendar, Span, Special

_USUAL, _RARE = 0.5, 0.9  # the quantiles of `days` and `late_days`
_EARLIER, _LATER = 0.2, 0.5  # the daily decay of the share before the one and after the other
_HORIZON_DAYS = 60


@dataclass(frozen=True, slots=True)
class Rate:
    """A carrier's rate and transit time of a zone. Half of the parcels need at most `days`, 90 % `late_days`."""

    parcel_minor: int = 0
    kilo_minor: int = 0
    unit_minor: int = 0
    days: int = 1
    late_days: int = 1
    co2_grams: int = 0
    co2_km_grams: float = 0.0

    def by(self, days: int) -> float:
        """The share of parcels that need at most this many working days."""
        if days < 0:
            return 0.0
        if days < self.days:
            return float(_USUAL * _EARLIER ** (self.days - days))
        if days >= self.late_days:
            return float(1 - (1 - _RARE) * _LATER ** (days - self.late_days))
        return _USUAL + (_RARE - _USUAL) * (days - self.days) / (self.late_days - self.days)


@dataclass(frozen=True, slots=True)
class Zone:
    """Destinations with the same rates. All conditions must hold; `same` compares with the location."""

    name: str
    within_km: float | None = None
    same: str = ""
    countries: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Service:
    """A carrier's service: rates by zone name, and the channels' names for it."""

    code: str
    name: str
    rates: Mapping[str, Rate]
    methods: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Carrier:
    """A carrier's tariff. It moves parcels on working days (by default not on Sundays) and delivers until `arrives_by`."""

    key: str
    zones: tuple[Zone, ...]
    services: Mapping[str, Service]
    week: tuple[tuple[Span, ...], ...] = (*(ALL_DAY,) * 6, ())
    special: Mapping[date, Special] = field(default_factory=dict)
    arrives_by: int = 20 * 60

    def calendar(self, zone: ZoneInfo) -> Calendar:
        """Its working days in a time zone."""
        return Calendar(zone, self.week, self.special)


@dataclass(frozen=True, slots=True)
class Departure:
    """When work that is decided now leaves a location; `today`: it still meets today's cut-off."""

    at: datetime
    day: date
    today: bool


def departure(
    calendar: Calendar, carries: Calendar, *, now: datetime, cut_off: int, processing_minutes: int
) -> Departure | None:
    """The first day that cut-off, processing time and the carrier's days allow; None if there is none.

    Work leaves at the end of the day's opening hours. The cut-off (minutes of the local day) applies to the time of the
    decision; the processing time must pass in open hours before the parcels are collected.
    """
    ready_at = calendar.after(now, processing_minutes)
    if ready_at is None:
        return None
    local = calendar.local(now)
    today = local.date()
    missed = local.hour * 60 + local.minute >= cut_off
    for offset in range(1 if missed else 0, _HORIZON_DAYS):
        day = today + timedelta(days=offset)
        leaves_at = calendar.closes(day)
        if leaves_at is not None and carries.works(day) and ready_at <= leaves_at:
            return Departure(leaves_at, day, today=day == today)
    return None


def arrival(carrier_days: Calendar, *, leaves: date, days: int, arrives_by: int) -> datetime | None:
    """When a parcel arrives that needs this many of the carrier's working days after its departure."""
    day = leaves
    for _ in range(days):
        following = carrier_days.working_day(day + timedelta(days=1))
        if following is None:
            return None
        day = following
    return carrier_days.instant(day, arrives_by)
