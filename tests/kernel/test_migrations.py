"""A database of an earlier version is brought up with its pending work: nothing is stranded, nothing is done twice."""

from __future__ import annotations

import psycopg
import pytest
from alembic import command
from tests.clock import NOON

from doorstep.flows.map import JOBS, MAP
from doorstep.kernel import schema

BEFORE_PLAIN_NAMES = "0012"
# One waiting delivery per subscriber and one row per periodic job, under the names that 0.1.0 stored.
OLD_SUBSCRIBERS = {
    "ship.buy_label": "shipping.buy_label",
    "source.wake_short": "allocation.retry_backorders",
    "tell.shipped": "channel.confirm_shipment",
    "refund.give": "payments.issue_refund",
    "settle.post_document": "billing.post_document",
    "mail.order_confirmed": "email.order_confirmed",
}
OLD_JOBS = {
    "verify the stock ledger": "stock.verify_ledger",
    "let go of what carts hold too long": "carts.expire_reservations",
}


@pytest.fixture
def earlier(bare_dsn: str) -> str:
    """A database at the step before stored names were renamed, with work that waits."""
    command.upgrade(schema._config(bare_dsn), BEFORE_PLAIN_NAMES)
    with psycopg.connect(bare_dsn) as connection:
        for number, subscriber in enumerate(OLD_SUBSCRIBERS, start=1):
            position = connection.execute(
                "INSERT INTO events (id, stream, stream_id, version, type, data, actor, trace_id, occurred_at) "
                "VALUES (gen_random_uuid(), 'order', %s, 1, 'order.cancelled', '{}', 'test', 'trace', %s) "
                "RETURNING position",
                (number, NOON),
            ).fetchone()
            assert position is not None
            connection.execute(
                "INSERT INTO deliveries (subscriber, event_position, stream, key) VALUES (%s, %s, 'order', %s)",
                (subscriber, position[0], number),
            )
        for name in OLD_JOBS:
            connection.execute(
                "INSERT INTO schedules (name, every_seconds, next_run_at) VALUES (%s, 60, %s)", (name, NOON)
            )
    return bare_dsn


def test_waiting_work_keeps_its_place_under_the_new_names(earlier: str) -> None:
    schema.upgrade(earlier)
    with psycopg.connect(earlier) as connection:
        waiting = connection.execute("SELECT subscriber, key FROM deliveries ORDER BY key").fetchall()
        jobs = connection.execute("SELECT name, next_run_at FROM schedules ORDER BY name").fetchall()
        types = connection.execute("SELECT DISTINCT type FROM events").fetchall()
    assert waiting == [(name, number) for number, name in enumerate(OLD_SUBSCRIBERS.values(), start=1)]
    assert jobs == [(name, NOON) for name in sorted(OLD_JOBS.values())]
    assert types == [("order.canceled",)]


def test_every_renamed_subscriber_and_job_exists() -> None:
    assert set(OLD_SUBSCRIBERS.values()) <= {row.name for row in MAP}
    assert set(OLD_JOBS.values()) <= {job.name for job in JOBS}
