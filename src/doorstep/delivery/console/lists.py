"""Lists: filters from the address, pages by keyset, sorting, columns, and the same columns as CSV."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, Self, TypeVar

from starlette.responses import Response, StreamingResponse

from doorstep.delivery.console.cells import NONE, Cell, Text
from doorstep.delivery.console.request import ROOT, PageRequest
from doorstep.kernel.db import ReadTx
from doorstep.kernel.i18n import gettext as _
from doorstep.kernel.ids import whole_number
from doorstep.kernel.keyset import Keyset, Sorting

Row = TypeVar("Row")
ROWS = 100
EXPORT_ROWS = 1_000
_FORMULA = re.compile(r"[=@\t\r]|[+-](?![\d.]+$)")
ASCENDING, DESCENDING = "ascending", "descending"
NOT_FILTERS = frozenset({"cursor", "sort", "format"})


class Sortable(Protocol):
    """A value that can be compared with others of its type."""

    def __lt__(self, other: Self, /) -> bool: ...


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """A column: its label, its cells, and the key by which the list can be sorted (empty: it cannot).

    One that is `only_in_file`, such as the currency beside an amount, is not shown on the screen.
    """

    label: str
    cells: Callable[[Row], Cell | Sequence[Cell]]
    look: str = ""
    sort: str = ""
    title: str = ""
    only_in_file: bool = False

    def of(self, row: Row) -> Sequence[Cell]:
        """The cells of a row, never empty."""
        found = self.cells(row)
        return (found if isinstance(found, Sequence) else [found]) or [NONE]

    def is_blank(self, row: Row) -> bool:
        """Whether there is nothing to show; cards on a phone leave such a cell out."""
        return all(each.csv() in {"", NONE.text} for each in self.of(row))

    def csv(self, row: Row) -> str:
        """The same as plain text; a dash for nothing is left out."""
        shown = [each.csv() for each in self.of(row) if each != NONE]
        text = " ".join(each for each in shown if each)
        # Spreadsheets run what begins like a formula.
        return f"'{text}" if text[:1] in {"=", "+", "@"} else text


@dataclass(frozen=True, slots=True)
class Choice:
    """A filter with options, value and word; the option "" is the default."""

    name: str
    label: str
    options: Sequence[tuple[str, str]]

    def word(self, value: str) -> str:
        return dict(self.options).get(value, value)


@dataclass(frozen=True, slots=True)
class Tick:
    """A filter that is on or off."""

    name: str
    label: str


@dataclass(frozen=True, slots=True)
class Tab:
    """A saved view: a value of the filter `view`, with the number of its rows if that is counted."""

    value: str
    label: str
    count: int = 0
    is_urgent: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """What the address asks for: filters, sorting, and where the page begins."""

    filters: Mapping[str, str]
    cursor: str = ""
    sort: str = ""

    def get(self, name: str, default: str = "") -> str:
        return self.filters.get(name, "") or default

    def number(self, name: str) -> int | None:
        return whole_number(self.get(name))

    @property
    def is_ascending(self) -> bool:
        return bool(self.sort) and not self.sort.startswith("-")

    @property
    def sort_key(self) -> str:
        return self.sort.removeprefix("-")


@dataclass(frozen=True, slots=True)
class Slice(Generic[Row]):
    """A page of rows, and the cursor of the next one (empty at the end)."""

    rows: Sequence[Row]
    next_cursor: str = ""


@dataclass(frozen=True, slots=True)
class Selection(Generic[Row]):
    """How rows are selected to be acted on together: the form's name of a row, and its words."""

    name: Callable[[Row], str]
    label: Callable[[Row], str]


@dataclass(frozen=True, slots=True)
class ListPage(Generic[Row]):
    """A list of one area. `path` is its address below the console, `noun` counts its rows.

    Lists that share a page have names, which stand before `sort`, `cursor` and `format` in the address.
    """

    path: str
    columns: Sequence[Column[Row]]
    fetch: Callable[[ReadTx, Query, int], Slice[Row]]
    noun: tuple[str, str]
    href: Callable[[Row], str] | None = None
    search: str = ""
    filters: Sequence[Choice | Tick] = ()
    tabs: Sequence[Tab] = ()
    sort: str = ""
    rows_a_page: int = ROWS
    look: str = ""
    selection: Selection[Row] | None = None
    exports: bool = True
    name: str = ""

    @property
    def shown(self) -> Sequence[Column[Row]]:
        """The columns on the screen."""
        return [each for each in self.columns if not each.only_in_file]

    @property
    def sorts(self) -> dict[str, str]:
        """The columns that the list can be sorted by: key and label."""
        return {each.sort: each.label for each in self.columns if each.sort}

    def param(self, name: str) -> str:
        """The name of a value in the address: sort, or users-sort for a list that shares its page."""
        return f"{self.name}-{name}" if self.name else name

    def wants_csv(self, req: PageRequest) -> bool:
        """Whether the address asks for this list as a file."""
        return req.query(self.param("format")) == "csv"

    def query(self, req: PageRequest) -> Query:
        """The filters that the list knows, from the address; a sort key it does not know is left out."""
        names = [each.name for each in self.filters]
        names += ["q"] if self.search else []
        names += ["view"] if self.tabs else []
        return Query(
            {name: req.query(name) for name in names}, req.query(self.param("cursor")), self._sort_of(req)
        )

    def _sort_of(self, req: PageRequest) -> str:
        """How to sort: a header's link has the direction before the key, the sort control has it beside."""
        sort, direction = req.query(self.param("sort")), req.query(self.param("direction"))
        key = sort.removeprefix("-")
        if key not in self.sorts:
            return self.sort
        return {ASCENDING: key, DESCENDING: f"-{key}"}.get(direction, sort)

    def load(self, req: PageRequest, tx: ReadTx) -> ListView[Row]:
        """The page that the address asks for."""
        query = self.query(req)
        return ListView(self, query, self.fetch(tx, query, self.rows_a_page))

    def csv(self, req: PageRequest) -> Response:
        """Every row that the filters find, with the columns of the page, read page by page."""
        name = self.param(self.path.strip("/").replace("/", "-"))
        headers = {
            "Content-Disposition": f'attachment; filename="{name}-{req.now:%Y-%m-%d}.csv"',
            "Cache-Control": "no-store",
        }
        return StreamingResponse(self._lines(req), media_type="text/csv; charset=utf-8", headers=headers)

    def _lines(self, req: PageRequest) -> Iterator[str]:
        query = self.query(req)
        yield _line([_(each.label) for each in self.columns])
        cursor = ""
        while True:
            with req.app.db.read() as tx:
                found = self.fetch(tx, Query(query.filters, cursor, query.sort), EXPORT_ROWS)
            yield "".join(_line([each.csv(row) for each in self.columns]) for row in found.rows)
            cursor = found.next_cursor
            if not cursor:
                return


def _line(values: Sequence[str]) -> str:
    """A line of the file. What a spreadsheet would run as a formula is marked as text."""
    text = io.StringIO()
    csv.writer(text).writerow([f"'{each}" if _FORMULA.match(each) else each for each in values])
    return text.getvalue()


@dataclass(frozen=True, slots=True)
class ListView(Generic[Row]):
    """A loaded page of a list, as components show it."""

    page: ListPage[Row]
    query: Query
    found: Slice[Row]
    address: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "address", ROOT + self.page.path)

    @property
    def rows(self) -> Sequence[Row]:
        return self.found.rows

    @property
    def state(self) -> dict[str, str]:
        """What the address holds beside the place in the list."""
        sort = "" if self.query.sort == self.page.sort else self.query.sort
        return {**self.query.filters, self.page.param("sort"): sort}

    def state_with(self, name: str, value: str) -> dict[str, str]:
        """The same with another sort, cursor or format."""
        return {**self.state, self.page.param(name): value}

    @property
    def chips(self) -> list[tuple[str, str]]:
        """The filters that are set: name, and words."""
        found = [("q", f"“{self.query.get('q')}”")] if self.query.get("q") else []
        found += [
            (each.name, _(each.word(value) if isinstance(each, Choice) else each.label))
            for each in self.page.filters
            if (value := self.query.get(each.name))
        ]
        return found

    def sorted_by(self, column: Column[Row]) -> str:
        """ascending, descending or empty: how the list is sorted by a column now."""
        if not column.sort or self.query.sort_key != column.sort:
            return ""
        return ASCENDING if self.query.is_ascending else DESCENDING

    def sort_by(self, column: Column[Row]) -> str:
        """What the address must hold to sort by a column, or the other way round."""
        return column.sort if self.sorted_by(column) == DESCENDING else f"-{column.sort}"


def keyset(query: Query, sorting: Sorting, limit: int) -> Keyset:
    """Which page of a sorted list the address asks for."""
    return Keyset(query.sort_key, query.is_ascending, sorting.after(query.cursor, query.sort_key), limit)


def whole(rows: Sequence[Row], query: Query, keys: Mapping[str, Callable[[Row], Sortable]]) -> Slice[Row]:
    """All rows of a list that is short by nature (users, connections, rules), in the order that the address asks for."""
    by = keys.get(query.sort_key)
    return Slice(sorted(rows, key=by, reverse=not query.is_ascending) if by else rows)


def cut(rows: Sequence[Row], sorting: Sorting, page: Keyset) -> Slice[Row]:
    """A page of a sorted list, with the cursor of the next one."""
    return Slice(rows, sorting.cursor(rows, page))


def text(value: object) -> Cell:
    """Plain words, or a dash."""
    return Text(str(value)) if value not in {"", None} else NONE
