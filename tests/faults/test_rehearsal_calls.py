"""The demo order while every call to a partner fails once."""

from __future__ import annotations

import pytest
from tests.faults.rehearsal import assert_told_right, tell


def test_every_partner_call_fails_once() -> None:
    tellings = tell("--rehearse", "calls", "--tellings", "2")["tellings"]
    for telling in tellings:
        assert_told_right(telling)
    # Every kind of call was really refused, cut off, or answered with nonsense.
    assert tellings[0]["damage"] >= 25


@pytest.mark.slow
def test_again_with_seeds_101_to_110() -> None:
    tellings = tell("--rehearse", "calls", "--tellings", "10", "--seed", "101", timeout_seconds=1200)[
        "tellings"
    ]
    for telling in tellings:
        assert_told_right(telling)
