"""The clock can be shifted, and all processes agree."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from doorstep.kernel import time

TOLERANCE = timedelta(seconds=5)


def test_the_system_clock_is_utc() -> None:
    now = time.SystemClock().now()
    assert now.tzinfo is UTC
    assert abs(now - datetime.now(UTC)) < TOLERANCE


@pytest.mark.parametrize("days", [-5, 0, 3])
def test_a_shift_is_seen_by_every_clock(days: int, tmp_path: Path) -> None:
    file = tmp_path / "clock"
    one, other = time.ShiftedClock(file), time.ShiftedClock(file)
    time.shift(file, timedelta(days=days).total_seconds())
    for clock in (one, other):
        assert abs(clock.now() - timedelta(days=days) - datetime.now(UTC)) < TOLERANCE
    assert [path.name for path in tmp_path.iterdir()] == ["clock"]


@pytest.mark.parametrize("content", [None, "", "rubbish"])
def test_no_shift_is_the_present(content: str | None, tmp_path: Path) -> None:
    file = tmp_path / "clock"
    if content is not None:
        file.write_text(content)
    assert abs(time.ShiftedClock(file).now() - datetime.now(UTC)) < TOLERANCE
