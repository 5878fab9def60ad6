"""The demo order while every webhook arrives twice and in any order."""

from __future__ import annotations

import pytest
from tests.faults.rehearsal import assert_results, run_demo


def test_every_webhook_arrives_twice_and_in_any_order() -> None:
    runs = run_demo("--rehearse", "webhooks", "--runs", "3")["runs"]
    for run in runs:
        assert_results(run)
    assert runs[0]["damage"] >= 40


@pytest.mark.slow
def test_again_with_seeds_101_to_110() -> None:
    runs = run_demo("--rehearse", "webhooks", "--runs", "10", "--seed", "101", timeout_seconds=1200)["runs"]
    for run in runs:
        assert_results(run)
