"""Deliveries: one worker at a time, in order per key, retried, dead letters, and no late results."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from tests.clock import NOON

from doorstep.kernel import errors, event_log, jobs
from doorstep.kernel.db import Database, Subscription
from doorstep.kernel.jobs import Delivery, Failure, RetryPolicy
from doorstep.kernel.queues import Queue
from doorstep.kernel.results import Pending

WORK = jobs.Work(("reader",), ("hourly", "daily"))


@dataclass(frozen=True, slots=True)
class Opened:
    """Something of the test's own happened."""

    type: ClassVar[str] = "thing.opened"
    stream: ClassVar[str] = "thing"
    thing_id: int


@pytest.fixture
def table(dsn: str) -> Iterator[Database]:
    """A database in which one subscriber listens."""
    opened = Database(
        dsn, pool_size=6, subscriptions=(Subscription("thing.opened", "reader", calls_partner=True),)
    ).open()
    yield opened
    opened.close()


def enqueue(table: Database, *keys: int) -> None:
    with table.write(actor="user:1", trace_id="trace") as tx:
        event_log.append(tx, [Opened(key) for key in keys], at=NOON)


def lease(table: Database, *, limit: int = 10, seconds: float = 60) -> list[Delivery]:
    with table.write(actor="system") as tx:
        waiting = jobs.unassigned(tx, subscribers=["reader"], limit=100)
        jobs.assign(tx, connections={each.id: 7 for each in waiting})
        return jobs.lease_tasks(
            tx, subscribers=["reader"], per_connection=limit, lease_seconds=seconds, is_shared=False
        )


def steps(table: Database, limit: int = 10) -> list[int]:
    """Keys of the steps that could be locked now."""
    with table.write(actor="system") as tx:
        return [each.key for each in jobs.lock_deliveries(tx, subscriber="reader", limit=limit)]


def finish(table: Database, *deliveries: Delivery) -> None:
    with table.write(actor="system") as tx:
        jobs.finish(tx, deliveries)


def fail(
    table: Database, delivery: Delivery, wait: float | None, *, words: str = "no", kind: str = "data"
) -> None:
    with table.write(actor="system") as tx:
        jobs.fail(tx, delivery, failure=Failure(words, kind, wait), attempts=delivery.attempts)


def rows(table: Database, columns: str = "key, state, attempts") -> list[tuple[object, ...]]:
    with table.read() as tx:
        return [tuple(row.values()) for row in tx.rows(f"SELECT {columns} FROM deliveries ORDER BY id")]


def expire_leases(table: Database) -> None:
    with table.write(actor="system") as tx:
        tx.execute("UPDATE deliveries SET leased_until = now() - interval '1 second' WHERE state = 1")


def test_a_delivery_carries_its_event(table: Database) -> None:
    enqueue(table, 5)
    (taken,) = lease(table)
    assert (taken.subscriber, taken.key, taken.attempts, taken.event_type) == ("reader", 5, 1, "thing.opened")
    assert (taken.data, taken.actor, taken.trace_id, taken.occurred_at) == (
        {"thing_id": 5},
        "user:1",
        "trace",
        NOON,
    )


def test_what_one_worker_has_locked_others_skip(table: Database) -> None:
    enqueue(table, *range(1, 7))
    with table.write(actor="one") as one, table.write(actor="two") as two:
        first = jobs.lock_deliveries(one, subscriber="reader", limit=4)
        second = jobs.lock_deliveries(two, subscriber="reader", limit=4)
    assert [each.key for each in first] == [1, 2, 3, 4]
    assert [each.key for each in second] == [5, 6]


def test_many_workers_do_everything_once(table: Database) -> None:
    enqueue(table, *range(1, 61))
    done: list[int] = []

    def work() -> None:
        while True:
            with table.write(actor="system") as tx:
                batch = jobs.lock_deliveries(tx, subscriber="reader", limit=7)
                jobs.finish(tx, batch)
            if not batch:
                return
            done.extend(each.key for each in batch)

    with ThreadPoolExecutor(4) as threads:
        for each in [threads.submit(work) for _ in range(4)]:
            each.result()
    assert sorted(done) == list(range(1, 61))
    assert rows(table) == []


def test_many_workers_lease_everything_once(table: Database) -> None:
    enqueue(table, *range(1, 41))
    with ThreadPoolExecutor(4) as threads:
        taken = [each for part in threads.map(lambda _: lease(table, limit=10), range(4)) for each in part]
    assert sorted(each.key for each in taken) == list(range(1, 41))


def test_deliveries_of_a_key_are_sequential(table: Database) -> None:
    enqueue(table, 1, 1, 2)
    first, other = lease(table)
    assert (first.key, other.key) == (1, 2)
    assert lease(table) == []
    finish(table, first)
    (second,) = lease(table)
    assert (second.key, second.id > first.id) == (1, True)


def test_steps_of_a_key_wait_for_the_one_that_is_locked(table: Database) -> None:
    enqueue(table, 1, 1)
    with table.write(actor="one") as one:
        assert len(jobs.lock_deliveries(one, subscriber="reader", limit=10)) == 1
        assert steps(table) == []
    assert steps(table) == [1]


def test_a_retry_pushes_the_same_keys_later_ones_back(table: Database) -> None:
    enqueue(table, 1, 1, 2)
    first, other = lease(table)
    finish(table, other)
    fail(table, first, 30.0, kind="transient")
    with table.read() as tx:
        waits = tx.column(bool, "SELECT run_at > now() + interval '25 s' FROM deliveries ORDER BY id")
    assert waits == [True, True]
    assert lease(table) == []


def test_a_dead_letter_keeps_its_history_and_does_not_block_others(table: Database) -> None:
    enqueue(table, 1, 1)
    (first,) = lease(table)
    fail(table, first, None, words="the address is wrong", kind="data")
    with table.read() as tx:
        (letter,) = tx.rows(
            "SELECT what, stream_id, attempts, error, error_class, trace_id FROM dead_letters"
        )
        assert jobs.dead(tx) == {"data": 1}
        assert jobs.waiting(tx) == {"reader": 1}
    assert tuple(letter.values()) == ("reader", 1, 1, "the address is wrong", "data", "trace")
    assert [each.id > first.id for each in lease(table)] == [True]


def test_an_expired_lease_is_given_to_another(table: Database) -> None:
    enqueue(table, 1)
    lease(table)
    assert lease(table) == []
    expire_leases(table)
    (again,) = lease(table)
    assert again.attempts == 2


def test_a_late_worker_records_nothing(table: Database) -> None:
    enqueue(table, 1)
    (late,) = lease(table)
    expire_leases(table)
    (second,) = lease(table)

    def record() -> None:
        with table.write(actor="late") as tx:
            event_log.append(tx, [Opened(99)], at=NOON)
            jobs.finish(tx, [late])

    with pytest.raises(jobs.LostLease):
        record()
    with table.read() as tx:
        assert event_log.of_stream(tx, stream="thing", stream_id=99) == []
    finish(table, second)
    assert rows(table) == []


def test_a_late_workers_failure_does_not_count(table: Database) -> None:
    enqueue(table, 1)
    (late,) = lease(table)
    expire_leases(table)
    (second,) = lease(table)
    with pytest.raises(jobs.LostLease):
        fail(table, late, None)
    assert rows(table) == [(1, 1, 2)]
    finish(table, second)
    with pytest.raises(jobs.LostLease):
        fail(table, second, None)


def test_dead_letters_are_retried_by_id_or_by_class(table: Database) -> None:
    enqueue(table, 1, 2, 3)
    for each, kind in zip(lease(table), ("data", "data", "auth"), strict=True):
        fail(table, each, None, kind=kind)
    with table.write(actor="user:1") as tx:
        (first, *_) = tx.column(int, "SELECT id FROM deliveries ORDER BY id")
        assert jobs.redrive(tx, ids=[first]) == 1
    assert rows(table) == [(1, 0, 1), (2, 3, 1), (3, 3, 1)]
    with table.write(actor="user:1") as tx:
        assert jobs.redrive(tx, error_class="auth") == 1
        assert jobs.redrive(tx, error_class="bug") == 0
        assert jobs.redrive(tx, ids=[]) == 0
    assert [each.key for each in lease(table)] == [1, 3]


def test_a_discarded_dead_letter_is_gone_but_its_event_stays(table: Database) -> None:
    enqueue(table, 1, 2)
    first, second = lease(table)
    fail(table, first, None)
    with table.write(actor="user:1") as tx:
        assert jobs.discard(tx, ids=[first.id, second.id]) == 1
        assert len(event_log.of_stream(tx, stream="thing", stream_id=1)) == 1
    assert rows(table) == [(2, 1, 1)]


def test_a_schedule_is_given_to_one_of_many(table: Database) -> None:
    with table.write(actor="system") as tx:
        jobs.declare_schedules(tx, every_seconds={"hourly": 3600.0, "daily": 86_400.0})

    def claim(_: int) -> list[str]:
        with table.write(actor="system") as tx:
            return jobs.claim_schedules(tx, names=["hourly", "daily"])

    with ThreadPoolExecutor(6) as threads:
        claimed = [name for names in threads.map(claim, range(12)) for name in names]
    assert sorted(claimed) == ["daily", "hourly"]


def test_schedules_follow_what_the_version_declares(table: Database) -> None:
    for every in ({"hourly": 3600.0, "daily": 86_400.0}, {"hourly": 60.0}):
        with table.write(actor="system") as tx:
            jobs.declare_schedules(tx, every_seconds=every)
    with table.write(actor="system") as tx:
        assert jobs.claim_schedules(tx, names=["hourly", "daily"]) == ["hourly"]
        assert 58 < jobs.next_due_seconds(tx, WORK) <= 60
        jobs.declare_schedules(tx, every_seconds={})
        assert jobs.next_due_seconds(tx, WORK) == 60


def test_what_waits_for_another_does_not_keep_workers_awake(table: Database) -> None:
    enqueue(table, 1, 1)
    lease(table, seconds=40)
    with table.read() as tx:
        assert 38 < jobs.next_due_seconds(tx, WORK) <= 40


def test_workers_are_notified_after_the_commit(table: Database) -> None:
    woken, stop = threading.Event(), threading.Event()
    ear = threading.Thread(
        target=table.listen,
        kwargs={"queues": [Queue.STEPS], "wake": lambda _queue: woken.set(), "stopped": stop.is_set},
    )
    ear.start()
    assert woken.wait(5)  # it is connected
    woken.clear()
    with table.write(actor="user:1") as tx:
        tx.wake_workers(Queue.ORDERS)
    assert not woken.wait(0.2)  # another queue's
    with table.write(actor="user:1") as tx:
        event_log.append(tx, [Opened(2)], at=NOON)
        assert not woken.wait(0.2)
    assert woken.wait(2)
    stop.set()
    ear.join(5)


@pytest.mark.parametrize(
    ("problem", "attempts", "failure"),
    [
        (errors.Unavailable("busy"), 1, Failure("busy", "transient", 2.0)),
        (errors.Unavailable("busy"), 3, Failure("busy", "transient", 8.0)),
        (errors.Unavailable("busy"), 6, Failure("busy", "transient", 30.0)),
        (errors.Unavailable("busy", retry_after_seconds=9), 1, Failure("busy", "transient", 9)),
        (errors.Unavailable("busy", retry_after_seconds=900), 1, Failure("busy", "transient", 30.0)),
        (errors.Unavailable("busy"), 10, Failure("busy", "transient", None)),
        (errors.Invalid("wrong", body="size?"), 1, Failure("wrong It answered: size?", "data", None)),
        (errors.Invalid("wrong", body=["size?"]), 1, Failure('wrong It answered: ["size?"]', "data", None)),
        (
            errors.Invalid("wrong: size.", body="size?", reason="size"),
            1,
            Failure("wrong: size.", "data", None),
        ),
        (KeyError(), 1, Failure("KeyError", "bug", None)),
    ],
)
def test_only_what_may_pass_by_itself_is_tried_again(
    problem: Exception, attempts: int, failure: Failure
) -> None:
    policy = RetryPolicy(max_attempts=10, base_seconds=2.0, longest_seconds=30.0)
    assert policy.failure(problem, attempts=attempts, jitter=0.5) == failure


@dataclass(frozen=True, slots=True)
class Moved:
    """A fact of another stream than orders."""

    type: ClassVar[str] = "place.moved"
    stream: ClassVar[str] = "place"
    place_id: int


def test_a_delivery_waits_only_for_its_own_stream(dsn: str) -> None:
    listens = tuple(
        Subscription(event, "reader", calls_partner=True) for event in ("thing.opened", "place.moved")
    )
    table = Database(dsn, subscriptions=listens).open()
    with table.write(actor="system", trace_id="whole") as tx:
        tx.traces["thing", 7] = "of the thing"
        event_log.append(tx, [Opened(7), Moved(7)], at=NOON)
    thing, place = lease(table)
    assert [(each.stream, each.key, each.trace_id) for each in (thing, place)] == [
        ("thing", 7, "of the thing"),
        ("place", 7, "whole"),
    ]
    with table.write(actor="system") as tx:
        jobs.fail(tx, place, failure=Failure("gone", "bug", None), attempts=1)
        assert tx.rows("SELECT order_id, stream, stream_id FROM dead_letters") == [
            {"order_id": None, "stream": "place", "stream_id": 7}
        ]
    table.close()


def assigned(table: Database, connections: dict[int, int]) -> None:
    """One delivery per key, each with its connection."""
    enqueue(table, *connections)
    with table.write(actor="system") as tx:
        waiting = jobs.unassigned(tx, subscribers=["reader"], limit=100)
        jobs.assign(tx, connections={each.id: connections[each.key] for each in waiting})


def share(table: Database, per_connection: int, **given: object) -> list[tuple[int, int]]:
    """Connection and key of each lease."""
    with table.write(actor="system") as tx:
        taken = jobs.lease_tasks(
            tx,
            subscribers=["reader"],
            per_connection=per_connection,
            lease_seconds=60,
            **given,  # type: ignore[arg-type]  # options
        )
    return [(each.connection_id, each.key) for each in taken]


def test_every_connection_has_leases_of_its_own(table: Database) -> None:
    assigned(table, {key: 7 if key < 50 else 8 for key in range(1, 53)} | {60: jobs.NOT_FOUND})
    assert share(table, 2) == [(7, 1), (7, 2), (8, 50), (8, 51), (jobs.NOT_FOUND, 60)]
    assert share(table, 2) == []
    with table.write(actor="system") as tx:
        tx.execute("DELETE FROM deliveries WHERE key IN (2, 50)")
    assert share(table, 2) == [(7, 3), (8, 52)]
    assert share(table, 3, is_shared=False, without=[8]) == [(7, 4), (7, 5), (7, 6)]


def test_many_workers_never_hold_more_than_a_connections_share(table: Database) -> None:
    assigned(table, {key: key % 3 + 1 for key in range(1, 61)})
    with ThreadPoolExecutor(4) as threads:
        taken = [each for part in threads.map(lambda _: share(table, 5), range(8)) for each in part]
    assert sorted(connection for connection, _ in taken) == [1] * 5 + [2] * 5 + [3] * 5


def test_a_handler_has_no_share(dsn: str) -> None:
    table = Database(dsn, subscriptions=(Subscription("thing.opened", "reader"),)).open()
    enqueue(table, 1)
    assert lease(table) == []
    assert steps(table) == [1]
    table.close()


def keep(table: Database, delivery: Delivery, handle: str, seconds: float = 0) -> None:
    with table.write(actor="system") as tx:
        jobs.keep_pending(tx, delivery, Pending(handle, timedelta(seconds=seconds)))


def test_a_pending_call_is_kept_with_its_handle_and_blocks_its_stream(table: Database) -> None:
    enqueue(table, 1, 1, 2)
    first, other = lease(table)
    finish(table, other)
    keep(table, first, "feed-9", seconds=30)
    assert lease(table) == []
    with table.write(actor="system") as tx:
        assert [(each.pending, each.waiting) for each in jobs.by_subscriber(tx)] == [(1, 1)]
        assert 28 < jobs.next_due_seconds(tx, WORK) <= 30
        tx.execute("UPDATE deliveries SET run_at = now()")
    (again,) = lease(table)
    assert (again.id, again.handle, again.attempts, again.forgiven) == (first.id, "feed-9", 2, 1)


def test_asking_a_hundred_times_is_no_failure(table: Database) -> None:
    enqueue(table, 1)
    policy = RetryPolicy(max_attempts=3, base_seconds=0.0)
    for _ in range(20):
        (taken,) = lease(table)
        keep(table, taken, "feed-9")
    (taken,) = lease(table)
    failure = policy.failure(errors.Unavailable("away"), attempts=taken.attempts - taken.forgiven, jitter=0)
    assert (taken.attempts, failure.retry_in_seconds) == (21, 0)


def test_a_late_answer_that_a_call_is_pending_changes_nothing(table: Database) -> None:
    enqueue(table, 1)
    (late,) = lease(table)
    expire_leases(table)
    (second,) = lease(table)
    with pytest.raises(jobs.LostLease):
        keep(table, late, "old")
    finish(table, second)
    with pytest.raises(jobs.LostLease):
        keep(table, second, "after it was done")
    assert rows(table) == []


def test_a_dead_letter_that_is_retried_is_sent_anew(table: Database) -> None:
    enqueue(table, 1)
    (taken,) = lease(table)
    keep(table, taken, "feed-9")
    (taken,) = lease(table)
    fail(table, taken, None, words="the feed was refused")
    with table.write(actor="user:1") as tx:
        assert [(each.pending, each.dead) for each in jobs.by_subscriber(tx)] == [(0, 1)]
        jobs.redrive(tx)
    (anew,) = lease(table)
    assert (anew.handle, anew.forgiven, anew.attempts) == (None, 0, 2)


def test_a_retried_dead_letter_has_its_connection_looked_up_again(table: Database) -> None:
    assigned(table, {1: jobs.NOT_FOUND})
    with table.write(actor="system") as tx:
        (taken,) = jobs.lease_tasks(tx, subscribers=["reader"], per_connection=1, lease_seconds=60)
        jobs.fail(tx, taken, failure=Failure("there is no such connection", "data", None), attempts=1)
        jobs.redrive(tx)
        assert [each.id for each in jobs.unassigned(tx, subscribers=["reader"], limit=9)] == [taken.id]
