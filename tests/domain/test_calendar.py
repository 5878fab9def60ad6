"""Opening hours as timestamps: across midnight, daylight-saving changes and holidays."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.routing.model import calendar
from doorstep.domain.routing.model.calendar import Calendar, Special
from doorstep.kernel import errors

HOUR = 60
SHOP = calendar.week_of(dict.fromkeys(calendar.WEEKDAYS[:6], "10:00-21:00"))
AMSTERDAM, NEW_YORK, KOLKATA = (
    ZoneInfo(each) for each in ("Europe/Amsterdam", "America/New_York", "Asia/Kolkata")
)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # Sundays in Europe
FRIDAY = date(2026, 11, 20)


def at(zone: ZoneInfo, day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone).astimezone(UTC)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        (AMSTERDAM, SPRING, 23),
        (AMSTERDAM, AUTUMN, 25),
        (NEW_YORK, date(2026, 3, 8), 23),
        (NEW_YORK, date(2026, 11, 1), 25),
        (KOLKATA, SPRING, 24),
    ],
)
def test_a_day_has_the_hours_that_pass(zone: ZoneInfo, day: date, hours: int) -> None:
    location = Calendar(zone)
    since, until = location.instant(day, 0), location.instant(day, 24 * HOUR)
    assert location.open_minutes(since, until) == hours * HOUR


def test_a_night_shift_over_the_change_counts_real_hours() -> None:
    night = Calendar(AMSTERDAM, calendar.week_of({"sat": "22:00-06:00"}))
    assert night.open_minutes(at(AMSTERDAM, date(2026, 3, 28), 0), at(AMSTERDAM, SPRING, 23)) == 7 * HOUR
    assert night.open_minutes(at(AMSTERDAM, date(2026, 10, 24), 0), at(AMSTERDAM, AUTUMN, 23)) == 9 * HOUR


def test_work_that_runs_into_the_skipped_hour_ends_an_hour_later_on_the_wall() -> None:
    ready = Calendar(AMSTERDAM).after(at(AMSTERDAM, SPRING, 1, 30), 60)
    assert ready == at(AMSTERDAM, SPRING, 3, 30)


def test_local_times_are_counted_as_they_pass() -> None:
    before, after = (datetime(2026, 3, 29, hour, tzinfo=AMSTERDAM) for hour in (1, 4))
    assert Calendar(AMSTERDAM).open_minutes(before, after) == 2 * HOUR
    assert Calendar(AMSTERDAM).after(before, 2 * HOUR) == after


def test_a_zone_with_half_hours_opens_on_its_own_clock() -> None:
    shop = Calendar(KOLKATA, SHOP)
    assert shop.instant(FRIDAY, 10 * HOUR) == datetime(2026, 11, 20, 4, 30, tzinfo=UTC)
    assert [shop.is_open(datetime(2026, 11, 20, 4, minute, tzinfo=UTC)) for minute in (29, 30)] == [
        False,
        True,
    ]
    assert not shop.is_open(at(KOLKATA, FRIDAY, 21))


def test_open_time_passes_only_while_it_is_open() -> None:
    shop = Calendar(KOLKATA, SHOP)
    assert shop.after(at(KOLKATA, FRIDAY, 20), 90) == at(KOLKATA, date(2026, 11, 21), 10, 30)
    assert shop.after(at(KOLKATA, date(2026, 11, 21), 20, 30), 60) == at(KOLKATA, date(2026, 11, 23), 10, 30)
    assert shop.after(at(KOLKATA, date(2026, 11, 22), 12), 0) == at(KOLKATA, date(2026, 11, 23), 10)


def test_holidays_and_special_hours_go_before_the_week() -> None:
    special = {
        FRIDAY: Special("stocktaking"),
        date(2026, 11, 22): Special("sale", calendar.spans_of("12:00-14:00")),
    }
    shop = Calendar(KOLKATA, SHOP, special)
    assert [shop.works(FRIDAY), shop.works(date(2026, 11, 22))] == [False, True]
    assert shop.closes(FRIDAY) is None
    assert shop.closes(date(2026, 11, 22)) == at(KOLKATA, date(2026, 11, 22), 14)
    assert shop.working_day(FRIDAY) == date(2026, 11, 21)
    assert shop.working_days(date(2026, 11, 19), date(2026, 11, 23)) == 3


def test_who_never_opens_never_finishes() -> None:
    closed = Calendar(KOLKATA, calendar.week_of({"mon": "closed"}))
    now = at(KOLKATA, FRIDAY, 12)
    assert closed.after(now, 1) is None
    assert closed.working_day(FRIDAY) is None
    assert not closed.is_open(now)
    assert closed.open_minutes(now, now + timedelta(days=9)) == 0


@given(
    st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC)),
    st.integers(0, 5_000),
    st.sampled_from([AMSTERDAM, NEW_YORK, KOLKATA, ZoneInfo("Australia/Lord_Howe")]),
)
def test_open_time_is_added_exactly(now: datetime, minutes: int, zone: ZoneInfo) -> None:
    shop = Calendar(zone, calendar.week_of({"mon": "10:00-13:00, 14:00-21:00", "sat": "22:00-04:00"}))
    done = shop.after(now, minutes)
    assert done is not None
    assert shop.open_minutes(now, done) == minutes


@pytest.mark.parametrize(
    ("words", "minutes"), [("00:00", 0), ("16:30", 990), ("9:05", 545), ("24:00", 1440), (" 8:00 ", 480)]
)
def test_times_of_day(words: str, minutes: int) -> None:
    assert calendar.minute_of(words) == minutes


@pytest.mark.parametrize("words", ["", "16", "16:3", "16:60", "24:01", "4pm", "a:00"])
def test_what_is_no_time_of_day_is_refused(words: str) -> None:
    with pytest.raises(errors.Invalid, match="is not a time of day"):
        calendar.minute_of(words)


def test_hours_are_read_and_refused() -> None:
    assert calendar.spans_of("10:00-13:00, 14:00-21:00") == ((600, 780), (840, 1260))
    assert calendar.spans_of("22:00-02:00") == ((1320, 1560),)
    assert calendar.spans_of("closed") == ()
    with pytest.raises(errors.Invalid, match="are not opening hours"):
        calendar.spans_of("10 to 12")
    with pytest.raises(errors.Invalid, match="overlap"):
        calendar.spans_of("10:00-13:00, 12:00-14:00")
    with pytest.raises(errors.Invalid, match="'funday' is not a weekday"):
        calendar.week_of({"funday": "10:00-12:00"})
    assert calendar.week_of({}) == (calendar.ALL_DAY,) * 7


def test_public_holidays_are_those_of_the_region() -> None:
    found = calendar.public_holidays("IN", "MH", 2026)
    assert found[date(2026, 5, 1)] == "Buddha Purnima; Maharashtra Day"
    assert date(2026, 3, 19) not in calendar.public_holidays("IN", "", 2026)
    with pytest.raises(errors.Invalid, match="holidays of 'IN-ZZ' are unknown"):
        calendar.public_holidays("IN", "ZZ", 2026)
    with pytest.raises(errors.Invalid, match="holidays of 'XX' are unknown"):
        calendar.public_holidays("XX", "", 2026)
