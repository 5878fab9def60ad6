"""Runs: routing that goes by the clock, and when it is due."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import croniter


class RunKind(StrEnum):
    """What a run did."""

    SCHEDULE = "schedule"
    WAVE = "wave"
    PRICES = "prices"
    REGRET = "regret"


def is_schedule(words: str) -> bool:
    """Whether these are cron words: minute, hour, day, month, weekday."""
    return bool(croniter.croniter.is_valid(words))


def next_time(schedule: str, timezone: str, after: datetime) -> datetime:
    """When a schedule (cron words, in the wall time of a zone) comes after an instant, in UTC; both were checked when saved."""
    local = croniter.croniter(schedule, after.astimezone(ZoneInfo(timezone))).get_next(datetime)
    return datetime.fromtimestamp(local.timestamp(), UTC)
