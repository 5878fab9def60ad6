"""How much a location can take, and when: the shift that work counts in, and which planned work is released now."""

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
    """Hours of some weekdays (Monday is 0), minutes of the local day. `counts` is orders, lines or units."""

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
        """Hours of work beyond what is usual: it still comes, but it waits."""
        usual = self.shift.usual
        if usual is None or counted <= usual:
            return 0.0
        return (counted - usual) / usual * ((self.ends_at - self.starts_at) / timedelta(hours=1))


def running(shifts: Sequence[Shift], calendar: Calendar, at: datetime) -> Running | None:
    """The shift that work decided now counts in: the one that runs, else the next; None if a location has no shifts.

    On days when the location is closed no shift runs.
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
    """Work that its location does not know of yet. `release_after` is what the run said; `leaves_at` what routing expects."""

    id: FulfillmentOrderId
    location_id: LocationId
    units: int
    release_after: datetime | None
    leaves_at: datetime | None
    metered: bool = False
    horizon_minutes: int = 0


@dataclass(frozen=True, slots=True)
class ReleasePoint:
    """A location's work that is released and not picked yet, how fast it picks (None: nobody knows), and its cut-off."""

    calendar: Calendar
    units_per_hour: float | None
    open_units: int = 0
    cut_off: int = 24 * 60

    def last_moment(self, work: Planned) -> datetime | None:
        """When work must be released to leave as planned: before that day's cut-off, and twice as long before it leaves as it
        takes to pick it behind what is open.
        """
        if work.leaves_at is None:
            return None
        cut_off_at = self.calendar.instant(self.calendar.day(work.leaves_at), self.cut_off)
        hours = (self.open_units + work.units) / self.units_per_hour if self.units_per_hour else 0.0
        return min(cut_off_at, work.leaves_at - timedelta(hours=2 * hours))


def due(
    planned: Iterable[Planned], benches: Mapping[LocationId, ReleasePoint], *, now: datetime
) -> list[FulfillmentOrderId]:
    """Planned work to be released now, most urgent first.

    What is held waits until its time, or until it could not leave as planned if it waited longer. What is metered comes as
    fast as the location picks: as much as keeps it busy for the horizon, and what must leave today before the rest.
    """
    result: list[FulfillmentOrderId] = []
    ahead = {place: float(bench.open_units) for place, bench in benches.items()}
    for work in sorted(planned, key=_urgency):
        bench = benches[work.location_id]
        if not _is_time(work, bench, now) and not _must_go(work, bench, now):
            continue
        room = (bench.units_per_hour or 0.0) * work.horizon_minutes / 60
        if (
            work.metered
            and bench.units_per_hour
            and not _must_go(work, bench, now)
            and ahead[work.location_id] >= room
        ):
            continue
        ahead[work.location_id] += work.units
        result.append(work.id)
    return result


def _urgency(work: Planned) -> tuple[bool, datetime | int, int]:
    return work.leaves_at is None, work.leaves_at or 0, work.id


def _is_time(work: Planned, bench: ReleasePoint, now: datetime) -> bool:
    return work.release_after is None or work.release_after <= now


def _must_go(work: Planned, bench: ReleasePoint, now: datetime) -> bool:
    """Nothing can be won by waiting: its last responsible moment is here."""
    last = bench.last_moment(work)
    return last is not None and last <= now


_HOURS_BELIEVED = 4  # what is said of a pace weighs as much as so many measured hours
_USUAL_PACE = 30.0  # pieces per hour of a location of which nothing is said or known
_WORKS_BELIEVED = 20  # as many orders without a reject are believed of everybody


def throughput(*, units: int, hours: int, said: float | None) -> float:
    """Pieces per working hour: what was measured, leaning on what was said while little is known."""
    return (units + (said or _USUAL_PACE) * _HOURS_BELIEVED) / (hours + _HOURS_BELIEVED)


def reject_rate(*, rejected: int, works: int) -> float:
    """The share of work that is rejected, careful while little is known."""
    return rejected / (works + _WORKS_BELIEVED)


class Stage(StrEnum):
    """What is done about work that nobody accepts."""

    WARNED = "warned"
    ESCALATED = "escalated"
    REJECTED = "rejected"


def stage(minutes: float, *, warn: int, escalate: int, reject: int | None) -> Stage | None:
    """Which stage work has reached that lay for so many open minutes."""
    if reject is not None and minutes >= reject:
        return Stage.REJECTED
    if minutes >= escalate:
        return Stage.ESCALATED
    return Stage.WARNED if minutes >= warn else None
