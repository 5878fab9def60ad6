"""A batch task gets many deliveries at once; each ends by itself: recorded, retried, dead, given back or shadowed."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from tests.builders import SHIRT, Retailer, line, order_snapshot

from doorstep.delivery.worker import batch_tasks
from doorstep.flows.context import BatchResult, BatchTask, Context, SecondsLeft, Subscriber
from doorstep.kernel import errors, http
from doorstep.kernel.db import WriteTx
from doorstep.kernel.jobs import Delivery

NAME = "channel.confirm_shipment"


@pytest.fixture
def waiting(retailer: Retailer) -> Retailer:
    """Five orders, each with a delivery of the batch task."""
    for _ in range(5):
        retailer.place_order(order_snapshot(line(SHIRT)))
    retailer.write(
        lambda tx: tx.execute(
            """
            INSERT INTO deliveries (subscriber, event_position, stream, key, connection_id)
            SELECT %s, max(position), 'order', stream_id, 7 FROM events WHERE type = 'order.placed' GROUP BY stream_id
            """,
            (NAME,),
        )
    )
    return retailer


def rows(retailer: Retailer) -> list[tuple[object, ...]]:
    found = retailer.read(
        lambda tx: tx.rows(
            "SELECT key, state, attempts FROM deliveries WHERE subscriber = %s ORDER BY key", (NAME,)
        )
    )
    return [tuple(row.values()) for row in found]


def notes(retailer: Retailer) -> list[int]:
    return retailer.read(lambda tx: tx.column(int, "SELECT order_id FROM order_notes ORDER BY 1"))


def write_notes(tx: WriteTx, done: Sequence[Delivery]) -> None:
    for each in done:
        tx.execute(
            "INSERT INTO order_notes (order_id, text, author, at) VALUES (%s, 'sent', 'batch', business_now())",
            (each.key,),
        )


def run(retailer: Retailer, task: BatchTask) -> int:
    row = Subscriber("order.placed", NAME, batch_task=task)
    leased = batch_tasks.lease(retailer.app, row)
    batch_tasks.run(retailer.app, row, leased)
    return len(leased)


def test_each_delivery_of_a_batch_ends_by_itself(waiting: Retailer) -> None:
    def task(_context: Context, deliveries: Sequence[Delivery], left: SecondsLeft) -> BatchResult:
        assert 0 < left() <= waiting.app.settings.lease_seconds / 2
        one, two, three, four, _not_tried = deliveries
        problems: dict[int, Exception] = {
            two.id: errors.Unavailable("busy"),
            three.id: errors.Invalid("wrong"),
            four.id: http.Shadowed("not sent", connection="shop", body="text"),
        }
        return BatchResult([one], write_notes, problems)

    assert run(waiting, task) == 5
    assert notes(waiting) == [1]
    assert rows(waiting) == [(2, 0, 1), (3, 3, 1), (4, 4, 0), (5, 0, 0)]


def test_what_another_worker_has_taken_over_is_not_recorded(waiting: Retailer) -> None:
    def task(_context: Context, deliveries: Sequence[Delivery], _left: SecondsLeft) -> BatchResult:
        waiting.write(lambda tx: tx.execute("UPDATE deliveries SET attempts = 2 WHERE key = 2"))
        return BatchResult(deliveries, write_notes)

    assert run(waiting, task) == 5
    assert notes(waiting) == [1, 3, 4, 5]
    assert rows(waiting) == [(2, 1, 2)]


def test_a_batch_that_fails_is_retried_one_by_one(waiting: Retailer) -> None:
    def task(_context: Context, _deliveries: Sequence[Delivery], _left: SecondsLeft) -> BatchResult:
        raise errors.Unavailable("the server is away")

    assert run(waiting, task) == 5
    assert rows(waiting) == [(key, 0, 1) for key in range(1, 6)]


def test_a_batch_that_cannot_be_recorded_is_retried_one_by_one(waiting: Retailer) -> None:
    def record(_tx: WriteTx, _done: Sequence[Delivery]) -> None:
        raise errors.Unavailable("the database is away")

    def task(_context: Context, deliveries: Sequence[Delivery], _left: SecondsLeft) -> BatchResult:
        return BatchResult(deliveries, record)

    assert run(waiting, task) == 5
    assert rows(waiting) == [(key, 0, 1) for key in range(1, 6)]
