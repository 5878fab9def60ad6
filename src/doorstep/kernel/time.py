"""The clock, read only at the edges and passed inwards; rehearsals move it by a file."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo


class Clock(Protocol):
    """Business time: when something happened in the story of an order. Leases and retries use the database's clock."""

    def now(self) -> datetime:
        """The present instant, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's clock moved by the number of seconds in a small file; every process that shares the file agrees.

    The demo starts it days in the past and moves it to zero, so that a story of days is over in seconds and ends now.
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
    """The calendar day it is somewhere (an IANA zone) at an instant."""
    return instant.astimezone(ZoneInfo(timezone)).date()
