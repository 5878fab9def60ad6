"""Calculate with opening hours: local time zones, holidays and special hours, open minutes.

Local times become instants one by one, so that an hour that a change to or from daylight saving time skips or repeats is
counted as it passes. A calendar knows nothing of orders: cut-offs and processing times are calculated with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays

from doorstep.kernel import errors
from doorstep.kernel.ids import whole_number

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY_MINUTES = 24 * 60
_HORIZON_DAYS = 400  # a calendar that does not open for more than a year never opens

# Minutes of the local day; a span that closes after midnight exceeds a day's minutes.
Span = tuple[int, int]
ALL_DAY: tuple[Span, ...] = ((0, _DAY_MINUTES),)


@dataclass(frozen=True, slots=True)
class Special:
    """A day with other hours than its weekday: a holiday (no spans) or special hours."""

    why: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Calendar:
    """Opening hours. `week` has the spans of Monday to Sunday, `special` the days that differ."""

    zone: ZoneInfo
    week: tuple[tuple[Span, ...], ...] = (ALL_DAY,) * 7
    special: Mapping[date, Special] = field(default_factory=dict)

    def local(self, at: datetime) -> datetime:
        """An instant in local time."""
        return at.astimezone(self.zone)

    def day(self, at: datetime) -> date:
        """The local calendar day."""
        return self.local(at).date()

    def instant(self, day: date, minute: int) -> datetime:
        """A local minute as an instant; a minute that the clock skips is moved behind the change."""
        days, rest = divmod(minute, _DAY_MINUTES)
        midnight = datetime(day.year, day.month, day.day, tzinfo=self.zone) + timedelta(days=days)
        return midnight.replace(hour=rest // 60, minute=rest % 60).astimezone(UTC)

    def hours(self, day: date) -> tuple[Span, ...]:
        """The spans of a day; none if it is closed."""
        other = self.special.get(day)
        return self.week[day.weekday()] if other is None else other.spans

    def works(self, day: date) -> bool:
        """Whether it opens on a day."""
        return bool(self.hours(day))

    def closes(self, day: date) -> datetime | None:
        """The end of the working day; None if it is closed."""
        spans = self.hours(day)
        return self.instant(day, spans[-1][1]) if spans else None

    def spans(self, since: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Open spans from an instant on, as instants; ends when nothing opens for more than a year."""
        since = since.astimezone(UTC)  # differences of local times would ignore clock changes
        first = self.day(since) - timedelta(days=1)  # a span that began yesterday may end today
        for offset in range(_HORIZON_DAYS):
            day = first + timedelta(days=offset)
            for opens, closes in self.hours(day):
                ends_at = self.instant(day, closes)
                if ends_at > since:
                    yield max(since, self.instant(day, opens)), ends_at

    def is_open(self, at: datetime) -> bool:
        """Whether it is open at an instant."""
        first = next(self.spans(at), None)
        return first is not None and first[0] <= at

    def after(self, at: datetime, minutes: int) -> datetime | None:
        """The instant after this many open minutes; None if it never opens that long. Zero minutes: the next opening."""
        left = timedelta(minutes=minutes)
        for starts_at, ends_at in self.spans(at):
            if starts_at + left <= ends_at:
                return starts_at + left
            left -= ends_at - starts_at
        return None

    def open_minutes(self, since: datetime, until: datetime) -> float:
        """Open time between two instants."""
        total, until = timedelta(), until.astimezone(UTC)
        for starts_at, ends_at in self.spans(since):
            if starts_at >= until:
                break
            total += min(ends_at, until) - starts_at
        return total / timedelta(minutes=1)

    def working_day(self, since: date) -> date | None:
        """The first working day from a day on; None if there is none."""
        days = (since + timedelta(days=each) for each in range(_HORIZON_DAYS))
        return next((day for day in days if self.works(day)), None)

    def working_days(self, after: date, until: date) -> int:
        """The number of working days after a day, up to another; never negative."""
        return sum(self.works(after + timedelta(days=each)) for each in range(1, (until - after).days + 1))


def minute_of(words: str) -> int:
    """Parse a time like 16:30 as minutes of the day; 24:00 is its end. Raises Invalid."""
    hour, colon, minute = words.strip().partition(":")
    hours, minutes = whole_number(hour), whole_number(minute)
    if not colon or hours is None or minutes is None or len(minute) != 2:  # noqa: PLR2004 - two digits
        raise errors.Invalid(f"{words!r} is not a time of day: write it as 16:00.")
    total = hours * 60 + minutes
    if minutes > 59 or total > _DAY_MINUTES:  # noqa: PLR2004 - minutes of an hour
        raise errors.Invalid(f"{words!r} is not a time of day: a day has 24 hours of 60 minutes.")
    return total


def spans_of(words: str) -> tuple[Span, ...]:
    """Parse hours like 10:00-13:00, 14:00-21:00 as spans, closed as none; a span that ends before it begins ends the next day."""
    if words.strip().lower() in {"", "closed"}:
        return ()
    spans: list[Span] = []
    for part in words.split(","):
        opens, dash, closes = part.partition("-")
        if not dash:
            raise errors.Invalid(f"{part.strip()!r} are not opening hours: write them as 10:00-21:00.")
        first, last = minute_of(opens), minute_of(closes)
        spans.append((first, last if last > first else last + _DAY_MINUTES))
    if any(later[0] < earlier[1] for earlier, later in itertools.pairwise(spans)):
        raise errors.Invalid(f"The opening hours {words!r} overlap: write them one after the other.")
    return tuple(spans)


def week_of(hours: Mapping[str, str]) -> tuple[tuple[Span, ...], ...]:
    """Parse hours by weekday (mon …); missing days are closed; a location without any is always open."""
    unknown = hours.keys() - set(WEEKDAYS)
    if unknown:
        raise errors.Invalid(f"{min(unknown)!r} is not a weekday: write {', '.join(WEEKDAYS)}.")
    if not hours:
        return (ALL_DAY,) * 7
    return tuple(spans_of(hours.get(day, "")) for day in WEEKDAYS)


@lru_cache(maxsize=1_000)
def public_holidays(country: str, region: str, year: int) -> Mapping[date, str]:
    """Public holidays of a country (ISO 3166) and its region, with their names. Raises Invalid for unknown ones."""
    try:
        found = holidays.country_holidays(country, subdiv=region or None, years=year)
    except NotImplementedError as problem:
        where = f"{country}-{region}" if region else country
        raise errors.Invalid(
            f"The holidays of {where!r} are unknown: use a country's code and a region's, or list the closed days."
        ) from problem
    return dict(sorted(found.items()))
