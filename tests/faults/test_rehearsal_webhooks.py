"""The demo order while every webhook arrives twice and in any order."""

from __future__ import annotations

import pytest
from tests.faults.rehearsal import assert_told_right, tell


def test_every_webhook_arrives_twice_and_in_any_order() -> None:
    tellings = tell("--rehearse", "webhooks", "--tellings", "3")["tellings"]
    for telling in tellings:
        assert_told_right(telling)
    assert tellings[0]["damage"] >= 40


@pytest.mark.slow
def test_again_with_seeds_101_to_110() -> None:
    tellings = tell("--rehearse", "webhooks", "--tellings", "10", "--seed", "101", timeout_seconds=1200)[
        "tellings"
    ]
    for telling in tellings:
        assert_told_right(telling)
