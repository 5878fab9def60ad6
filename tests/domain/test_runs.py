"""Schedules: cron words in the local time of a zone, daylight saving included."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from doorstep.domain.routing.model import runs


@pytest.mark.parametrize(
    ("after", "comes"),
    [
        (datetime(2026, 11, 22, 12, tzinfo=UTC), datetime(2026, 11, 22, 20, 30, tzinfo=UTC)),
        (datetime(2026, 11, 22, 20, 30, tzinfo=UTC), datetime(2026, 11, 23, 20, 30, tzinfo=UTC)),
    ],
)
def test_two_at_night_in_mumbai(after: datetime, comes: datetime) -> None:
    assert runs.next_time("0 2 * * *", "Asia/Kolkata", after) == comes


def test_noon_stays_noon_when_clocks_go_back() -> None:
    """Amsterdam left summer time on 25 October 2026."""
    before = datetime(2026, 10, 24, 13, tzinfo=UTC)
    assert runs.next_time("0 12 * * *", "Europe/Amsterdam", before) == datetime(2026, 10, 25, 11, tzinfo=UTC)


def test_what_is_a_schedule() -> None:
    assert [runs.is_schedule(words) for words in ("0 2 * * *", "at night", "61 2 * * *")] == [
        True,
        False,
        False,
    ]
