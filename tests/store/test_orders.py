"""Snapshots of orders in any order and from several processes: stored once, the newest one wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from tests import builders
from tests.builders import DELHI, NOON, later, line, order_snapshot

from doorstep.domain.orders import actions, views
from doorstep.domain.orders.actions import Accepted, Incoming
from doorstep.domain.orders.model import LineCount, OrderSnapshot, SnapshotLine
from doorstep.domain.orders.store.write import AlreadyStored
from doorstep.domain.orders.views import Order
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import OrderId


@pytest.fixture
def channel(database: Database) -> int:
    """A sales channel."""
    with database.write(actor="system") as tx:
        return builders.channel(tx)


def record(database: Database, channel: int, *reported: OrderSnapshot) -> list[Accepted]:
    """One batch of tellings."""
    with database.write(actor="connection:shop") as tx:
        incoming = [
            Incoming(channel, "shop", each, f"trace-{number}") for number, each in enumerate(reported)
        ]
        return actions.upsert(tx, reported=actions.classify(tx, incoming=incoming), now=NOON)


def stored(database: Database) -> list[Order]:
    with database.read() as tx:
        return views.orders(tx, order_ids=tx.column(int, "SELECT id FROM orders"))


def the_order(database: Database) -> Order:
    (found,) = stored(database)
    return found


def due(database: Database) -> str | None:
    with database.read() as tx:
        return next(iter(tx.column(str, "SELECT due FROM order_routing")), None)


def end_waits(database: Database) -> None:
    with database.write(actor="system") as tx:
        tx.execute("DELETE FROM order_routing")


def allocate(database: Database, order_id: OrderId, *units: int) -> None:
    """So many units of line 1, 2 … found their place."""
    with database.write(actor="system") as tx:
        counts = [LineCount(order_id, number, each) for number, each in enumerate(units, start=1) if each]
        actions.allocate(tx, counts=counts, routed={}, short={}, queued={}, now=NOON)


def event_types(database: Database, order_id: OrderId) -> list[str]:
    with database.read() as tx:
        return [each.type for each in event_log.of_stream(tx, stream="order", stream_id=order_id)]


def test_a_new_order_is_stored_completely(database: Database, channel: int) -> None:
    reported = order_snapshot(
        shipping_minor=4_900, note="Ring twice", tags=("gift",), billing_address=replace(DELHI, city="Noida")
    )
    (accepted,) = record(database, channel, reported)
    order = the_order(database)
    assert accepted.is_new
    assert (order.header.number, order.header.total_minor, order.header.note) == (
        reported.number,
        reported.total_minor,
        "Ring twice",
    )
    assert [(each.sku, each.quantity, each.unit_price_minor) for each in order.lines] == [
        ("DJ-BL-01", 1, 299_900),
        ("GT-WH-02", 2, 79_900),
    ]
    assert order.shipping_address == DELHI
    assert order.billing_address.city == "Noida"
    assert (due(database), event_types(database, accepted.order_id)) == ("approve", ["order.placed"])


def test_the_same_snapshot_three_times_changes_nothing(database: Database, channel: int) -> None:
    reported = order_snapshot()
    (first,) = record(database, channel, reported)
    assert record(database, channel, reported, reported) == []
    assert event_types(database, first.order_id) == ["order.placed"]


def test_a_batch_with_one_order_several_times_stores_it_once(database: Database, channel: int) -> None:
    reported = order_snapshot(paid=False)
    other = order_snapshot()
    accepted = record(database, channel, reported, other, reported, builders.paid(reported))
    assert [(each.is_new, each.changes) for each in accepted] == [
        (True, ()),
        (True, ()),
        (False, ("payment",)),
    ]
    assert [order.header.is_paid for order in stored(database)] == [True, True]


def test_an_older_snapshot_has_no_effect(database: Database, channel: int) -> None:
    reported = order_snapshot()
    record(database, channel, later(reported, note="newer"))
    assert record(database, channel, replace(reported, note="older", lines=(line("GT-WH-02", 9),))) == []
    order = the_order(database)
    assert (order.header.note, len(order.lines)) == ("newer", 2)


def test_a_payment_status_never_goes_back_even_at_the_same_time(database: Database, channel: int) -> None:
    reported = order_snapshot(paid=False)
    record(database, channel, reported)
    (accepted,) = record(database, channel, builders.paid(reported, 0))
    assert accepted.changes == ("payment",)
    assert record(database, channel, reported) == []
    assert record(database, channel, later(reported, 5)) == []
    assert the_order(database).header.is_paid


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"shipping_address": replace(DELHI, line1="14 Garden Lane")}, ("address",)),
        ({"lines": (line("GT-WH-02", 3),)}, ("lines",)),
        ({"total_minor": 1}, ("totals",)),
        ({"currency": "EUR"}, ("totals",)),
        ({"note": "only a note"}, ()),
    ],
)
def test_before_its_work_an_order_follows_its_channel(
    database: Database, channel: int, changes: dict[str, Any], names: tuple[str, ...]
) -> None:
    reported = order_snapshot()
    (first,) = record(database, channel, reported)
    end_waits(database)
    newer = later(reported, **changes)
    assert [each.changes for each in record(database, channel, newer)] == ([names] if names else [])
    order = the_order(database)
    assert (order.shipping_address, order.header.currency) == (newer.shipping_address, newer.currency)
    assert (order.header.total_minor, order.header.note) == (newer.total_minor, newer.note)
    assert [(each.sku, each.quantity) for each in order.lines] == [
        (each.sku, each.quantity) for each in newer.lines
    ]
    assert due(database) == ("approve" if names else None)
    assert event_types(database, first.order_id) == ["order.placed"] + ["order.updated_by_channel"] * bool(
        names
    )


def test_in_work_a_changed_order_is_held_for_a_person(database: Database, channel: int) -> None:
    reported = order_snapshot()
    (first,) = record(database, channel, reported)
    allocate(database, first.order_id, 1, 2)
    end_waits(database)
    moved = later(
        reported, lines=(line("GT-WH-02", 3),), shipping_address=replace(DELHI, line1="14 Garden Lane")
    )
    record(database, channel, moved)
    with database.read() as tx:
        (hold,) = views.open_holds(tx, order_ids=[first.order_id])
    assert hold.reason == "changed_after_release"
    assert str(hold.message).startswith("The channel changed the address and lines after work had started")
    assert [each.quantity for each in the_order(database).lines] == [1, 2]
    assert due(database) is None


def test_lines_that_a_user_edited_are_not_replaced(database: Database, channel: int) -> None:
    reported = order_snapshot(line("GT-WH-02", 2))
    (first,) = record(database, channel, reported)
    with database.write(actor="system") as tx:
        locations = builders.stock(tx, A={"GT-WH-02": 2})
        tx.execute("INSERT INTO fulfillment_orders (id, order_id, location_id, state, created_at) VALUES (1, %s, %s,"
                   " 'rejected', business_now())", (first.order_id, locations["A"]))  # fmt: skip
        tx.execute("INSERT INTO fulfillment_lines (fulfillment_order_id, order_id, line_no, sku, quantity)"
                   " VALUES (1, %s, 1, 'GT-WH-02', 2)", (first.order_id,))  # fmt: skip
    record(database, channel, later(reported, lines=(line("SNK-BK-04", 1),)))
    with database.read() as tx:
        holds = views.open_holds(tx, order_ids=[first.order_id])
    assert [hold.reason for hold in holds] == ["changed_after_release"]
    assert [each.sku for each in the_order(database).lines] == ["GT-WH-02"]


def test_a_canceled_order_is_left_as_it_was(database: Database, channel: int) -> None:
    reported = order_snapshot()
    (first,) = record(database, channel, reported)
    with database.write(actor="user:1") as tx:
        actions.cancel(tx, order_id=first.order_id, reason="changed their mind", now=NOON)
    assert record(database, channel, later(reported, 1, canceled_at=NOON)) == []
    record(database, channel, later(reported, 2, lines=(line("GT-WH-02", 5),), canceled_at=NOON))
    assert [(each.sku, each.canceled) for each in the_order(database).lines] == [
        ("DJ-BL-01", 1),
        ("GT-WH-02", 2),
    ]
    assert due(database) is None


def test_a_cancellation_is_acted_on_once(database: Database, channel: int) -> None:
    reported = order_snapshot(canceled_at=NOON)
    (accepted,) = record(database, channel, reported)
    assert (accepted.is_new, accepted.canceled) == (True, True)
    assert record(database, channel, later(reported)) == []
    before = order_snapshot()
    record(database, channel, before)
    (news,) = record(database, channel, later(before, canceled_at=NOON))
    assert (news.is_new, news.canceled) == (False, True)


@pytest.mark.parametrize("lines", [(), (line("GT-WH-02", 0),), (line("GT-WH-02", -1),)])
def test_an_order_in_which_nothing_is_wanted_can_be_canceled(
    database: Database, channel: int, lines: tuple[SnapshotLine, ...]
) -> None:
    (first,) = record(database, channel, replace(order_snapshot(), lines=lines))
    with database.write(actor="user:1") as tx:
        actions.cancel(tx, order_id=first.order_id, reason="nothing in it", now=NOON)
    assert the_order(database).header.canceled_at == NOON
    with pytest.raises(errors.Conflict, match="canceled already"), database.write(actor="user:1") as tx:
        actions.cancel(tx, order_id=first.order_id, reason="again", now=NOON)


def test_two_processes_that_store_one_order_end_with_one(database: Database, channel: int) -> None:
    reported = [order_snapshot() for _ in range(10)]

    def store(_: int) -> int:
        try:
            return len(record(database, channel, *reported))
        except AlreadyStored:
            return len(record(database, channel, *reported))

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(store, range(4))) == [0, 0, 0, 10]
    assert len(stored(database)) == 10


def test_two_channels_may_use_the_same_name(database: Database, channel: int) -> None:
    with database.write(actor="system") as tx:
        market = builders.channel(tx, "market")
    reported = order_snapshot()
    record(database, channel, reported)
    record(database, market, reported)
    assert [order.header.channel for order in stored(database)] == ["shop", "market"]
    with database.read() as tx:
        assert len(views.with_external_id(tx, external_id=reported.external_id)) == 2
        assert views.with_external_id(tx, external_id=reported.external_id, connection_id=market) == [2]


def test_counters_refuse_what_cannot_be(database: Database, channel: int) -> None:
    (first,) = record(database, channel, order_snapshot())
    allocate(database, first.order_id, 1, 2)
    for counters, units in ((["allocated"], 1), (["packed"], 1), (["delivered"], 1), (["returned"], 1)):
        with (
            pytest.raises(errors.Conflict, match="The order does not have so many units to count as"),
            database.write(actor="user:1") as tx,
        ):
            actions.count(tx, counters=counters, counts=[LineCount(first.order_id, 1, units)])


def test_an_order_is_complete_once_when_everything_has_arrived(database: Database, channel: int) -> None:
    (first,) = record(database, channel, order_snapshot())
    allocate(database, first.order_id, 1, 2)
    steps = ["picked", "packed", "shipped", "delivered"]
    for number, units, complete in ((1, 1, []), (2, 2, [first.order_id]), (2, 0, [])):
        with database.write(actor="user:1") as tx:
            actions.count(tx, counters=steps, counts=[LineCount(first.order_id, number, units)])
            assert actions.complete(tx, order_ids=[first.order_id], now=NOON + timedelta(days=1)) == complete
    assert event_types(database, first.order_id)[-1] == "order.completed"


def test_a_note_needs_words(database: Database, channel: int) -> None:
    (first,) = record(database, channel, order_snapshot())
    with pytest.raises(errors.Invalid), database.write(actor="user:1") as tx:
        actions.add_note(tx, order_id=first.order_id, text="  ", now=NOON)
    with pytest.raises(errors.NotFound), database.write(actor="user:1") as tx:
        actions.add_note(tx, order_id=OrderId(99), text="who?", now=NOON)
