"""What a table cell may hold: text, links, numbers, money, times, statuses. Screen and CSV show the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from doorstep.delivery.console import badges
from doorstep.kernel.money import CURRENCIES, Money


@dataclass(frozen=True, slots=True)
class Text:
    """Words; `look` is a class of the style sheet (code, muted, strong)."""

    kind: ClassVar[str] = "text"
    text: str
    look: str = ""

    def csv(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a page of the console."""

    kind: ClassVar[str] = "link"
    text: str
    path: str
    look: str = ""

    def csv(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things, a dash where it is not known."""

    kind: ClassVar[str] = "count"
    number: int | None
    look: str = ""

    def csv(self) -> str:
        return "" if self.number is None else str(self.number)


@dataclass(frozen=True, slots=True)
class Amount:
    """Money, a dash where there is none yet. The CSV has the plain decimal number."""

    kind: ClassVar[str] = "amount"
    minor: int | None
    currency: str

    def csv(self) -> str:
        if self.minor is None:
            return ""
        known = self.currency in CURRENCIES
        return str(Money(self.minor, self.currency).decimal()) if known else f"{self.minor} {self.currency}"


@dataclass(frozen=True, slots=True)
class At:
    """A moment."""

    kind: ClassVar[str] = "at"
    at: datetime | None

    def csv(self) -> str:
        return "" if self.at is None else self.at.isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Day:
    """A day of the calendar."""

    kind: ClassVar[str] = "day"
    day: date | None

    def csv(self) -> str:
        return "" if self.day is None else self.day.isoformat()


@dataclass(frozen=True, slots=True)
class Status:
    """A status: icon, word and color, always together."""

    kind: ClassVar[str] = "status"
    badge: badges.Badge
    is_quiet: bool = False  # the usual case: words without a tint

    def csv(self) -> str:
        return self.badge.word


@dataclass(frozen=True, slots=True)
class Percent:
    """How much of a job is done."""

    kind: ClassVar[str] = "percent"
    number: int

    def csv(self) -> str:
        return f"{self.number} %"


Cell = Text | Link | Count | Amount | At | Day | Status | Percent
NONE = Text("–", "muted")
