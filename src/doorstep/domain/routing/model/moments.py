"""Work out what holds for one minute: open locations, current shifts, lanes that are not closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from doorstep.domain.routing.model.calendar import Calendar
from doorstep.domain.routing.model.capacity import Running, Shift, running
from doorstep.domain.routing.model.lanes import LaneTable, Tariffs
from doorstep.kernel.ids import LocationId
from doorstep.kernel.message import Message


@dataclass(frozen=True, slots=True)
class Closure:
    """A carrier that collects nothing from `since_at` on, until `until_at` (None: until it is ended), with the reason."""

    carrier: str
    reason: Message
    since_at: datetime
    until_at: datetime | None

    def holds(self, since: datetime, until: datetime) -> bool:
        """Whether it holds at any time between two instants."""
        return self.since_at < until and (self.until_at is None or self.until_at > since)


@dataclass(frozen=True, slots=True)
class Moment:
    """What holds for one minute: lanes with and without prices, open locations, the current or next shift of each."""

    ways: Mapping[bool, Tariffs]
    is_open: Mapping[LocationId, bool]
    shifts: Mapping[LocationId, Running]

    @property
    def keys(self) -> list[tuple[LocationId, datetime]]:
        """The current or next shifts, each by its start."""
        return [(location, each.starts_at) for location, each in self.shifts.items()]


@dataclass(slots=True)
class Moments:
    """Calendars, shifts and lanes of the locations; the last minute that was asked for is kept."""

    calendars: Mapping[LocationId, Calendar]
    shifts: Mapping[LocationId, Sequence[Shift]]
    lane_table: LaneTable
    confidence: float
    closures: Sequence[Closure] = ()
    _latest: dict[datetime, Moment] = field(default_factory=dict)

    def at(self, instant: datetime) -> Moment:
        """Times are rounded to minutes, so that all batches of a minute share every answer."""
        minute = instant.replace(second=0, microsecond=0)
        found = self._latest.get(minute)
        if found is None:
            found = self._calculate(minute)
            self._latest = {minute: found}
        return found

    def _calculate(self, minute: datetime) -> Moment:
        until = minute + timedelta(minutes=1)
        out = {each.carrier: each.reason for each in self.closures if each.holds(minute, until)}
        shifts = {
            location: running(each, self.calendars[location], minute)
            for location, each in self.shifts.items()
        }
        return Moment(
            {
                priced: Tariffs(self.lane_table, minute, priced, self.confidence, out)
                for priced in (True, False)
            },
            {location: each.is_open(minute) for location, each in self.calendars.items()},
            {location: each for location, each in shifts.items() if each is not None},
        )
