"""The demo order while the worker is killed (kill -9) at random times."""

from __future__ import annotations

import pytest
from tests.faults.rehearsal import assert_results, run_demo


def killed(seeds: range) -> None:
    found = run_demo(
        "--rehearse",
        "worker",
        "--runs",
        str(len(seeds)),
        "--seed",
        str(seeds.start),
        timeout_seconds=2400,
    )["runs"]
    assert [run["seed"] for run in found] == list(seeds)
    for run in found:
        assert_results(run)
    assert sum(run["damage"] for run in found) >= len(seeds)


def test_the_worker_is_killed_at_random_with_seeds_1_to_3() -> None:
    killed(range(1, 4))


@pytest.mark.slow
def test_the_worker_is_killed_at_random_with_seeds_1_to_20() -> None:
    killed(range(1, 21))


@pytest.mark.slow
def test_the_worker_is_killed_at_random_with_seeds_101_to_110() -> None:
    killed(range(101, 111))
