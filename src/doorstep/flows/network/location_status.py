"""A location today: hours, cut-offs, shifts, throughput, pause."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from doorstep.domain.network import views
from doorstep.domain.network.model import Load, Location, Pause, Site, Throughput
from doorstep.domain.routing.model.calendar import Calendar, Span
from doorstep.domain.routing.model.capacity import Running, Shift, running
from doorstep.flows.network import lanes
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId


@dataclass(frozen=True, slots=True)
class Day:
    """A day's opening hours as text, and why they differ from the weekday's."""

    day: date
    hours: str
    why: str
    is_open: bool = True


@dataclass(frozen=True, slots=True)
class ShiftLoad:
    """A shift of today (or the next one) with the work routed to it."""

    running: Running
    load: Load

    @property
    def counted(self) -> int:
        return self.load.counted(self.running.shift.counts)

    @property
    def hours(self) -> str:
        """In the location's time zone."""
        return _hours((self.running.shift.begins, self.running.shift.ends))


@dataclass(frozen=True, slots=True)
class LocationDay:
    """A location now, and the next two weeks. `shift` is the one that new work counts in; `shifts` are those of its day."""

    location: Location
    site: Site
    is_open: bool
    days: tuple[Day, ...]
    cut_offs: dict[str, str]
    shift: ShiftLoad | None
    shifts: tuple[ShiftLoad, ...]
    pause: Pause | None
    pace: Throughput | None


def load(tx: ReadTx, *, location_id: LocationId, at: datetime, days: int = 14) -> LocationDay:
    """Load the status of one location. Raises NotFound for an unknown or closed one."""
    known = lanes.configuration(tx, at=at).compiled
    if location_id not in known.locations:
        raise errors.NotFound(f"There is no location {location_id}, or it is closed.")
    location, site = known.locations[location_id], known.sites[location_id]
    calendar = known.calendars[location_id]
    today = calendar.day(at)
    now = running(known.shifts[location_id], calendar, at)
    theirs = _of_day(known.shifts[location_id], calendar, calendar.day(now.starts_at)) if now else []
    loads = views.loads(tx, shifts=[(location_id, each.starts_at) for each in theirs])
    filled = [
        ShiftLoad(each, loads.get((location_id, each.starts_at), Load(location_id, each.starts_at)))
        for each in theirs
    ]
    return LocationDay(
        location,
        site,
        calendar.is_open(at),
        tuple(_day(calendar, today + timedelta(days=each)) for each in range(days)),
        {"": location.cut_off, **site.cut_offs},
        next((each for each in filled if each.running == now), None),
        tuple(filled),
        views.pauses(tx, at=at).get(location_id),
        views.throughput(tx).get(location_id),
    )


def to_instant(tx: ReadTx, *, location_id: LocationId, local: datetime) -> datetime:
    """The instant of a local date and time at a location."""
    return local.replace(tzinfo=ZoneInfo(views.location(tx, location_id=location_id).timezone))


def _of_day(shifts: tuple[Shift, ...], calendar: Calendar, day: date) -> list[Running]:
    found = [
        Running(each, calendar.instant(day, each.begins), calendar.instant(day, each.ends))
        for each in shifts
        if day.weekday() in each.days and calendar.works(day)
    ]
    return sorted(found, key=lambda each: each.starts_at)


def _day(calendar: Calendar, day: date) -> Day:
    spans = ", ".join(_hours(each) for each in calendar.hours(day))
    special = calendar.special.get(day)
    return Day(day, spans or "closed", special.why if special else "", is_open=bool(spans))


def _hours(span: Span) -> str:
    return f"{_clock(span[0])}–{_clock(span[1])}"


def _clock(minute: int) -> str:
    if minute == 24 * 60:
        return "24:00"
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
