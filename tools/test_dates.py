"""Run the tests that know what time it is on awkward days: `make test-dates`.

By default every file runs at every instant. With --spread each file runs at one of them, so that all of it takes as long
as one run.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCATIONS = ("tests/flows", "tests/delivery", "tests/store")
# Long ones to which every day is the same.
TIMELESS = frozenset({"tests/delivery/test_odd_bodies.py", "tests/delivery/test_permissions.py"})
# An instant to begin at, and the zone that the machine believes to be in.
AWKWARD = (
    ("2027-01-01T00:20:00Z", "UTC"),
    ("2028-02-29T12:00:00Z", "America/Los_Angeles"),
    ("2027-12-31T19:10:00Z", "Asia/Kolkata"),
    ("2027-12-31T23:40:00Z", "UTC"),
    ("2027-03-14T10:00:00Z", "America/Los_Angeles"),
    ("2027-08-15T05:30:00Z", "Asia/Kolkata"),
)


def files() -> list[str]:
    """Every test file of the places where the clock matters."""
    found = (path for location in LOCATIONS for path in (ROOT / location).rglob("test_*.py"))
    return sorted({str(path.relative_to(ROOT)) for path in found} - TIMELESS)


def run(instant: str, zone: str, chosen: list[str], options: list[str]) -> int:
    """One run of these files; gives pytest's exit code."""
    sys.stdout.write(f"· {instant}, TZ={zone}: {len(chosen)} files\n")
    sys.stdout.flush()
    command = [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *options, *chosen]
    environment = os.environ | {"TEST_NOW": instant, "TZ": zone}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def main(options: list[str]) -> int:
    """All runs; a failure does not keep the others from being made."""
    spread = "--spread" in options
    options = [each for each in options if each != "--spread"]
    codes = []
    for number, (instant, zone) in enumerate(AWKWARD):
        chosen = files()[number :: len(AWKWARD)] if spread else files()
        codes.append(run(instant, zone, chosen, options))
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
