"""The worker isolates the failing row of a batch, whatever kind of work it is, and continues."""

from __future__ import annotations

import dataclasses
import threading
from datetime import timedelta

import pytest
from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot

from doorstep.delivery.worker import Worker, batches
from doorstep.delivery.worker.queue_work import QueueWork
from doorstep.flows.allocation import allocate
from doorstep.flows.context import Context
from doorstep.flows.map import Subscriber
from doorstep.kernel import jobs
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.queues import Queue


def due(retailer: Retailer) -> dict[int, str]:
    """Orders for which routing is due now."""
    rows = retailer.read(
        lambda tx: tx.rows("SELECT order_id, due FROM order_routing WHERE due_at <= business_now()")
    )
    return {int(str(row["order_id"])): str(row["due"]) for row in rows}


def test_an_order_that_cannot_be_planned_is_postponed_alone(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [retailer.place_order(order_snapshot(line(SHIRT))) for _ in range(3)]
    retailer.write(
        lambda tx: tx.execute(
            "INSERT INTO order_routing (order_id, due, due_at) SELECT id, 'route', business_now() FROM orders"
        )
    )
    genuine = allocate.allocate

    def broken(tx: WriteTx, **given: object) -> None:
        if ids[1] in given["order_ids"]:  # type: ignore[operator]  # a sequence of ids
            message = "a bug that only this order meets"
            raise RuntimeError(message)
        genuine(tx, **given)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(allocate, "allocate", broken)
    assert batches.route_due(retailer.app) == 3
    assert due(retailer) == {}
    assert retailer.read(
        lambda tx: tx.column(int, "SELECT order_id FROM order_routing WHERE due = 'route'")
    ) == [ids[1]]


def packed(retailer: Retailer, orders: int) -> None:
    ids = [retailer.place_order(order_snapshot(line(JACKET))) for _ in range(orders)]
    for order_id in ids:
        retailer.pack(retailer.work(order_id)[0])


STEP = Subscriber("fulfillment.packed", "shipping.request_labels")


def failing(key: int) -> Subscriber:
    """A step that cannot do the work of one order, and whose last word fails too."""

    def step(_context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
        for each in deliveries:
            tx.execute(
                "INSERT INTO order_notes (order_id, text, author, at) VALUES (%s, 'done', 'step', business_now())",
                (each.key,),
            )
            if each.key == key:
                message = "a bug"
                raise RuntimeError(message)

    def last_word(_context: Context, tx: WriteTx, _delivery: Delivery, _problem: Exception) -> None:
        tx.execute("SELECT 1 / 0")

    return dataclasses.replace(STEP, handler=step, on_dead_letter=last_word)


def test_a_step_that_fails_for_one_of_a_batch_is_done_for_the_others(retailer: Retailer) -> None:
    packed(retailer, 5)
    assert batches.run_handler(retailer.app, failing(3)) == 5
    assert retailer.read(lambda tx: tx.column(int, "SELECT order_id FROM order_notes ORDER BY 1")) == [
        1,
        2,
        4,
        5,
    ]
    (letter,) = retailer.dead_letters()
    assert (letter["order_id"], letter["error"], letter["error_class"], letter["attempts"]) == (
        3,
        "a bug",
        "bug",
        1,
    )
    assert batches.run_handler(retailer.app, failing(3)) == 0


def test_parallel_workers_process_every_order_once_and_stop_on_a_signal(retailer: Retailer) -> None:
    retailer.receive("shop", "order", *(order_snapshot(line(SHIRT)) for _ in range(30)))
    workers = [Worker(retailer.app) for _ in range(2)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for each in threads:
        each.start()
    waiting = threading.Event()
    while retailer.read(jobs.waiting) or retailer.waiting():
        waiting.wait(0.05)
    for worker in workers:
        worker.stop()
    for each in threads:
        each.join(10)
    event_types = retailer.read(lambda tx: tx.rows("SELECT type, count(*) AS n FROM events GROUP BY type"))
    reported = {str(row["type"]): row["n"] for row in event_types}
    assert (
        reported["order.placed"],
        reported["message.sent"],
        reported["order.allocated"],
        reported["order.short"],
    ) == (
        30,
        30,
        4,
        26,
    )
    assert len(retailer.client("mail").messages) == 30


def test_an_idle_worker_polls_only_at_intervals(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    app = dataclasses.replace(
        retailer.app, settings=retailer.app.settings.model_copy(update={"poll_seconds": 0.02})
    )
    rounds, looked, looks = [], threading.Event(), iter(range(20))

    def look(_work: QueueWork) -> bool:
        if next(looks, None) is None:
            looked.set()
        return False

    monkeypatch.setattr(QueueWork, "run_round", lambda _work: bool(rounds.append("round")))
    monkeypatch.setattr(QueueWork, "is_due", look)
    worker = Worker(app, [Queue.ORDERS])
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert looked.wait(20)
    worker.stop()
    thread.join(10)
    assert len(rounds) <= 2


def test_a_worker_that_is_stopped_just_before_a_round_stops(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker(retailer.app, [Queue.ORDERS])

    class StoppedBeforeTheRound(threading.Event):
        def clear(self) -> None:
            worker.stop()
            super().clear()

    monkeypatch.setattr(Database, "listen", lambda *_args, **_named: None)
    monkeypatch.setattr(QueueWork, "run_round", lambda _work: 0)
    monkeypatch.setattr(QueueWork, "is_due", lambda _work: False)
    worker._loops[Queue.ORDERS].awake = StoppedBeforeTheRound()
    thread = threading.Thread(target=worker.run, daemon=True)
    thread.start()
    thread.join(20)
    assert not thread.is_alive()


def test_a_message_without_a_notification_is_found_by_the_next_poll(retailer: Retailer) -> None:
    work = QueueWork(retailer.app, Queue.ORDERS)
    assert not work.is_due()
    retailer.receive("shop", "order", order_snapshot(line(SHIRT)))
    assert work.is_due()
    work.close()


def test_a_queue_looks_only_at_its_own_work(retailer: Retailer) -> None:
    retailer.write(lambda tx: tx.execute("UPDATE schedules SET next_run_at = next_run_at + interval '1 day'"))
    retailer.write(lambda tx: tx.execute("UPDATE feed_readings SET due_at = now() + interval '1 day'"))
    retailer.receive("shop", "order", order_snapshot(line(SHIRT)))
    works = {queue: QueueWork(retailer.app, queue) for queue in Queue}
    assert [queue for queue in Queue if works[queue].is_due()] == [Queue.ORDERS]
    assert works[Queue.STEPS].run_round() == 0
    assert works[Queue.ORDERS].run_round() == 1
    assert [queue for queue in Queue if works[queue].is_due()] == [Queue.MESSAGES]
    for each in works.values():
        each.close()


def test_what_becomes_due_by_itself_ends_the_sleep(retailer: Retailer) -> None:
    work = QueueWork(retailer.app, Queue.ORDERS)
    assert work.next_due_seconds() == 60
    retailer.receive("shop", "order", b"not an order yet")
    retailer.write(lambda tx: tx.execute("UPDATE inbox SET run_at = now() + interval '20 s' WHERE state = 0"))
    assert 18 < work.next_due_seconds() <= 20
    order_id = retailer.place_order(order_snapshot(line(SHIRT)))
    retailer.write(
        lambda tx: tx.execute(
            "INSERT INTO order_routing (order_id, due, due_at) VALUES (%s, 'route', %s)",
            (order_id, retailer.app.clock.now() + timedelta(seconds=10)),
        )
    )
    assert 8 < work.next_due_seconds() <= 10
    work.close()
