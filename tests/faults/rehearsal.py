"""Run the demo order through real processes under failures: the closing table and all counts stay the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from doorstep.delivery.cli.demo.audit import EXPECTED

TABLE = [
    ("Blue Denim Jacket", "Warehouse A", "Delivered", "–"),
    ("White Graphic T-shirt × 2", "Store 22", "Delivered", "1 Returned"),
]


def run_demo(*options: str, timeout_seconds: float = 600) -> dict[str, Any]:
    """Run the demo as a user would and read its outcome; its own exit code says whether every step matched."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("DOORSTEP_")}
    done = subprocess.run(
        [sys.executable, "-m", "doorstep", "demo", "--once", "--json", *options],
        capture_output=True, text=True, timeout=timeout_seconds, env=clean, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    outcome: dict[str, Any] = json.loads(done.stdout)
    return outcome


def assert_results(run: dict[str, Any]) -> None:
    """The story's table, one label per parcel, one refund, one invoice per shipment, no mail twice, a clean ledger."""
    rows = [(row["item"], row["source"], row["status"], row["return_status"]) for row in run["table"]]
    assert rows == TABLE
    assert {name: run[name] for name in EXPECTED} == EXPECTED
