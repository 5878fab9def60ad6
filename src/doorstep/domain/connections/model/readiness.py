"""Whether a connection can go live: lines, each with a state, a sentence, and where it is put right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from doorstep.domain.connections.model.comparison import DONE_BY_OTHERS, DOUBLES, Operation, Result
from doorstep.kernel.message import Message

TESTED_WITHIN = timedelta(days=2)  # a test that is older says little


class Topic(StrEnum):
    """What a line is about."""

    SETTINGS = "settings"
    CREDENTIALS = "credentials"
    TEST = "test"
    ADDRESS = "address"
    WEBHOOKS = "webhooks"
    FEEDS = "feeds"
    HISTORY = "history"
    NAMES = "names"
    ORDERS = "orders"
    FAILURES = "failures"
    LIMITS = "limits"
    STOCK = "stock"
    COMPARISON = "comparison"
    UNSENT = "unsent"
    TWICE = "twice"


class Readiness(StrEnum):
    """ready; attention: look at it first; blocked: do not go live before it is put right."""

    READY = "ready"
    ATTENTION = "attention"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line. `at` is the moment of its fact, `path` the page that puts it right, below the console.

    `is_certain`: going live would surely lose or double something, so it is refused.
    """

    topic: Topic
    standing: Readiness
    message: Message
    path: str = ""
    at: datetime | None = None
    is_certain: bool = False


def ready(topic: Topic, message: Message, path: str = "", at: datetime | None = None) -> ReportLine:
    """A line that needs nothing."""
    return ReportLine(topic, Readiness.READY, message, path, at)


def attention(topic: Topic, message: Message, path: str = "", at: datetime | None = None) -> ReportLine:
    """A line that somebody should look at."""
    return ReportLine(topic, Readiness.ATTENTION, message, path, at)


def blocked(
    topic: Topic, message: Message, path: str = "", at: datetime | None = None, *, is_certain: bool = False
) -> ReportLine:
    """A line that speaks against going live."""
    return ReportLine(topic, Readiness.BLOCKED, message, path, at, is_certain)


@dataclass(frozen=True, slots=True)
class Kept:
    """How many calls of an operation are kept, and how they compare."""

    operation: Operation
    counts: dict[Result, int]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def doubles(self) -> int:
        """How many of them others have done, where a second time costs money or ships goods twice."""
        if self.operation not in DOUBLES:
            return 0
        return sum(count for result, count in self.counts.items() if result in DONE_BY_OTHERS)


@dataclass(frozen=True, slots=True)
class Report:
    """All lines, and the calls that are kept, by operation."""

    lines: Sequence[ReportLine]
    kept: Sequence[Kept]

    @property
    def standing(self) -> Readiness:
        """That of the worst line."""
        found = {each.standing for each in self.lines}
        worst_first = (Readiness.BLOCKED, Readiness.ATTENTION)
        return next((each for each in worst_first if each in found), Readiness.READY)

    @property
    def blocking(self) -> list[ReportLine]:
        return [each for each in self.lines if each.standing is Readiness.BLOCKED]

    @property
    def certain(self) -> list[ReportLine]:
        return [each for each in self.lines if each.is_certain]

    @property
    def doubles(self) -> int:
        return sum(each.doubles for each in self.kept)


class CatchUp(StrEnum):
    """What becomes of the calls that were kept in shadow mode when the connection goes live.

    missing: what only we have is sent, what others did just so is discarded, the rest is kept. all: everything is sent.
    none: everything is discarded. later: everything is kept.
    """

    MISSING = "missing"
    ALL = "all"
    NONE = "none"
    LATER = "later"
