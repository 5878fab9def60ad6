"""Rate limits: however calls arrive, no bucket and no sliding window of the vendor is ever exceeded."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.limits import Limit, slot


def leave(limit: Limit, arrivals: list[float]) -> list[float]:
    """When calls that arrive at these times leave, as a patient caller waits."""
    next_at, left = 0.0, []
    for now in sorted(arrivals):
        wait, next_at = slot(
            next_at, now, interval=limit.interval_seconds, burst=limit.held, patience=float("inf")
        )
        left.append(now + wait)
    return left


def test_a_bucket_gives_its_burst_and_then_its_rate() -> None:
    """Amazon's getOrders: 0.0167 a second, 20 at once."""
    limit = Limit(calls=1, seconds=60, burst=2)
    assert leave(limit, [0, 0, 0, 0]) == [0, 0, 60, 120]
    assert leave(limit, [0, 0, 300, 300, 300]) == [0, 0, 300, 300, 360]


def test_a_call_that_would_wait_too_long_takes_no_slot() -> None:
    assert slot(100.0, 0.0, interval=10, burst=1, patience=5) == (100.0, 100.0)
    assert slot(104.0, 100.0, interval=10, burst=1, patience=5) == (4.0, 114.0)


@pytest.mark.parametrize(
    ("limit", "held", "interval"),
    [
        (Limit(10), 10, 0.1),
        (Limit(100, 60, is_sliding=True), 10, 60 / 85.5),
        (Limit(2, 1, is_sliding=True), 1, 1 / 0.95),
    ],
)
def test_how_a_documented_limit_is_kept(limit: Limit, held: int, interval: float) -> None:
    assert (limit.held, limit.interval_seconds) == (held, pytest.approx(interval))


@given(
    calls=st.integers(2, 40),
    seconds=st.integers(1, 60),
    arrivals=st.lists(st.floats(0, 200, allow_nan=False), min_size=1, max_size=150),
)
def test_no_sliding_window_has_more_calls_than_allowed(
    calls: int, seconds: int, arrivals: list[float]
) -> None:
    limit = Limit(calls, seconds, is_sliding=True)
    times = leave(limit, arrivals)
    for first in times:
        assert sum(first <= each < first + seconds for each in times) <= calls


@given(
    calls=st.floats(0.05, 50, allow_nan=False),
    burst=st.integers(1, 30),
    arrivals=st.lists(st.floats(0, 100, allow_nan=False), min_size=1, max_size=150),
)
def test_no_bucket_is_overdrawn(calls: float, burst: int, arrivals: list[float]) -> None:
    times = leave(Limit(calls, burst=burst), arrivals)
    for index, first in enumerate(times):
        for number, each in enumerate(times[index:], start=1):
            assert number <= burst + (each - first) * calls + 1e-6
