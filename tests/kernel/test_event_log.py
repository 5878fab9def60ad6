"""The event log: gap-free versions, in the transaction of the state, append-only, and a feed without gaps."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import ClassVar

import psycopg
import pytest
from tests.clock import NOON
from tests.databases import Pool

from doorstep.kernel import event_log
from doorstep.kernel.db import Database, Subscription, WriteTx
from doorstep.kernel.event_log import Cursor


@dataclass(frozen=True, slots=True)
class Opened:
    """Something of the test's own happened."""

    type: ClassVar[str] = "thing.opened"
    stream: ClassVar[str] = "thing"
    thing_id: int
    words: str = ""


@dataclass(frozen=True, slots=True)
class Closed:
    """Something else happened."""

    type: ClassVar[str] = "thing.closed"
    stream: ClassVar[str] = "thing"
    thing_id: int


@pytest.fixture
def log(dsn: str, migrated: Pool) -> Iterator[Database]:
    """A database in which two subscribers listen to one fact, one of them also to another."""
    migrated.settle()  # A feed ends before the oldest transaction of the whole server.
    listening = (
        Subscription("thing.opened", "first"),
        Subscription("thing.opened", "second"),
        Subscription("thing.closed", "second"),
    )
    opened = Database(dsn, pool_size=6, subscriptions=listening).open()
    yield opened
    opened.close()


def record(database: Database, *new: event_log.DomainEvent) -> None:
    with database.write(actor="user:1", trace_id="trace") as tx:
        event_log.append(tx, new, at=NOON)


def read_on(database: Database, cursor: Cursor) -> tuple[list[int], Cursor]:
    """Which streams the feed reports next."""
    with database.read() as tx:
        found, after = event_log.feed(tx, after=cursor)
    return [each.stream_id for each in found], after


def test_each_stream_counts_for_itself(log: Database) -> None:
    record(log, Opened(1), Opened(2), Closed(1))
    record(log, Closed(2), Opened(1))
    with log.read() as tx:
        first, second = (event_log.of_stream(tx, stream="thing", stream_id=each) for each in (1, 2))
    assert [(each.version, each.type) for each in first] == [
        (1, "thing.opened"),
        (2, "thing.closed"),
        (3, "thing.opened"),
    ]
    assert [(each.version, each.type) for each in second] == [(1, "thing.opened"), (2, "thing.closed")]


def test_a_fact_keeps_who_when_and_why(log: Database) -> None:
    record(log, Opened(7, words="₹ and ü"))
    with log.read() as tx:
        (found,) = event_log.of_stream(tx, stream="thing", stream_id=7)
    assert (found.actor, found.trace_id, found.occurred_at) == ("user:1", "trace", NOON)
    assert found.data == {"thing_id": 7, "words": "₹ and ü"}


def test_every_subscriber_of_a_fact_gets_one_delivery(log: Database) -> None:
    record(log, Opened(1), Closed(1), Opened(2))
    with log.read() as tx:
        rows = tx.rows("SELECT subscriber, key, state FROM deliveries ORDER BY subscriber, id")
    assert [(row["subscriber"], row["key"]) for row in rows] == [
        ("first", 1),
        ("first", 2),
        ("second", 1),
        ("second", 1),
        ("second", 2),
    ]


def test_what_is_undone_leaves_neither_fact_nor_delivery(log: Database) -> None:
    def fail() -> None:
        with log.write(actor="user:1") as tx:
            event_log.append(tx, [Opened(1)], at=NOON)
            message = "the state could not be written"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError):
        fail()
    with log.read() as tx:
        assert tx.value(int, "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM deliveries)") == 0
    record(log, Opened(1))
    with log.read() as tx:
        assert [each.version for each in event_log.of_stream(tx, stream="thing", stream_id=1)] == [1]


def test_two_writers_of_a_stream_take_turns(log: Database) -> None:
    with log.write(actor="user:1") as tx:
        event_log.append(tx, [Opened(1)], at=NOON)
        with log.connection() as other:
            other.execute("SET lock_timeout = '200ms'")
            late = WriteTx(other, actor="user:2", trace_id="")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                event_log.append(late, [Closed(1)], at=NOON)
            other.rollback()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'somebody else'",
        "DELETE FROM events",
        "UPDATE stock_movements SET reason = ''",
    ],
)
def test_events_cannot_be_changed(log: Database, statement: str) -> None:
    record(log, Opened(1))
    with log.write(actor="user:1") as tx:
        tx.execute("INSERT INTO stock_movements (type, sku, location_id, condition, on_hand_change, reserved_change, cause,"
                   " actor, occurred_at) VALUES ('received', 'A', 1, 'new', 1, 0, 'test', 'user:1', business_now())")  # fmt: skip
    with pytest.raises(psycopg.errors.RaiseException, match="is append-only"), log.connection() as connection:
        connection.execute(statement)


def test_a_late_committer_is_not_skipped(log: Database) -> None:
    with log.connection() as slow, slow.transaction():
        event_log.append(WriteTx(slow, actor="user:1", trace_id=""), [Opened(1)], at=NOON)
        record(log, Opened(2))
        reported, cursor = read_on(log, Cursor())
        assert reported == []
    assert read_on(log, cursor)[0] == [1, 2]


def test_a_page_ends_where_the_next_begins(log: Database) -> None:
    record(log, *(Opened(each) for each in range(1, 6)))
    cursor, reported = Cursor(), []
    with log.read() as tx:
        for _ in range(4):
            found, cursor = event_log.feed(tx, after=cursor, limit=2)
            reported.append([each.stream_id for each in found])
    assert reported == [[1, 2], [3, 4], [5], []]


@pytest.mark.parametrize("seed", range(8))
def test_the_feed_has_every_event_once_however_transactions_overlap(log: Database, seed: int) -> None:
    chance = random.Random(seed)
    cursor, reported, thing, written = Cursor(), [], 0, set()
    with ExitStack() as pooled:
        idle = [pooled.enter_context(log.connection()) for _ in range(3)]
        busy: list[tuple[psycopg.Connection[dict[str, object]], list[int]]] = []
        for _ in range(40):
            if busy and (not idle or chance.random() < 0.5):
                connection, mine = busy.pop(chance.randrange(len(busy)))
                if chance.random() < 0.2:
                    connection.rollback()
                else:
                    connection.commit()
                    written |= set(mine)
                idle.append(connection)
            elif idle:
                connection, mine = idle.pop(), []
                for _ in range(chance.randint(1, 2)):
                    thing += 1
                    mine.append(thing)
                    event_log.append(
                        WriteTx(connection, actor="user:1", trace_id=""), [Opened(thing)], at=NOON
                    )
                busy.append((connection, mine))
            new, cursor = read_on(log, cursor)
            reported += new
        for connection, _ in busy:
            connection.rollback()
    new, _ = read_on(log, cursor)
    assert sorted(reported + new) == sorted(written)


def test_positions_follow_the_order_of_the_events_and_deliveries_point_at_them(log: Database) -> None:
    record(log, Opened(2), Closed(1), Opened(1))
    with log.read() as tx:
        reported = tx.rows("SELECT stream_id, type FROM events ORDER BY position")
        wrong = tx.value(
            int,
            "SELECT count(*) FROM deliveries d JOIN events e ON e.position = d.event_position WHERE d.key <> e.stream_id",
        )
    assert [(row["stream_id"], row["type"]) for row in reported] == [
        (2, "thing.opened"),
        (1, "thing.closed"),
        (1, "thing.opened"),
    ]
    assert wrong == 0


def test_what_a_savepoint_undid_leaves_no_gap(log: Database) -> None:
    with log.write(actor="user:1") as tx:
        event_log.append(tx, [Opened(1)], at=NOON)
        with suppress(psycopg.errors.DivisionByZero), tx.savepoint():
            event_log.append(tx, [Closed(1), Closed(2)], at=NOON)
            tx.execute("SELECT 1 / 0")
        event_log.append(tx, [Closed(1), Opened(2)], at=NOON)
    with log.read() as tx:
        versions = [
            [each.version for each in event_log.of_stream(tx, stream="thing", stream_id=number)]
            for number in (1, 2)
        ]
    assert versions == [[1, 2], [1]]


def test_a_stream_that_begins_here_is_not_looked_for(log: Database) -> None:
    with log.write(actor="user:1") as tx:
        event_log.begin(tx, stream="thing", ids=[7])
        event_log.append(tx, [Opened(7), Closed(7)], at=NOON)
        event_log.append(tx, [Opened(7)], at=NOON)
    record(log, Closed(7))
    with log.read() as tx:
        assert [each.version for each in event_log.of_stream(tx, stream="thing", stream_id=7)] == [1, 2, 3, 4]
