"""A unit of work that PostgreSQL ends to break a deadlock runs again, as a whole; nothing outside is called in it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from doorstep.kernel import db, http
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.http import fake_partner


@pytest.fixture
def two(dsn: str) -> Iterator[Database]:
    """A database with a table of two rows, in which deadlocks are found quickly."""
    opened = Database(dsn, pool_size=6).open()
    with opened.write(actor="test") as tx:
        tx.execute("CREATE TABLE things (id int PRIMARY KEY, n int NOT NULL)")
        tx.execute("INSERT INTO things VALUES (1, 0), (2, 0)")
    yield opened
    opened.close()


def add(tx: WriteTx, thing: int) -> None:
    tx.execute("SET LOCAL deadlock_timeout = '50ms'")
    tx.execute("UPDATE things SET n = n + 1 WHERE id = %s", (thing,))


def meet(two: Database, *, swallow: bool = False) -> Counter[str]:
    """Two transactions that lock two rows in opposite orders; returns how often each began."""
    both, began = threading.Barrier(2), Counter[str]()

    def work(tx: WriteTx, name: str, first: int, second: int) -> None:
        began[name] += 1
        add(tx, first)
        if began[name] == 1:
            both.wait(5)
        try:
            with tx.savepoint():
                add(tx, second)
        except psycopg.errors.DeadlockDetected:
            if not swallow:
                raise

    with ThreadPoolExecutor(2) as threads:
        answers = [
            threads.submit(two.transact, lambda tx, each=each: work(tx, *each), actor="test")
            for each in (("one", 1, 2), ("other", 2, 1))
        ]
        for each in answers:
            each.result()
    return began


def sums(two: Database) -> list[int]:
    with two.read() as tx:
        return tx.column(int, "SELECT n FROM things ORDER BY id")


def test_the_victim_of_a_deadlock_runs_again(two: Database) -> None:
    began = meet(two)
    assert (sum(began.values()), sums(two)) == (3, [2, 2])


def test_a_deadlock_that_the_work_ignores_still_runs_it_again(two: Database) -> None:
    began = meet(two, swallow=True)
    assert (sum(began.values()), sums(two)) == (3, [2, 2])


def test_attempts_end(two: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(db, "_LONGEST_PAUSE", 0.001)
    tried = []

    def work(_tx: WriteTx) -> None:
        tried.append(1)
        raise psycopg.errors.SerializationFailure("could not serialize access")

    with pytest.raises(db.Interrupted, match="could not serialize access"):
        two.transact(work, actor="test")
    assert len(tried) == 12


def test_a_partner_cannot_be_called_in_a_transaction(two: Database) -> None:
    with http.Session("shop", "http://127.0.0.1:9") as session:
        partner = fake_partner.Partner(session)
        for call in (lambda: session.send("GET", "/"), lambda: partner.call(lambda: "done")):
            with pytest.raises(RuntimeError, match="inside a transaction"):
                two.transact(lambda _tx, call=call: call(), actor="test")
        assert partner.call(lambda: "done") == "done"
