"""A batch of orders is planned before it is written: each kind of order has the same rows alone and among others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT, later, line, order_snapshot

from doorstep.domain.orders.actions import Accepted, Incoming
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.flows.capture import intake
from doorstep.flows.map import SUBSCRIPTIONS
from doorstep.kernel.db import Database

Row = dict[str, object]


@pytest.fixture
def shop(dsn: str) -> Iterator[Database]:
    """Two locations: A has three jackets and a shirt, B has two shirts. Everybody listens to what happens."""
    database = Database(dsn, pool_size=4, subscriptions=SUBSCRIPTIONS).open()
    with database.write(actor="test") as tx:
        builders.channel(tx)
        builders.stock(tx, A={JACKET: 3, SHIRT: 1}, B={SHIRT: 2, JACKET: 0})
    yield database
    database.close()


def take(database: Database, *reported: OrderSnapshot) -> list[Accepted]:
    """One batch, as a worker takes it."""
    with database.write(actor="worker") as tx:
        incoming = [
            Incoming(1, "shop", each, f"trace-{number}", "connection:shop")
            for number, each in enumerate(reported)
        ]
        return intake.capture_orders(tx, incoming=incoming, serviceable={"IN": True}, now=NOON)


def rows(database: Database, statement: str, *parameters: object) -> list[tuple[object, ...]]:
    with database.read() as tx:
        return [tuple(row.values()) for row in tx.rows(statement, parameters)]  # type: ignore[arg-type]  # literal at every call


STATE = """
    SELECT r.due, coalesce(r.is_short, false) AS is_short, o.approved_at IS NOT NULL AS approved,
           o.canceled_at IS NOT NULL AS canceled
      FROM orders o LEFT JOIN order_routing r ON r.order_id = o.id ORDER BY o.external_id
"""
LINES = "SELECT l.sku, l.quantity, l.allocated FROM order_lines l JOIN orders o ON o.id = l.order_id ORDER BY o.external_id, l.line_no"


def named(name: str, *lines: object, **given: object) -> OrderSnapshot:
    return order_snapshot(*lines, external_id=name, **given)  # type: ignore[arg-type]  # what the builder takes


def test_a_batch_with_orders_of_every_kind_ends_in_exact_rows(shop: Database) -> None:
    take(
        shop,
        named("a-routed", line(JACKET), line(SHIRT)),
        named("b-held", line(JACKET), paid=False),
        named("c-short", line(SHIRT, 9)),
        named("d-canceled", line(JACKET), canceled_at=NOON),
        named("e-digital", line("E-BOOK", requires_shipping=False)),
    )
    assert rows(shop, STATE) == [
        (None, False, True, False),
        (None, False, False, False),
        ("route", True, True, False),
        (None, False, False, True),
        (None, False, False, False),  # the catalog does not have the book
    ]
    assert rows(shop, LINES) == [
        (JACKET, 1, 1), (SHIRT, 1, 1), (JACKET, 1, 0), (SHIRT, 9, 0), (JACKET, 1, 0), ("E-BOOK", 1, 0),
    ]  # fmt: skip
    assert rows(shop, "SELECT sku, sum(reserved)::int FROM stock GROUP BY sku ORDER BY sku") == [
        (JACKET, 1),
        (SHIRT, 1),
    ]


def test_events_have_their_actor_and_are_numbered_per_order(shop: Database) -> None:
    take(shop, named("a", line(JACKET)), named("b", paid=False), named("c", line(SHIRT, 9)))
    reported = rows(
        shop,
        "SELECT o.external_id, e.version, e.type, e.actor, e.trace_id FROM events e JOIN orders o ON o.id = e.stream_id"
        " WHERE e.stream = 'order' ORDER BY o.external_id, e.version",
    )
    assert reported == [
        ("a", 1, "order.placed", "connection:shop", "trace-0"),
        ("a", 2, "order.approved", "system", "trace-0"),
        ("a", 3, "order.allocated", "system", "trace-0"),
        ("b", 1, "order.placed", "connection:shop", "trace-1"),
        ("b", 2, "order.held", "system", "trace-1"),
        ("c", 1, "order.placed", "connection:shop", "trace-2"),
        ("c", 2, "order.approved", "system", "trace-2"),
        ("c", 3, "order.short", "system", "trace-2"),
    ]


def test_every_subscriber_of_a_fact_has_its_delivery(shop: Database) -> None:
    take(shop, named("a", line(JACKET)), named("b", line(SHIRT, 9)))
    expected = sorted(
        (each.subscriber, each.type)
        for each in SUBSCRIPTIONS
        for fact in (
            "order.placed",
            "order.placed",
            "order.approved",
            "order.approved",
            "order.allocated",
            "order.short",
        )
        if each.type == fact
    )
    found = rows(
        shop,
        "SELECT d.subscriber, e.type FROM deliveries d JOIN events e ON e.position = d.event_position ORDER BY 1, 2",
    )
    assert found == expected


def test_an_order_twice_in_a_batch_is_checked_by_its_last_snapshot(shop: Database) -> None:
    reported = named("a", line(JACKET), paid=False)
    accepted = take(shop, reported, builders.paid(reported), named("b", line(SHIRT)))
    assert [(each.is_new, each.changes) for each in accepted] == [
        (True, ()),
        (True, ()),
        (False, ("payment",)),
    ]
    assert rows(shop, STATE) == [(None, False, True, False)] * 2
    assert rows(shop, "SELECT status, count(*)::int FROM payments GROUP BY status") == [("captured", 2)]


def test_taking_a_batch_again_changes_nothing(shop: Database) -> None:
    batch: Sequence[OrderSnapshot] = [
        named("a", line(JACKET)),
        named("b", paid=False),
        named("c", line(SHIRT, 9)),
    ]
    take(shop, *batch)
    everything = "SELECT (SELECT count(*) FROM events) + (SELECT count(*) FROM stock_movements) + (SELECT count(*) FROM payments)"
    before = rows(shop, everything)
    assert take(shop, *batch) == []
    assert rows(shop, everything) == before


def test_later_and_together_have_the_same_result(shop: Database) -> None:
    reported = named("a", line(JACKET, 2), line(SHIRT, 3), paid=False)
    take(shop, reported)
    take(shop, replace(builders.paid(reported), note="now paid"))
    take(shop, later(reported, 5, payment=builders.paid(reported).payment, note="nothing new"))
    assert rows(shop, STATE) == [(None, False, True, False)]
    assert rows(shop, LINES) == [(JACKET, 2, 2), (SHIRT, 3, 3)]
    work = "SELECT l.code, w.sku, w.quantity FROM fulfillment_lines w JOIN fulfillment_orders f ON f.id = w.fulfillment_order_id JOIN locations l ON l.id = f.location_id ORDER BY 1, 2"
    assert rows(shop, work) == [("A", JACKET, 2), ("A", SHIRT, 1), ("B", SHIRT, 2)]


def test_orders_of_a_batch_never_share_a_unit(shop: Database) -> None:
    take(shop, *(named(f"{number:02d}", line(JACKET)) for number in range(10)))
    assert rows(
        shop, "SELECT sum(reserved)::int, max(on_hand)::int AS there FROM stock WHERE sku = %s", JACKET
    ) == [(3, 3)]
    assert rows(shop, "SELECT count(*)::int FROM order_routing WHERE is_short") == [(7,)]
