"""The system clock. The demo can shift it through a file."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Business time: when something happens to an order. Leases and retries use the database's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's clock shifted by the seconds in a small file; processes that share the file agree.

    The demo starts it days in the past and moves it to zero, so that several days pass in seconds and end now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        try:
            shift_seconds = float(self._path.read_text())
        except (FileNotFoundError, ValueError):
            shift_seconds = 0.0
        return datetime.now(UTC) + timedelta(seconds=shift_seconds)


def shift(path: Path, seconds: float) -> None:
    """Set the shift of every ShiftedClock that reads this file, atomically."""
    draft = path.with_suffix(".new")
    draft.write_text(str(seconds))
    os.replace(draft, path)  # noqa: PTH105 - atomic by name


def local_date(instant: datetime, timezone: str) -> date:
    """The local date at an instant in a time zone (IANA name)."""
    return instant.astimezone(ZoneInfo(timezone)).date()
