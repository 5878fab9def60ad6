"""Lists and timestamps are stored unchanged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.kernel.db import Database

ODD = ["", " ", "NULL", "null", 'a "b" c', "back\\slash", "{a,b}", "tab\tline\n", "₹ ü 😀", ",", "it's"]


def test_texts_round_trip(database: Database) -> None:
    with database.read() as tx:
        assert tx.column(str, "SELECT * FROM unnest(%s::text[])", (ODD,)) == ODD


def test_numbers_and_nothing(database: Database) -> None:
    given_numbers = [1, -1, 2**62, None]
    with database.read() as tx:
        rows = tx.rows("SELECT n FROM unnest(%s::bigint[]) AS n", (given_numbers,))
    assert [row["n"] for row in rows] == given_numbers


def test_lists_of_other_things_and_empty_ones_are_the_drivers(database: Database) -> None:
    with database.read() as tx:
        assert tx.column(bool, "SELECT * FROM unnest(%s::boolean[])", ([True, False],)) == [True, False]
        assert tx.column(str, "SELECT * FROM unnest(%s::text[])", ([],)) == []


def test_a_text_that_no_text_can_be_is_refused(database: Database) -> None:
    with database.connection() as connection, pytest.raises(psycopg.DataError):
        connection.execute("SELECT %s::text[]", (["a\0b"],))


INSTANTS = st.datetimes(
    min_value=datetime(1900, 1, 1),
    max_value=datetime(2200, 1, 1),
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=8))]),
)


def test_timestamps_round_trip(database: Database) -> None:
    @given(st.lists(INSTANTS, max_size=5))
    def check(instants: list[datetime]) -> None:
        with database.write(actor="test") as tx:
            tx.execute(
                "CREATE TEMPORARY TABLE IF NOT EXISTS times (n int, at timestamptz) ON COMMIT DELETE ROWS"
            )
            tx.copy("COPY times (n, at) FROM STDIN", list(enumerate(instants)))
            assert tx.column(datetime, "SELECT at FROM times ORDER BY n") == instants

    check()
