"""Calculate capacity and release times: the shift in which work counts, and which planned work is released now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.domain.routing.model.calendar import Calendar
from doorstep.kernel.ids import FulfillmentOrderId, LocationId

_HORIZON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Shift:
    """A shift on some weekdays (Monday is 0), in minutes of the local day. `counts` is orders, lines or units."""

    name: str
    days: frozenset[int]
    begins: int
    ends: int
    counts: str = "orders"
    most: int | None = None
    usual: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A shift of a day, as instants."""

    shift: Shift
    starts_at: datetime
    ends_at: datetime

    def over_hours(self, counted: int) -> float:
        """Hours of work beyond the usual capacity: it is accepted, but it waits."""
        usual = self.shift.usual
        if usual is None or counted <= usual:
            return 0.0
        return (counted - usual) / usual * ((self.ends_at - self.starts_at) / timedelta(hours=1))


def running(shifts: Sequence[Shift], calendar: Calendar, at: datetime) -> Running | None:
    """The shift in which work decided now counts: the current one, else the next; None if a location has no shifts.

    There are no shifts on days when the location is closed.
    """
    first = calendar.day(at) - timedelta(days=1)  # a shift of yesterday may end today
    for day in (first + timedelta(days=each) for each in range(_HORIZON_DAYS if shifts else 0)):
        if not calendar.works(day):
            continue
        found = [
            Running(each, calendar.instant(day, each.begins), calendar.instant(day, each.ends))
            for each in shifts
            if day.weekday() in each.days
        ]
        open_ones = [each for each in found if each.ends_at > at]
        if open_ones:
            return min(open_ones, key=lambda each: (each.starts_at, each.ends_at))
    return None


@dataclass(frozen=True, slots=True)
class Planned:
    """Work that is not released yet. `release_after` is set by the run; it must leave by `ship_by`."""

    id: FulfillmentOrderId
    location_id: LocationId
    units: int
    release_after: datetime | None
    ship_by: datetime
    metered: bool = False
    horizon_minutes: int = 0


@dataclass(frozen=True, slots=True)
class ReleasePoint:
    """A location's released work that is not picked yet, and its throughput (None: unknown)."""

    units_per_hour: float | None
    open_units: int = 0

    def last_moment(self, work: Planned) -> datetime:
        """When work must be released to leave by its ship-by: before it by twice the time it takes to pick it after the
        open work.
        """
        hours = (self.open_units + work.units) / self.units_per_hour if self.units_per_hour else 0.0
        return work.ship_by - timedelta(hours=2 * hours)


def due(
    planned: Iterable[Planned], benches: Mapping[LocationId, ReleasePoint], *, now: datetime
) -> list[FulfillmentOrderId]:
    """Planned work to be released now, most urgent first.

    Held work waits until its release time, or until it could not leave in time if it waited longer. Metered work is released
    at the location's throughput: enough for the horizon, and what must leave today first.
    """
    result: list[FulfillmentOrderId] = []
    ahead = {location: float(bench.open_units) for location, bench in benches.items()}
    for work in sorted(planned, key=_urgency):
        bench = benches[work.location_id]
        if not _is_time(work, now) and not _must_release(work, bench, now):
            continue
        limit = (bench.units_per_hour or 0.0) * work.horizon_minutes / 60
        if (
            work.metered
            and bench.units_per_hour
            and not _must_release(work, bench, now)
            and ahead[work.location_id] >= limit
        ):
            continue
        ahead[work.location_id] += work.units
        result.append(work.id)
    return result


def _urgency(work: Planned) -> tuple[datetime, int]:
    return work.ship_by, work.id


def _is_time(work: Planned, now: datetime) -> bool:
    return work.release_after is None or work.release_after <= now


def _must_release(work: Planned, bench: ReleasePoint, now: datetime) -> bool:
    """Whether the last responsible moment has come: waiting longer cannot help."""
    return bench.last_moment(work) <= now


_PRIOR_HOURS = 4  # the configured throughput weighs as much as so many measured hours
_DEFAULT_UNITS_PER_HOUR = 30.0  # units per hour of a location without configured or measured throughput
_PRIOR_ORDERS = 20  # prior of the reject rate: as many orders without a reject


def throughput(*, units: int, hours: int, configured: float | None) -> float:
    """Units per working hour: the measured value, combined with the configured one while there are few measurements."""
    return (units + (configured or _DEFAULT_UNITS_PER_HOUR) * _PRIOR_HOURS) / (hours + _PRIOR_HOURS)


def reject_rate(*, rejected: int, works: int) -> float:
    """The share of work that is rejected, cautious while there are few measurements."""
    return rejected / (works + _PRIOR_ORDERS)


class Stage(StrEnum):
    """Actions on work that is not accepted."""

    WARNED = "warned"
    ESCALATED = "escalated"
    REJECTED = "rejected"


def stage(minutes: float, *, warn: int, escalate: int, reject: int | None) -> Stage | None:
    """The stage of work that was not accepted for this many open minutes."""
    if reject is not None and minutes >= reject:
        return Stage.REJECTED
    if minutes >= escalate:
        return Stage.ESCALATED
    return Stage.WARNED if minutes >= warn else None
