"""Upgrading a database with pending work: nothing is stranded, nothing is done twice."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from alembic import command
from tests.clock import CLOCK, NOON

from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.actions import Contents, NewParcel, ShipmentLine
from doorstep.domain.shipping.model import Direction
from doorstep.flows.jobs import JOBS
from doorstep.flows.map import MAP
from doorstep.kernel import schema
from doorstep.kernel.db import Database
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId, ShipmentId, Sku

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


BEFORE_ORDER_ROUTING = "0016"
# What waiting orders had in the row of the order itself: (due, due_at, is_short, queue, tries, wakes_on_stock, auto_cancel_at).
OLD_WAITS: dict[str, tuple[str | None, datetime, bool, str, int, bool, datetime | None]] = {
    "to check": ("approve", NOON, False, "", 0, True, None),
    "to route": ("route", NOON, False, "", 0, True, None),
    "to retry": ("route", NOON + timedelta(minutes=15), True, "brokering", 3, True, NOON + timedelta(days=5)),
    "for stock": ("route", NOON + timedelta(days=3650), True, "brokering", 1, True, None),
    "for a person": (None, NOON + timedelta(days=3650), True, "care", 1, False, None),
    "allocated": (None, NOON, False, "", 0, True, None),
}
_COLUMNS = ("due", "due_at", "is_short", "queue", "tries", "wakes", "ends")


@pytest.fixture
def with_waiting_orders(bare_dsn: str) -> str:
    """A database at the step before waits became a table, with orders that wait for everything that there is."""
    command.upgrade(schema._config(bare_dsn), BEFORE_ORDER_ROUTING)
    with psycopg.connect(bare_dsn) as connection:
        connection.execute(
            "INSERT INTO connections (key, kind, connector_id, name, mode) "
            "VALUES ('shop', 'channels', 'sandbox', 'Shop', 'live')"
        )
        for name, wait in OLD_WAITS.items():
            connection.execute(
                "INSERT INTO orders (connection_id, external_id, number, version_at, placed_at, accepted_at, currency, "
                "total_minor, shipping_minor, tax_minor, tip_minor, tax_included, payment_gateway, payment_method, is_paid, "
                "on_delivery, customer_external_id, shipping_method, source, note, tags, trace_id, due, due_at, is_short, "
                "queue, route_tries, wakes_on_stock, auto_cancel_at, queue_reason, parked_at) "
                "SELECT id, %(name)s, %(name)s, %(at)s, %(at)s, %(at)s, 'INR', 0, 0, 0, 0, true, '', '', true, false, '', '', "
                "'', '', '{}', '', %(due)s, %(due_at)s, %(is_short)s, %(queue)s, %(tries)s, %(wakes)s, %(ends)s, "
                "CASE WHEN %(is_short)s THEN 'none left' ELSE '' END, CASE WHEN %(is_short)s THEN %(at)s END FROM connections",
                {"name": name, "at": NOON} | dict(zip(_COLUMNS, wait, strict=True)),
            )
    return bare_dsn


def test_waiting_orders_keep_what_they_wait_for(with_waiting_orders: str) -> None:
    schema.upgrade(with_waiting_orders)
    with psycopg.connect(with_waiting_orders) as connection:
        rows = connection.execute(
            "SELECT o.number, r.due, r.due_at, r.is_short, r.queue, r.tries, r.wakes_on_stock, r.auto_cancel_at, "
            "r.queue_reason, r.queued_at FROM order_routing r JOIN orders o ON o.id = r.order_id"
        ).fetchall()
    waits = {str(row[0]): row[1:] for row in rows}
    assert waits == {
        "to check": ("approve", NOON, False, "", 0, True, None, "", None),
        "to route": ("route", NOON, False, "", 0, True, None, "", None),
        "to retry": ("route", NOON + timedelta(minutes=15), True, "brokering", 3, True, NOON + timedelta(days=5), "none left", NOON),
        "for stock": ("route", None, True, "brokering", 1, True, None, "none left", NOON),
        "for a person": (None, None, True, "care", 1, False, None, "none left", NOON),
    }  # fmt: skip


def test_upgraded_orders_are_claimed_when_they_are_due(with_waiting_orders: str) -> None:
    """Nothing is stranded: each is claimed once, at its time; what new stock wakes is woken."""
    schema.upgrade(with_waiting_orders)
    opened = Database(with_waiting_orders, pool_size=1, moved_clock=CLOCK).open()
    try:
        with opened.write(actor="test") as tx:
            checked = orders.claim_due(tx, due="approve", now=NOON, limit=9)
            routed = orders.claim_due(tx, due="route", now=NOON, limit=9)
            orders.retry_short(tx, now=NOON)
            retried = orders.claim_due(tx, due="route", now=NOON, limit=9)
            overdue = orders.claim_overdue(tx, now=NOON + timedelta(days=5), limit=9)
            numbers = order_views.numbers(tx, order_ids=[*checked, *retried])
    finally:
        opened.close()
    assert [numbers[each] for each in checked] == ["to check"]
    assert [numbers[each] for each in routed] == ["to route"]
    assert {numbers[each] for each in retried} == {"to route", "to retry", "for stock"}
    assert [numbers[each] for each in overdue] == ["to retry"]


BEFORE_PARCELS = "0019"


@pytest.fixture
def with_shipments(bare_dsn: str) -> Iterator[Database]:
    """A database in which each parcel was a row per order, brought up to date."""
    command.upgrade(schema._config(bare_dsn), BEFORE_PARCELS)
    with psycopg.connect(bare_dsn) as connection:
        statements = (Path(__file__).parent / "before_parcels.sql").read_text().format(noon=NOON.isoformat())
        connection.execute(statements.encode())
    schema.upgrade(bare_dsn)
    database = Database(bare_dsn, pool_size=1).open()
    yield database
    database.close()


def test_rows_that_shared_a_label_become_one_parcel(with_shipments: Database) -> None:
    with with_shipments.read() as tx:
        one, other = (parcels.shipment(tx, shipment_id=each) for each in (1, 2))
        (scan,) = parcels.scans(tx, parcel_id=one.parcel_id)
        assert parcels.label(tx, shipment_id=2) == b"%PDF"
        assert parcels.label_costs(tx, order_ids=[1, 2]) == {1: 90}
        assert tx.value(int, "SELECT count(*) FROM parcels") == 3
    assert one.parcel_id == other.parcel_id
    assert (other.reference, other.label_reference, other.channel_ref) == (
        "DS-00000002",
        "DS-00000001",
        "f-2",
    )
    assert one.tracking_number == other.tracking_number == "TRK1"
    assert other.dispatched_at == NOON
    assert (other.weight_grams, scan.raw_code) == (600, "PU")


def test_a_label_that_was_asked_for_is_looked_up_and_one_that_was_not_is_bought(
    with_shipments: Database,
) -> None:
    with with_shipments.write(actor="system") as tx:
        shipping.retry(tx, shipment_id=ShipmentId(3), at=NOON)
        asked = {
            each: shipping.mark_requested(tx, shipment_id=ShipmentId(each), at=NOON)[1] for each in (3, 4)
        }
        found = parcels.shipment(tx, shipment_id=4)
    assert asked == {3: True, 4: False}
    assert (found.label_reference, [each.quantity for each in found.lines]) == ("DS-00000004", [1])


def test_a_new_parcel_gets_a_number_of_its_own(with_shipments: Database) -> None:
    contents = Contents(OrderId(4), FulfillmentOrderId(4), None, (ShipmentLine(1, Sku("SHIRT"), 1),))
    parcel = NewParcel(Direction.OUTBOUND, LocationId(1), 2, 300, (contents,))
    with with_shipments.write(actor="system") as tx:
        (shipment_id,) = shipping.request_label(tx, parcel=parcel, at=NOON)
        made = parcels.shipment(tx, shipment_id=shipment_id)
    assert (made.id, made.label_reference) == (5, "DS-00000005")
    assert made.parcel_id > 4


def test_payments_get_the_sales_channel_of_their_order_and_updates_keep_their_answer(
    with_waiting_orders: str,
) -> None:
    with psycopg.connect(with_waiting_orders) as connection:
        for order_id in (1, None):
            connection.execute(
                "INSERT INTO payments (order_id, gateway, order_reference, status, method, amount_minor, currency, at) "
                "VALUES (%s, 'sandbox', 'to check', 'captured', 'upi', 100, 'INR', %s)",
                (order_id, NOON),
            )
        connection.execute(
            "INSERT INTO channel_updates (order_id, connection_id, what, reference, told_at) "
            "SELECT 1, id, 'shipped', 'DS-1', %s FROM connections",
            (NOON,),
        )
    schema.upgrade(with_waiting_orders)
    with psycopg.connect(with_waiting_orders) as connection:
        payments = connection.execute("SELECT order_id, channel_id FROM payments ORDER BY id").fetchall()
        updates = connection.execute("SELECT reference, accepted_at FROM channel_updates").fetchall()
    assert payments == [(1, 1), (None, None)]
    assert updates == [("DS-1", NOON)]
