"""The demo order while the worker is killed (kill -9) at random times."""

from __future__ import annotations

import pytest
from tests.faults.rehearsal import assert_told_right, tell


def killed(seeds: range) -> None:
    found = tell(
        "--rehearse",
        "worker",
        "--tellings",
        str(len(seeds)),
        "--seed",
        str(seeds.start),
        timeout_seconds=2400,
    )["tellings"]
    assert [telling["seed"] for telling in found] == list(seeds)
    for telling in found:
        assert_told_right(telling)
    assert sum(telling["damage"] for telling in found) >= len(seeds)


def test_the_worker_is_killed_at_random_with_seeds_1_to_3() -> None:
    killed(range(1, 4))


@pytest.mark.slow
def test_the_worker_is_killed_at_random_with_seeds_1_to_20() -> None:
    killed(range(1, 21))


@pytest.mark.slow
def test_the_worker_is_killed_at_random_with_seeds_101_to_110() -> None:
    killed(range(101, 111))
