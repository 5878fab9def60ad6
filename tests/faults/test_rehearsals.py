"""The whole journey, through real processes, while things go wrong: the closing table and every count stay the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from doorstep.delivery.cli.demo.audit import EXPECTED

TABLE = [
    ("Blue Denim Jacket", "Warehouse A", "Delivered", "–"),
    ("White Graphic T-shirt × 2", "Store 22", "Delivered", "1 Returned"),
]


def tell(*options: str, timeout_seconds: float = 600) -> dict[str, Any]:
    """Run the demo as a user would and read its outcome; its own exit code says whether every step matched."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    done = subprocess.run(
        [sys.executable, "-m", "doorstep", "demo", "--once", "--json", *options],
        capture_output=True, text=True, timeout=timeout_seconds, env=clean, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def assert_told_right(telling: dict[str, Any]) -> None:
    """The story's table, one label per parcel, one refund, one invoice per shipment, no mail twice, a clean ledger."""
    rows = [(row["item"], row["source"], row["status"], row["return_status"]) for row in telling["table"]]
    assert rows == TABLE
    assert {name: telling[name] for name in EXPECTED} == EXPECTED


def test_the_story_as_it_is_told() -> None:
    (telling,) = tell()["tellings"]
    assert_told_right(telling)
    assert [row["shipment_id"] for row in telling["table"]] == ["SHK1245XYZ", "SRK5678PQR"]


def test_every_partner_call_fails_once() -> None:
    tellings = tell("--rehearse", "calls", "--tellings", "2")["tellings"]
    for telling in tellings:
        assert_told_right(telling)
    assert (
        tellings[0]["damage"] >= 25
    )  # every kind of call was really refused, cut off, or answered with nonsense


def test_every_webhook_comes_twice_and_in_any_order() -> None:
    tellings = tell("--rehearse", "webhooks", "--tellings", "3")["tellings"]
    for telling in tellings:
        assert_told_right(telling)
    assert tellings[0]["damage"] >= 40


def killed(tellings: int) -> None:
    told = tell("--rehearse", "worker", "--tellings", str(tellings), timeout_seconds=900)["tellings"]
    assert len(told) == tellings
    for telling in told:
        assert_told_right(telling)
    assert sum(telling["damage"] for telling in told) >= tellings


def test_the_worker_is_killed_at_random() -> None:
    killed(3)


@pytest.mark.slow
def test_the_worker_is_killed_at_random_for_twenty_seeds() -> None:
    killed(20)


@pytest.mark.slow
def test_everything_again_with_other_seeds() -> None:
    for what in ("calls", "webhooks", "worker"):
        for telling in tell("--rehearse", what, "--tellings", "10", "--seed", "101", timeout_seconds=1200)[
            "tellings"
        ]:
            assert_told_right(telling)
