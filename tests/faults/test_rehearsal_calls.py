"""The demo order while every call to a partner fails once."""

from __future__ import annotations

import pytest
from tests.faults.rehearsal import assert_results, run_demo


def test_every_partner_call_fails_once() -> None:
    runs = run_demo("--rehearse", "calls", "--runs", "2")["runs"]
    for run in runs:
        assert_results(run)
    # Every kind of call was really refused, cut off, or answered with nonsense.
    assert runs[0]["damage"] >= 25


@pytest.mark.slow
def test_again_with_seeds_101_to_110() -> None:
    runs = run_demo("--rehearse", "calls", "--runs", "10", "--seed", "101", timeout_seconds=1200)["runs"]
    for run in runs:
        assert_results(run)
