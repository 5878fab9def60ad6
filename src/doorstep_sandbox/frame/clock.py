"""The partners' clock: system time plus the seconds in DOORSTEP_CLOCK_FILE, so that a demo can skip days."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

IST = dt.timezone(dt.timedelta(hours=5, minutes=30))


def offset_seconds() -> float:
    """The current shift of the clock; the file is read on every call."""
    path = os.environ.get("DOORSTEP_CLOCK_FILE")
    if not path or not Path(path).exists():
        return 0.0
    return float(Path(path).read_text(encoding="utf-8").strip() or 0)


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC) + dt.timedelta(seconds=offset_seconds())


def epoch() -> int:
    return int(now().timestamp())


def zulu(moment: dt.datetime) -> str:
    """2026-11-22T06:17:56Z"""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse(text: str) -> dt.datetime:
    """Parse an ISO 8601 instant; without a zone it is IST, as the Indian vendors write it."""
    moment = dt.datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=IST)
