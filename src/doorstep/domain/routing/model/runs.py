"""Calculate when scheduled runs are due."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import croniter


class RunKind(StrEnum):
    """The result of a run."""

    SCHEDULE = "schedule"
    BATCH = "batch"
    PRICES = "prices"
    HINDSIGHT = "hindsight"


def is_schedule(words: str) -> bool:
    """Whether this is a cron expression: minute, hour, day, month, weekday."""
    return bool(croniter.croniter.is_valid(words))


def next_time(schedule: str, timezone: str, after: datetime) -> datetime:
    """The next time of a schedule (cron expression, in local time of a zone) after an instant, in UTC; both were checked on save."""
    local = croniter.croniter(schedule, after.astimezone(ZoneInfo(timezone))).get_next(datetime)
    return datetime.fromtimestamp(local.timestamp(), UTC)
