"""What a table cell may hold: text, links, numbers, money, times, statuses.

A CSV file has the value behind words such as "21 h left" or "3 of 5".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from doorstep.delivery.console import badges
from doorstep.kernel import money
from doorstep.kernel.i18n import gettext


@dataclass(frozen=True, slots=True)
class Text:
    """Words; `look` is a class of the style sheet (code, muted, strong), `value` what a file has in place of them."""

    kind: ClassVar[str] = "text"
    text: str
    look: str = ""
    value: str | None = None
    title: str = ""

    def csv(self) -> str:
        return self.text if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class Link:
    """Words that lead to a page of the console; `value` is what a file has in place of them."""

    kind: ClassVar[str] = "link"
    text: str
    path: str
    look: str = ""
    value: str | None = None

    def csv(self) -> str:
        return self.text if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class Count:
    """A number of things, a dash where it is not known; a change has its sign."""

    kind: ClassVar[str] = "count"
    number: int | None
    look: str = ""
    is_change: bool = False

    def csv(self) -> str:
        return "" if self.number is None else str(self.number)


@dataclass(frozen=True, slots=True)
class Amount:
    """Money, a dash where there is none yet. The CSV has the plain decimal number; the currency is a column of its own."""

    kind: ClassVar[str] = "amount"
    minor: int | None
    currency: str

    def csv(self) -> str:
        return "" if self.minor is None else money.text(self.minor, self.currency)


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
    """A status: icon, word and color, always together; `value` is what a file has in place of the word."""

    kind: ClassVar[str] = "status"
    badge: badges.Badge
    is_quiet: bool = False  # the usual case: words without a tint
    value: str | None = None

    def csv(self) -> str:
        return gettext(self.badge.word) if self.value is None else self.value


@dataclass(frozen=True, slots=True)
class Percent:
    """How much of a job is done."""

    kind: ClassVar[str] = "percent"
    number: int

    def csv(self) -> str:
        return str(self.number)


@dataclass(frozen=True, slots=True)
class Stock:
    """Units of a SKU: available, and below it on hand · reserved; a link to how it came about."""

    kind: ClassVar[str] = "stock"
    available: int
    on_hand: int
    reserved: int
    path: str
    title: str
    opens_drawer: bool = False

    def csv(self) -> str:
        return str(self.available)


Cell = Text | Link | Count | Amount | At | Day | Status | Percent | Stock
NONE = Text("–", "muted")
