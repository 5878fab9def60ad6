"""Sort lists by a chosen column, and page through them by the value and id of the last row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Literal, LiteralString

from doorstep.kernel import errors

Kind = Literal["bigint", "text", "date", "timestamptz"]
_BETWEEN = "~"
_DIGITS = 18  # a bigint has no more


@dataclass(frozen=True, slots=True)
class Key:
    """A column that a list can be sorted by: its type, and the value that stands for NULL ("": it is never NULL)."""

    kind: Kind = "bigint"
    absent: LiteralString = ""


@dataclass(frozen=True, slots=True)
class Keyset:
    """Which page of a list: the column it is sorted by, the direction, where the page before ended, the size."""

    sort: str = "id"
    is_ascending: bool = False
    after: tuple[str, str] | None = None
    limit: int = 50

    @property
    def parameters(self) -> dict[str, object]:
        """The parameters of the statement of `Sorting.page`."""
        value, last = self.after or (None, None)
        return {"after_value": value, "after_id": last, "limit": self.limit}


NEWEST = Keyset()


def by_money(currency: LiteralString, minor: LiteralString) -> LiteralString:
    """An SQL text by which amounts sort by currency first, then by amount; empty for no amount."""
    shifted: LiteralString = f"({minor})::numeric + 9223372036854775808"
    return (
        f"""(coalesce({currency} || ' ' || to_char({shifted}, 'FM00000000000000000000'), '') COLLATE "C")"""
    )


def newest(limit: int, before_id: int | None = None) -> Keyset:
    """A page by id, newest first, after the last id of the page before."""
    return Keyset(after=None if before_id is None else (str(before_id), str(before_id)), limit=limit)


@dataclass(frozen=True, slots=True)
class Sorting:
    """How a list can be sorted: columns by name, which are attributes of its rows too, and what distinguishes equal rows."""

    keys: Mapping[LiteralString, Key]
    tie: LiteralString = "id"
    tie_kind: Kind = "bigint"
    tie_of: Callable[[object], object] = attrgetter("id")

    def page(self, rows: LiteralString, wanted: Keyset) -> LiteralString:
        """A statement: a page of the rows that a SELECT finds. Raises Invalid for a column that is not offered."""
        column = self._column(wanted.sort)
        kind, absent = self.keys[column].kind, self.keys[column].absent
        value: LiteralString = f"coalesce({column}, '{absent}'::{kind})" if absent else column
        way: LiteralString = "ASC" if wanted.is_ascending else "DESC"
        beyond: LiteralString = ">" if wanted.is_ascending else "<"
        return f"""
            SELECT * FROM ({rows}) listed
             WHERE %(after_value)s::text IS NULL
                OR ({value}, {self.tie}) {beyond} (%(after_value)s::text::{kind}, %(after_id)s::text::{self.tie_kind})
             ORDER BY {value} {way}, {self.tie} {way} LIMIT %(limit)s
        """

    def cursor(self, rows: Sequence[object], wanted: Keyset) -> str:
        """The cursor of the next page, empty if this one is not full."""
        return "" if len(rows) < wanted.limit else self.cursor_of(rows[-1], wanted.sort)

    def cursor_of(self, row: object, sort: str) -> str:
        """The cursor of the page behind a row."""
        value = getattr(row, sort)
        shown = self.keys[self._column(sort)].absent if value is None else value
        return f"{_text(shown)}{_BETWEEN}{_text(self.tie_of(row))}"

    def after(self, cursor: str, sort: str) -> tuple[str, str] | None:
        """Where a page begins; a cursor that is none of this list begins at the first page."""
        value, between, last = cursor.rpartition(_BETWEEN)
        is_ours = between and _is(value, self.keys[self._column(sort)].kind) and _is(last, self.tie_kind)
        return (value, last) if is_ours else None

    def _column(self, sort: str) -> LiteralString:
        found = next((name for name in self.keys if name == sort), None)
        if found is None:
            raise errors.Invalid(f"This list cannot be sorted by {sort!r}.", field="sort")
        return found


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _is(text: str, kind: Kind) -> bool:
    """Whether a text is a value of the type."""
    if kind == "text":
        return "\0" not in text
    if kind == "bigint":
        digits = text.removeprefix("-")
        return digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS
    if text in {"infinity", "-infinity"}:
        return True
    try:
        (datetime if kind == "timestamptz" else date).fromisoformat(text)
    except ValueError:
        return False
    return True
