"""Pages of lists: one shape, and one URL-safe cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

from doorstep.kernel import errors
from doorstep.kernel.ids import whole_number
from doorstep.kernel.keyset import Keyset, Sorting

T = TypeVar("T")
Row = TypeVar("Row")
_BETWEEN = "~"


class Page(BaseModel, Generic[T]):
    """A page of a list. Send `next_cursor` as `cursor` for the next one; it is empty at the end."""

    items: list[T]
    next_cursor: str = ""


class Paging(BaseModel):
    """Which page of a list, and the page size."""

    cursor: str = Field("", max_length=200, description="`next_cursor` of the previous page.")
    limit: int = Field(50, ge=1, le=200)

    @property
    def last_id(self) -> int | None:
        """The cursor of a list that is sorted by id; raises Invalid for a cursor of another list."""
        return None if not self.cursor else whole(self.cursor)


def page(rows: Sequence[Row], shape: Callable[[Row], T], key: Callable[[Row], str], *, limit: int) -> Page[T]:
    """Cut the rows to a page of `limit`; one row more than that means that there is a next page."""
    shown = rows[:limit]
    more = len(rows) > limit
    return Page(items=[shape(each) for each in shown], next_cursor=key(shown[-1]) if more else "")


def newest(
    wanted: Paging,
    sorting: Sorting,
    fetch: Callable[[Keyset], Sequence[Row]],
    shape: Callable[[Row], T],
    *,
    sort: str = "id",
) -> Page[T]:
    """A page of a list that is sorted by `sort`, the newest first."""
    rows = fetch(Keyset(sort, after=after(sorting, wanted.cursor, sort), limit=wanted.limit + 1))
    return page(rows, shape, lambda row: sorting.cursor_of(row, sort), limit=wanted.limit)


def cursor(*parts: object) -> str:
    """Encode the parts of a cursor."""
    return _BETWEEN.join(part.isoformat() if isinstance(part, datetime) else str(part) for part in parts)


def parts(text: str, count: int) -> list[str]:
    """Decode the parts of a cursor; raises Invalid for a cursor of another list."""
    found = text.replace(" ", "+").split(_BETWEEN)
    if len(found) != count:
        raise _wrong()
    return found


def whole(text: str) -> int:
    """A number in a cursor."""
    if (number := whole_number(text)) is None:
        raise _wrong()
    return number


def instant(text: str) -> datetime:
    """An instant in a cursor."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise _wrong() from None


def after(sorting: Sorting, text: str, sort: str) -> tuple[str, str] | None:
    """Where a page of a sorted list begins; raises Invalid for a cursor of another list."""
    found = sorting.after(text, sort)
    if text and found is None:
        raise _wrong()
    return found


def _wrong() -> errors.Invalid:
    return errors.Invalid("This cursor does not belong to this list: start without one.", field="cursor")
