"""The shift in which work counts, and the planned work to release now."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from doorstep.domain.routing.model import calendar, capacity
from doorstep.domain.routing.model.calendar import Calendar, Special
from doorstep.domain.routing.model.capacity import Planned, ReleasePoint, Running, Shift
from doorstep.kernel.ids import FulfillmentOrderId, LocationId

KOLKATA = ZoneInfo("Asia/Kolkata")
SHOP = LocationId(1)
OPEN = Calendar(KOLKATA, calendar.week_of(dict.fromkeys(calendar.WEEKDAYS[:6], "08:00-22:00")))
DAYS = frozenset(range(7))
EARLY, LATE = Shift("early", DAYS, 8 * 60, 14 * 60, most=10), Shift("late", DAYS, 14 * 60, 26 * 60, usual=40)


def ist(hour: int, minute: int = 0, day: int = 20) -> datetime:
    """A time of November 2026; the 20th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=KOLKATA).astimezone(UTC)


@pytest.mark.parametrize(
    ("at", "name", "starts_at"),
    [
        (ist(8), "early", ist(8)),
        (ist(13, 59), "early", ist(8)),
        (ist(14), "late", ist(14)),
        (ist(1, 59, day=21), "late", ist(14)),  # it began yesterday
        (ist(3, day=21), "early", ist(8, day=21)),
        (ist(12, day=22), "early", ist(8, day=23)),  # closed on Sunday: what comes belongs to Monday
    ],
)
def test_work_counts_in_the_current_or_next_shift(at: datetime, name: str, starts_at: datetime) -> None:
    found = capacity.running([LATE, EARLY], OPEN, at)
    assert found is not None
    assert (found.shift.name, found.starts_at) == (name, starts_at)


def test_holidays_have_no_shifts_and_some_places_have_none() -> None:
    closed = replace(OPEN, special={date(2026, 11, 20): Special("stocktaking")})
    found = capacity.running([EARLY], closed, ist(9))
    assert found is not None
    assert found.starts_at == ist(8, day=21)
    assert capacity.running([], OPEN, ist(9)) is None
    assert capacity.running([EARLY], Calendar(KOLKATA, ((),) * 7), ist(9)) is None


def test_what_is_beyond_the_usual_waits() -> None:
    late = Running(LATE, ist(14), ist(2, day=21))
    assert [late.over_hours(counted) for counted in (0, 40, 60)] == [0.0, 0.0, 6.0]
    assert Running(EARLY, ist(8), ist(14)).over_hours(1_000) == 0.0


def planned(number: int, **given: object) -> Planned:
    work = Planned(FulfillmentOrderId(number), SHOP, 10, None, ist(22))
    return replace(work, **given)  # type: ignore[arg-type]  # fields by name


def released(*work: Planned, now: datetime, bench: ReleasePoint) -> list[int]:
    return list(capacity.due(work, {SHOP: bench}, now=now))


IDLE = ReleasePoint(units_per_hour=20.0)


def test_work_is_released_by_urgency() -> None:
    first = planned(3, ship_by=ist(18))
    assert released(planned(1, ship_by=ist(23)), planned(2), first, now=ist(9), bench=IDLE) == [3, 2, 1]


def test_what_is_held_waits_for_its_time() -> None:
    held = planned(1, release_after=ist(10))
    assert released(held, now=ist(9, 59), bench=IDLE) == []
    assert released(held, now=ist(10), bench=IDLE) == [1]


def test_what_must_leave_is_released_before_it_is_too_late() -> None:
    held = planned(1, release_after=ist(23), ship_by=ist(16))
    busy = replace(IDLE, open_units=30)  # two hours of work with this, and as much again to be safe
    assert released(held, now=ist(11, 59), bench=busy) == []
    assert released(held, now=ist(12), bench=busy) == [1]
    assert released(held, now=ist(12), bench=replace(busy, units_per_hour=None)) == []  # nobody knows


def test_metered_work_is_released_as_fast_as_it_is_picked() -> None:
    metered = [planned(number, metered=True, horizon_minutes=90) for number in range(1, 7)]
    assert released(*metered, now=ist(9), bench=IDLE) == [1, 2, 3]  # 30 units keep it busy for 90 minutes
    assert released(*metered, now=ist(9), bench=replace(IDLE, open_units=25)) == [1]
    assert released(*metered, now=ist(9), bench=replace(IDLE, open_units=30)) == []
    assert len(released(*metered, now=ist(9), bench=replace(IDLE, units_per_hour=None))) == 6


def test_metered_work_that_must_leave_today_does_not_wait_for_its_turn() -> None:
    urgent = [planned(number, metered=True, horizon_minutes=30, ship_by=ist(10)) for number in (1, 2, 3)]
    later = [replace(each, id=FulfillmentOrderId(each.id + 9), ship_by=ist(22)) for each in urgent]
    assert released(*urgent, *later, now=ist(9), bench=IDLE) == [1, 2, 3]


def test_a_last_moment_leaves_twice_the_time_for_picking() -> None:
    assert IDLE.last_moment(planned(1)) == ist(21)
    assert replace(IDLE, open_units=10).last_moment(planned(1)) == ist(20)
    assert replace(IDLE, units_per_hour=None).last_moment(planned(1)) == ist(22)


def test_throughput_uses_the_configured_value_while_there_is_little_data() -> None:
    assert capacity.throughput(units=0, hours=0, configured=120.0) == 120.0
    assert capacity.throughput(units=0, hours=0, configured=None) == 30.0
    assert capacity.throughput(units=80, hours=4, configured=40.0) == 30.0
    assert capacity.throughput(units=9_600, hours=96, configured=20.0) == 96.8
    assert [capacity.reject_rate(rejected=each, works=80) for each in (0, 25)] == [0.0, 0.25]


def test_stages_of_unaccepted_work() -> None:
    reported = [
        capacity.stage(minutes, warn=60, escalate=120, reject=240) for minutes in (59.9, 60, 120, 239, 240)
    ]
    assert reported == [None, "warned", "escalated", "escalated", "rejected"]
    assert capacity.stage(9_999, warn=60, escalate=120, reject=None) == "escalated"
