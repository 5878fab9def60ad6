"""Orders that wait for checks or routing: claimed by one worker, retried on new stock, removed when done."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from tests import builders
from tests.builders import NOON, line, order_snapshot

from doorstep.domain.orders import actions, views
from doorstep.domain.orders.actions import Incoming
from doorstep.domain.orders.model import QueuePlacement
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.message import Message

SHIRT = "GT-WH-02"


@pytest.fixture
def short(database: Database) -> OrderId:
    """An order that waits for a shirt; only new stock wakes it."""
    with database.write(actor="connection:shop") as tx:
        incoming = [Incoming(builders.channel(tx), "shop", order_snapshot(line(SHIRT)), "trace")]
        (accepted,) = actions.upsert(tx, reported=actions.classify(tx, incoming=incoming), now=NOON)
        put_in_queue(tx, accepted.order_id)
    return accepted.order_id


def put_in_queue(tx: WriteTx, order_id: OrderId, queue: str = "short", minutes: int | None = None) -> None:
    retry_at = None if minutes is None else NOON + timedelta(minutes=minutes)
    placement = QueuePlacement(queue, Message("none left"), NOON, retry_at)
    actions.allocate(tx, counts=(), routed={}, short={}, queued={order_id: placement}, now=NOON)


def claimed(database: Database, minutes: int = 0) -> list[OrderId]:
    with database.write(actor="worker") as tx:
        return actions.claim_due(tx, due="route", now=NOON + timedelta(minutes=minutes), limit=9)


def test_an_order_that_only_new_stock_retries_is_not_due_before(database: Database, short: OrderId) -> None:
    assert claimed(database, minutes=600_000) == []
    with database.write(actor="step") as tx:
        actions.retry_backorders(tx, skus=["another"], now=NOON)
    assert claimed(database) == []
    with database.write(actor="step") as tx:
        actions.retry_backorders(tx, skus=[SHIRT], now=NOON)
    assert claimed(database) == [short]


def test_one_worker_claims_a_due_order(database: Database, short: OrderId) -> None:
    with database.write(actor="step") as tx:
        actions.retry_short(tx, now=NOON)
    with database.write(actor="worker") as tx:
        assert actions.claim_due(tx, due="route", now=NOON, limit=9) == [short]
        assert claimed(database) == []
        put_in_queue(tx, short, minutes=15)
    assert claimed(database) == []
    assert claimed(database, minutes=15) == [short]


def test_tries_count_up_and_a_queue_remembers_since_when(database: Database, short: OrderId) -> None:
    with database.write(actor="worker") as tx:
        put_in_queue(tx, short)
        put_in_queue(tx, short, queue="care")
        header = views.order(tx, order_id=short).header
    assert (header.queue, header.queued_at, header.tries) == ("care", NOON, 3)


def test_stock_that_arrives_during_routing_retries_the_order(database: Database, short: OrderId) -> None:
    """The wake-up waits for the worker, so it is not lost under the worker's own retry time."""

    def wake() -> None:
        with database.write(actor="step") as tx:
            actions.retry_backorders(tx, skus=[SHIRT], now=NOON)

    with ThreadPoolExecutor(1) as pool:
        with database.write(actor="worker") as tx:
            actions.lock(tx, order_id=short)
            woken = pool.submit(wake)
            put_in_queue(tx, short, minutes=15)
        woken.result(timeout=30)
    assert claimed(database) == [short]


def test_a_canceled_order_waits_for_nothing(database: Database, short: OrderId) -> None:
    with database.write(actor="user:1") as tx:
        actions.cancel(tx, order_id=short, reason="asked for", now=NOON)
        assert tx.value(int, "SELECT count(*) FROM order_routing") == 0
