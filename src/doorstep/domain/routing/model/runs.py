"""Runs: routing that goes by the clock, and when it is due."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import croniter

from doorstep.kernel import errors


class RunKind(StrEnum):
    """What a run did."""

    SCHEDULE = "schedule"
    WAVE = "wave"
    PRICES = "prices"
    REGRET = "regret"


def next_time(schedule: str, timezone: str, after: datetime) -> datetime:
    """When a schedule (cron words, in the wall time of a zone) comes after an instant, in UTC. Raises Invalid."""
    zone = _zone(timezone)
    if not croniter.croniter.is_valid(schedule):
        raise errors.Invalid(
            f"{schedule!r} is no schedule: write five cron words, as in '0 2 * * *' for two at night.",
            field="schedule",
        )
    local = croniter.croniter(schedule, after.astimezone(zone)).get_next(datetime)
    return datetime.fromtimestamp(local.timestamp(), UTC)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError) as problem:
        raise errors.Invalid(
            f"{name!r} is no time zone: write it as in Asia/Kolkata.", field="timezone"
        ) from problem
