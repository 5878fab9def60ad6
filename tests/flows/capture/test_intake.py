"""Messages are processed in batches: invalid ones become dead letters, doubtful orders are held, the rest continues."""

from __future__ import annotations

from dataclasses import replace

from tests.builders import DELHI, JACKET, NOON, SHIRT, Retailer, later, line, order_snapshot, paid

from doorstep.bootstrap import open_app
from doorstep.domain.connections import views as connections
from doorstep.domain.orders.model import Handling, OrderSnapshot
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus
from doorstep.domain.shipping.model import Packaging, Size
from doorstep.flows import operations
from doorstep.flows.capture import approve

BROKEN = b'{"data": {"external_id": "order-1", '


def test_an_unreadable_message_keeps_its_bytes_and_blocks_no_other(retailer: Retailer) -> None:
    good = [order_snapshot() for _ in range(3)]
    retailer.receive("shop", "order", good[0], BROKEN, good[1], b"", good[2])
    retailer.settle()
    letters = retailer.dead_letters()
    assert [(letter["topic"], letter["error_class"], letter["attempts"]) for letter in letters] == [
        ("order", "data", 1)
    ] * 2
    assert str(letters[0]["error"]).startswith("The document is not JSON")
    assert (
        retailer.read(lambda tx: connections.payload(tx, message_id=int(str(letters[0]["id"])))).body
        == BROKEN
    )
    assert [retailer.event_types(retailer.order_id(reported))[0] for reported in good] == ["order.placed"] * 3


def test_a_dead_letter_is_retried_after_the_fix(retailer: Retailer) -> None:
    reported = order_snapshot()
    retailer.receive("shop", "order", BROKEN)
    retailer.settle()
    retailer.write(lambda tx: tx.execute("UPDATE inbox SET body = %s", (retailer.body_of("shop", reported),)))
    assert retailer.write(lambda tx: operations.retry(tx, error_class="data")) == 1
    retailer.settle()
    assert retailer.dead_letters() == []
    assert "order.allocated" in retailer.event_types(retailer.order_id(reported))


def test_one_failing_message_among_fifty_is_isolated(retailer: Retailer) -> None:
    orders = [order_snapshot(line(JACKET), version_at=NOON) for _ in range(49)]
    retailer.receive(
        "shop", "order", *orders[:20], replace(orders[0], external_id="huge", total_minor=2**63), *orders[20:]
    )
    retailer.settle()
    (letter,) = retailer.dead_letters()
    assert letter["error_class"] == "data"
    assert retailer.read(lambda tx: tx.value(int, "SELECT count(*) FROM orders")) == 49
    assert retailer.count(JACKET, "WH-A")[1] + retailer.count(JACKET, "WH-B")[1] == 13


WRONG: list[tuple[OrderSnapshot, str]] = [
    (order_snapshot(line("NO-SUCH")), "unknown_sku"),
    (order_snapshot(shipping_address=None), "address"),
    (order_snapshot(shipping_address=replace(DELHI, postal_code="nowhere")), "address"),
    (order_snapshot(shipping_address=replace(DELHI, country="AQ")), "unserviceable"),
    (order_snapshot(line(SHIRT, 0)), "bad_quantity"),
    (order_snapshot(line(SHIRT, -3)), "bad_quantity"),
    (order_snapshot(currency="XXX"), "unknown_currency"),
    (order_snapshot(total_minor=1), "totals_differ"),
    (order_snapshot(paid=False), "unpaid"),
    (replace(order_snapshot(), lines=(), total_minor=0), "no_lines"),
]


def test_invalid_orders_are_stored_completely_and_held_with_their_reasons(retailer: Retailer) -> None:
    retailer.receive("shop", "order", *(reported for reported, _ in WRONG))
    retailer.settle()
    for reported, reason in WRONG:
        order_id = retailer.order_id(reported)
        assert list(retailer.holds(order_id)) == [reason], reason
        assert len(retailer.order(order_id).lines) == len(reported.lines)
        assert retailer.work(order_id) == []
    assert retailer.dead_letters() == []
    assert retailer.count(SHIRT, "ST-22") == (3, 0)


def test_every_doubtful_order_can_be_canceled_by_its_channel(retailer: Retailer) -> None:
    retailer.receive("shop", "order", *(reported for reported, _ in WRONG))
    retailer.receive("shop", "order", *(later(reported, canceled_at=NOON) for reported, _ in WRONG))
    retailer.settle()
    for reported, reason in WRONG:
        order_id = retailer.order_id(reported)
        assert retailer.order(order_id).header.canceled_at is not None, reason
        assert retailer.holds(order_id) == {}, reason
    assert retailer.dead_letters() == []


def test_an_unpaid_order_continues_automatically_when_it_is_paid(retailer: Retailer) -> None:
    reported = order_snapshot(paid=False)
    retailer.receive("shop", "order", reported)
    retailer.settle()
    order_id = retailer.order_id(reported)
    assert list(retailer.holds(order_id)) == ["unpaid"]
    retailer.receive("shop", "order", paid(reported))
    retailer.settle()
    assert retailer.holds(order_id) == {}
    assert retailer.event_types(order_id)[-2:] == ["order.approved", "order.allocated"]


def test_an_order_that_others_ship_is_shown_and_nothing_of_it_is_reserved(retailer: Retailer) -> None:
    elsewhere = order_snapshot(line(SHIRT, 2), handling=Handling.ELSEWHERE)
    history = order_snapshot(line("NO-SUCH"), shipping_address=None, handling=Handling.HISTORY)
    before = retailer.count(SHIRT, "ST-22")
    retailer.receive("shop", "order", elsewhere, history)
    retailer.receive("shop", "order", later(elsewhere, tags=("late",)))
    retailer.settle()
    for reported in (elsewhere, history):
        order_id = retailer.order_id(reported)
        assert retailer.holds(order_id) == {}
        assert retailer.work(order_id) == []
        assert retailer.order(order_id).header.handling is reported.handling
        assert "message.sent" not in retailer.event_types(order_id)
    assert retailer.count(SHIRT, "ST-22") == before


def test_a_waiting_order_continues_when_the_channel_releases_it(retailer: Retailer) -> None:
    reported = order_snapshot(shipping_address=None, paid=False, handling=Handling.WAITING)
    retailer.receive("shop", "order", reported)
    retailer.settle()
    order_id = retailer.order_id(reported)
    assert list(retailer.holds(order_id)) == ["not_released"]
    released = paid(later(reported, shipping_address=DELHI, handling=Handling.OURS))
    retailer.receive("shop", "order", released, reported)
    retailer.settle()
    assert retailer.holds(order_id) == {}
    assert "order.allocated" in retailer.event_types(order_id)


def test_an_order_of_ours_stays_ours_when_the_channel_calls_it_shipped(retailer: Retailer) -> None:
    reported = order_snapshot()
    retailer.receive("shop", "order", reported)
    retailer.receive("shop", "order", later(reported, handling=Handling.ELSEWHERE))
    retailer.settle()
    order_id = retailer.order_id(reported)
    assert retailer.order(order_id).header.handling is Handling.OURS
    assert retailer.work(order_id) != []


def test_the_story_in_the_wrong_order_and_three_times_over(retailer: Retailer) -> None:
    reported = order_snapshot(paid=False)
    newest = paid(reported)
    money = PaymentSnapshot(
        "sandbox",
        "pay-1",
        reported.external_id,
        PaymentStatus.CAPTURED,
        reported.total_minor,
        "INR",
        "upi",
        NOON,
    )
    retailer.receive("pay", "payment", money)
    for each in (newest, reported, newest, reported, reported):
        retailer.receive("shop", "order", each)
    retailer.receive("pay", "payment", money)
    retailer.settle()
    order_id = retailer.order_id(reported)
    assert sorted(retailer.event_types(order_id)) == sorted(
        ["order.placed", "payment.captured", "order.approved", "order.allocated", "message.sent"]
    )
    assert len(retailer.work(order_id)) == 2


def test_an_order_without_a_place_gets_the_one_of_its_postal_code(retailer: Retailer) -> None:
    reported = order_snapshot(shipping_address=replace(DELHI, latitude=None, longitude=None))
    order_id = retailer.place_order(reported)
    address = retailer.order(order_id).shipping_address
    assert (round(address.latitude or 0), round(address.longitude or 0)) == (29, 77)


def test_what_a_connection_does_not_use_is_read_without_effect(retailer: Retailer) -> None:
    retailer.receive("shop", "theme", {"name": "dark"})
    retailer.settle()
    assert retailer.dead_letters() == []
    assert retailer.read(lambda tx: tx.column(int, "SELECT state FROM inbox")) == [2]


def test_a_person_holds_and_releases(retailer: Retailer) -> None:
    reported = order_snapshot(line(SHIRT, 9))
    retailer.receive("shop", "order", reported)
    retailer.settle()
    order_id = retailer.order_id(reported)
    retailer.write(
        lambda tx: approve.hold(tx, order_id=order_id, reason="Too many for one person?", now=NOON)
    )
    retailer.write(
        lambda tx: tx.execute("UPDATE order_routing SET due_at = business_now() - interval '1 minute'")
    )
    retailer.settle()
    assert retailer.event_types(order_id)[-1] in {"order.held", "message.sent"}
    before = retailer.event_types(order_id).count("order.short")
    retailer.write(lambda tx: approve.release(tx, order_id=order_id, now=NOON))
    retailer.settle()
    assert retailer.event_types(order_id).count("order.short") == before + 1


def test_where_we_deliver_and_what_a_parcel_weighs_are_settings(retailer: Retailer) -> None:
    chosen = {"delivers_to": "IN,NP", "parcel_packaging_grams": 90, "parcel_size_mm": "200x100x50"}
    with open_app(retailer.app.settings.model_copy(update=chosen), clock=retailer.app.clock) as app:
        assert app.context.serviceable == {"IN": True, "NP": True}
        assert app.context.packaging == Packaging(90, Size(200, 100, 50))
