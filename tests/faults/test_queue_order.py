"""Mails of 5,000 orders wait for a mail server that does not answer: new orders are routed as if none waited."""

from __future__ import annotations

import threading
import time

import pytest
from tests.builders import JACKET, Retailer, line, order_snapshot

from doorstep.delivery.worker import Worker
from doorstep.delivery.worker.queue_work import QueueWork
from doorstep.flows.notify import hand_over
from doorstep.kernel import jobs
from doorstep.kernel.queues import Queue

ORDERS, MAILS, NEW = 40, 5_000, 20
NAME = "email.order_confirmed"


def let_mails_wait(retailer: Retailer) -> None:
    """5,000 confirmations wait, of more orders than a connection has calls."""
    retailer.receive("shop", "order", *(order_snapshot(line(JACKET, 1)) for _ in range(ORDERS)))
    orders = QueueWork(retailer.app, Queue.ORDERS)
    orders.run_round()
    orders.close()
    statement = """
        WITH copied AS (
            INSERT INTO events (stream, stream_id, version, type, data, actor, trace_id, occurred_at)
            SELECT 'order', e.stream_id, 1000 + n, e.type, e.data, e.actor, e.trace_id, e.occurred_at
              FROM events e, generate_series(1, %s) AS n
             WHERE e.stream = 'order' AND e.type = 'order.placed' RETURNING position, stream_id)
        INSERT INTO deliveries (subscriber, event_position, stream, key)
        SELECT %s, position, 'order', stream_id FROM copied
    """
    retailer.write(lambda tx: tx.execute(statement, (MAILS // ORDERS, NAME)))


def decided(retailer: Retailer) -> int:
    """Orders that were routed: allocated, or short of stock."""
    statement = (
        "SELECT count(DISTINCT stream_id) FROM events WHERE type IN ('order.allocated', 'order.short')"
    )
    return retailer.read(lambda tx: tx.value(int, statement))


def test_waiting_mails_do_not_delay_routing(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    let_mails_wait(retailer)
    open_again = threading.Event()
    # A mail server that keeps the connection open and says nothing.
    monkeypatch.setattr(hand_over, "send", lambda *_given: open_again.wait(30) and set())
    before = decided(retailer)
    retailer.receive("shop", "order", *(order_snapshot(line(JACKET, 1)) for _ in range(NEW)))
    worker = Worker(retailer.app)
    thread = threading.Thread(target=worker.run)
    thread.start()
    ends_at = time.monotonic() + 25
    while decided(retailer) < before + NEW and time.monotonic() < ends_at:
        time.sleep(0.05)
    found, waiting = decided(retailer), retailer.read(jobs.waiting)[NAME]
    worker.stop()
    open_again.set()
    thread.join(30)
    assert (found, waiting >= MAILS, thread.is_alive()) == (before + NEW, True, False)
