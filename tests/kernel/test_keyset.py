"""Sorted lists in pages: every row once and in order, in both directions, also where values repeat or are missing."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pytest

from doorstep.kernel import errors
from doorstep.kernel.db import Database
from doorstep.kernel.keyset import Key, Keyset, Sorting, newest

SORTING = Sorting({"id": Key(), "size": Key(), "name": Key("text"), "at": Key("timestamptz", "-infinity")})
ROWS = """
    SELECT n AS id, mod(n, 3) AS size, 'a~' || n / 4 AS name,
           CASE WHEN mod(n, 2) = 0 THEN 'epoch'::timestamptz + n / 3 * interval '1 hour' END AS at
      FROM generate_series(1, 20) n
"""


@dataclass(frozen=True, slots=True)
class Row:
    id: int
    size: int
    name: str
    at: object


def whole(database: Database, wanted: Keyset) -> list[int]:
    """The ids of the list, read page by page."""
    found: list[int] = []
    while True:
        with database.read() as tx:
            rows = tx.all(Row, SORTING.page(ROWS, wanted), wanted.parameters)
        found += [each.id for each in rows]
        cursor = SORTING.cursor(rows, wanted)
        if not cursor:
            return found
        wanted = replace(wanted, after=SORTING.after(cursor, wanted.sort))


@pytest.mark.parametrize("sort", SORTING.keys)
@pytest.mark.parametrize("size", [1, 4, 50])
def test_pages_have_every_row_once_in_both_directions(database: Database, sort: str, size: int) -> None:
    up = whole(database, Keyset(sort, is_ascending=True, limit=size))
    down = whole(database, Keyset(sort, is_ascending=False, limit=size))
    assert (sorted(up), down) == (list(range(1, 21)), up[::-1])
    assert up == whole(database, Keyset(sort, is_ascending=True, limit=20))


def test_the_newest_come_first(database: Database) -> None:
    assert whole(database, newest(7)) == list(range(20, 0, -1))
    assert whole(database, newest(7, before_id=4)) == [3, 2, 1]


@pytest.mark.parametrize(
    ("sort", "cursor"),
    [
        ("id", ""),
        ("id", "7"),
        ("id", "x~7"),
        ("id", "7~x"),
        ("id", f"{10**30}~7"),
        ("at", "soon~7"),
        ("name", "\0~7"),
    ],
)
def test_a_cursor_of_another_list_begins_at_the_first_page(sort: str, cursor: str) -> None:
    assert SORTING.after(cursor, sort) is None


def test_a_column_that_is_not_offered_is_refused() -> None:
    with pytest.raises(errors.Invalid, match="cannot be sorted by 'secret'"):
        SORTING.page(ROWS, Keyset("secret"))
