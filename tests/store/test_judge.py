"""Checks hold an order with instructions, and end their hold when the cause is gone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests import builders
from tests.builders import DELHI, JACKET, NOON, SHIRT, later, line, order_snapshot

from doorstep.domain.orders import actions, views
from doorstep.domain.orders.actions import Incoming
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import OrderId

KNOWN = {JACKET, SHIRT}
SERVED = {"IN": True}


@pytest.fixture
def channel(database: Database) -> int:
    """A sales channel."""
    with database.write(actor="system") as tx:
        return builders.channel(tx)


def record(database: Database, channel: int, reported: OrderSnapshot) -> OrderId:
    with database.write(actor="connection:shop") as tx:
        classified = actions.classify(tx, incoming=[Incoming(channel, "shop", reported, "trace")])
        (accepted,) = actions.upsert(tx, reported=classified, now=NOON)
        return accepted.order_id


def judge(database: Database, order_id: OrderId, known: set[str] | None = None) -> bool:
    """Whether the order is approved."""
    with database.write(actor="system") as tx:
        known_skus = KNOWN if known is None else known
        return actions.run_checks(
            tx, order_ids=[order_id], known_skus=known_skus, serviceable=SERVED, now=NOON
        ) == [order_id]


def holds(database: Database, order_id: OrderId) -> dict[str, str]:
    with database.read() as tx:
        return {hold.reason: str(hold.message) for hold in views.open_holds(tx, order_ids=[order_id])}


def due(database: Database) -> list[str]:
    with database.write(actor="system") as tx:
        return [each for each in ("approve", "route") if actions.claim_due(tx, due=each, now=NOON, limit=9)]


WRONG = [
    (
        order_snapshot(line("NO-SUCH", 1)),
        "unknown_sku",
        "The catalog does not have NO-SUCH: add it, or correct the SKU",
    ),
    (order_snapshot(line("", 1)), "unknown_sku", "The catalog does not have (empty)"),
    (order_snapshot(line(SHIRT, 0)), "bad_quantity", "A quantity must be at least 1: GT-WH-02 × 0."),
    (order_snapshot(line(SHIRT, -2)), "bad_quantity", "A quantity must be at least 1: GT-WH-02 × -2."),
    (order_snapshot(currency="XXX"), "unknown_currency", "Unknown currency XXX"),
    (order_snapshot(currency=""), "unknown_currency", "Unknown currency (none)"),
    (
        order_snapshot(total_minor=100),
        "totals_differ",
        "The channel's total is ₹1.00, the lines add up to ₹4,597.00",
    ),
    (order_snapshot(shipping_address=None), "address", "The shipping address is missing"),
    (
        order_snapshot(shipping_address=replace(DELHI, line1=" ", city="")),
        "address",
        "The address has no street, city",
    ),
    (
        order_snapshot(shipping_address=replace(DELHI, postal_code="11")),
        "address",
        "11 is not a valid postal code in India",
    ),
    (
        order_snapshot(shipping_address=replace(DELHI, country="AQ")),
        "unserviceable",
        "No location ships to Antarctica",
    ),
    (
        order_snapshot(paid=False),
        "unpaid",
        "Waiting for payment. The order continues automatically when it is paid.",
    ),
    (replace(order_snapshot(), lines=(), total_minor=0), "no_lines", "The order has no lines"),
]


def test_each_reason_has_a_message(database: Database, channel: int) -> None:
    for reported, reason, words in WRONG:
        order_id = record(database, channel, reported)
        assert not judge(database, order_id), reason
        assert holds(database, order_id)[reason].startswith(words), reason
    assert due(database) == []


def test_all_errors_are_reported_at_once(database: Database, channel: int) -> None:
    order_id = record(
        database,
        channel,
        order_snapshot(line("NO-SUCH", 0), paid=False, total_minor=7, shipping_address=None),
    )
    assert not judge(database, order_id)
    assert set(holds(database, order_id)) == {
        "unknown_sku",
        "bad_quantity",
        "totals_differ",
        "address",
        "unpaid",
    }
    with database.read() as tx:
        last = event_log.of_stream(tx, stream="order", stream_id=order_id)[-1]
    assert (last.type, last.data["reasons"]) == (
        "order.held",
        ["address", "bad_quantity", "totals_differ", "unknown_sku", "unpaid"],
    )


def test_a_hold_ends_by_itself_when_its_cause_is_gone(database: Database, channel: int) -> None:
    reported = order_snapshot(line("NEW-ONE", 1), paid=False)
    order_id = record(database, channel, reported)
    assert not judge(database, order_id)
    assert not judge(database, order_id, {"NEW-ONE"})
    assert set(holds(database, order_id)) == {"unpaid"}
    record(database, channel, builders.paid(reported))
    assert judge(database, order_id, {"NEW-ONE"})
    assert holds(database, order_id) == {}
    assert due(database) == ["route"]


def test_a_currency_corrected_in_the_channel_frees_the_order(database: Database, channel: int) -> None:
    reported = order_snapshot(currency="XXX")
    order_id = record(database, channel, reported)
    assert not judge(database, order_id)
    record(database, channel, later(reported, currency="INR"))
    assert judge(database, order_id)


def test_the_same_reason_is_shown_once(database: Database, channel: int) -> None:
    order_id = record(database, channel, order_snapshot(paid=False))
    for _ in range(3):
        judge(database, order_id)
    with database.read() as tx:
        reported = [each.type for each in event_log.of_stream(tx, stream="order", stream_id=order_id)]
        assert tx.value(int, "SELECT count(*) FROM order_holds") == 1
    assert reported == ["order.placed", "order.held"]


def test_what_a_person_holds_only_a_person_releases(database: Database, channel: int) -> None:
    order_id = record(database, channel, order_snapshot())
    with database.write(actor="user:1") as tx:
        actions.place_hold(tx, order_id=order_id, reason=" Call the customer first. ", now=NOON)
    assert not judge(database, order_id)
    assert holds(database, order_id) == {"manual": "Call the customer first."}
    with database.write(actor="user:1") as tx:
        actions.release_holds(tx, order_id=order_id, now=NOON)
    assert due(database) == ["approve"]
    assert judge(database, order_id)


def test_a_released_order_is_checked_again(database: Database, channel: int) -> None:
    order_id = record(database, channel, order_snapshot(paid=False))
    assert not judge(database, order_id)
    with database.write(actor="user:1") as tx:
        actions.release_holds(tx, order_id=order_id, now=NOON)
    assert not judge(database, order_id)
    assert set(holds(database, order_id)) == {"unpaid"}


def test_a_held_order_is_not_routed_even_if_that_was_due(database: Database, channel: int) -> None:
    order_id = record(database, channel, order_snapshot())
    assert judge(database, order_id)
    assert due(database) == ["route"]
    with database.write(actor="user:1") as tx:
        actions.place_hold(tx, order_id=order_id, reason="Wait.", now=NOON)
    assert due(database) == []
    with database.write(actor="user:1") as tx:
        actions.release_holds(tx, order_id=order_id, now=NOON)
    assert due(database) == ["approve"]


def test_a_hold_needs_words_and_a_release_needs_a_hold(database: Database, channel: int) -> None:
    order_id = record(database, channel, order_snapshot())
    with pytest.raises(errors.Invalid) as refused, database.write(actor="user:1") as tx:
        actions.place_hold(tx, order_id=order_id, reason=" ", now=NOON)
    assert refused.value.data["field"] == "reason"
    with pytest.raises(errors.Conflict, match="not held"), database.write(actor="user:1") as tx:
        actions.release_holds(tx, order_id=order_id, now=NOON)
