"""The clock of the tests: every test begins at NOON; the machine's date is never used.

Application, workers, database defaults and pages share it: in this process as CLOCK, in others through a file.
TEST_NOW (an ISO 8601 timestamp) begins the tests at another time; `make test-dates` runs them at awkward times.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from doorstep.kernel import time

NOON = datetime.fromisoformat(os.environ.get("TEST_NOW", "2026-11-20T12:00:00Z")).astimezone(UTC)
_FOLDER = Path(tempfile.mkdtemp(prefix="ds-clock-"))
_FOLDER.chmod(0o711)
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)
FILE = _FOLDER / "shift"
CLOCK = time.ShiftedClock(FILE)


def set_to(instant: datetime) -> None:
    """Let it be that instant, for everybody who shares the clock."""
    time.shift(FILE, (instant - time.SystemClock().now()).total_seconds())


@contextmanager
def at(instant: datetime) -> Iterator[None]:
    """It is that instant while the block runs, and the present goes on afterwards as if no time had passed."""
    before = CLOCK.now()
    set_to(instant)
    try:
        yield
    finally:
        set_to(before)


def day(after: int) -> date:
    """The calendar day, in UTC, so many days after the tests begin."""
    return (NOON + timedelta(days=after)).date()


def shown(when: date) -> str:
    """A day as pages write it."""
    return f"{when.day} {when:%b %Y}"
