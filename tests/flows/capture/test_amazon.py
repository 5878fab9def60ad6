"""Amazon from end to end: a notification on a real queue, the order, its shipment, its stock; against the partner server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from tests import clock, partners
from tests.builders import JACKET, SHIRT, Retailer
from tests.flows.capture.market import NAME, Market, aws

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.model import Mode
from doorstep.domain.orders.model import Handling
from doorstep.flows.capture import approve
from doorstep.flows.stock import publish


@pytest.fixture(scope="module")
def running() -> Iterator[partners.Partners]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOORSTEP_CLOCK_FILE", str(clock.FILE))
        with partners.running(names=["amazon"]) as found:
            yield found


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def market(retailer: Retailer, running: partners.Partners, endpoint: str) -> Iterator[Market]:
    running.act("amazon", "reset")
    running.fail("amazon")
    running.act("amazon", "usage", default={"rate": 1000, "burst": 1000})
    running.act("amazon", "webhooks", duplicates=0, shuffle_seed=None, hold=False)
    client = aws(endpoint)
    url = client.create_queue(QueueName=NAME)["QueueUrl"]
    running.act("amazon", "settings", sqs_endpoint=endpoint, sqs_region="eu-west-1")
    yield Market(retailer, running, endpoint, url)
    client.delete_queue(QueueUrl=url)


def test_a_notification_brings_an_order_that_is_shipped_and_confirmed(market: Market) -> None:
    external_id = market.place()
    market.read()
    order_id = market.order(external_id)
    assert market.retailer.holds(order_id) == {}
    assert "order.allocated" in market.retailer.event_types(order_id)
    assert market.waiting() == 0
    (parcel,) = market.retailer.ship(order_id)
    (package,) = market.at_amazon(external_id)["packages"]
    assert package["tracking"] == parcel.tracking_number
    assert market.at_amazon(external_id)["status"] == "SHIPPED"
    market.read()
    order = market.retailer.order(order_id)
    assert (order.header.handling, order.header.canceled_at) == (Handling.OURS, None)
    assert market.retailer.dead_letters() == []


def test_repeated_notifications_fetch_an_order_once_and_change_nothing(market: Market) -> None:
    market.act("webhooks", duplicates=3)
    external_id = market.place()
    market.read()
    assert market.fetched(external_id) == 1
    placed = [
        each for each in market.retailer.event_types(market.order(external_id)) if each == "order.placed"
    ]
    assert (len(placed), market.waiting()) == (1, 0)


def test_a_message_that_is_given_out_again_is_known(market: Market) -> None:
    """The process died after it had stored a page, and before it deleted the messages."""
    external_id = market.place()
    market.running.settle("amazon")
    queue: Any = market.retailer.app.registry.queue(market.id)
    page = queue.pull("notifications", None)
    for receipt in page.receipts:
        market.aws.change_message_visibility(
            QueueUrl=market.queue, ReceiptHandle=receipt, VisibilityTimeout=0
        )
    market.read()
    first = market.fetched(external_id)
    body = page.documents[0].body.decode()
    market.aws.send_message(QueueUrl=market.queue, MessageBody=body)
    market.read()
    assert (market.fetched(external_id), market.waiting()) == (first, 0)


def test_what_is_no_notification_is_a_dead_message_and_leaves_the_queue(market: Market) -> None:
    for body in ("{", "not json", json.dumps({"NotificationType": "ORDER_CHANGE"})):
        market.aws.send_message(QueueUrl=market.queue, MessageBody=body)
    external_id = market.place()
    market.read()
    letters = market.retailer.dead_letters()
    assert [(letter["topic"], letter["error_class"]) for letter in letters] == [("notification", "data")] * 3
    assert market.order(external_id)
    assert market.waiting() == 0


def test_orders_are_read_by_the_clock_without_a_notification(market: Market) -> None:
    market.act("webhooks", hold=True)
    external_id = market.place()
    market.read()
    assert "order.allocated" in market.retailer.event_types(market.order(external_id))


def test_a_pending_order_waits_and_others_orders_are_shown(market: Market) -> None:
    pending = market.place(status="PENDING")
    fba = market.place(fulfilled_by="AFN")
    before = market.retailer.count(SHIRT, "ST-22")
    market.read()
    assert list(market.retailer.holds(market.order(pending))) == ["not_released"]
    assert market.retailer.holds(market.order(fba)) == {}
    assert market.retailer.work(market.order(fba)) == []
    assert market.retailer.count(SHIRT, "ST-22") == before
    market.act("release", order_id=pending)
    market.read()
    assert market.retailer.holds(market.order(pending)) == {}
    assert "order.allocated" in market.retailer.event_types(market.order(pending))


def test_orders_from_before_the_go_live_are_history(market: Market) -> None:
    old = market.place(minutes_ago=3 * 24 * 60)
    market.act("request_cancel", order_id=old)
    market.read()
    order_id = market.order(old)
    assert market.retailer.order(order_id).header.handling is Handling.HISTORY
    assert market.retailer.work(order_id) == []


def test_a_canceled_order_is_canceled(market: Market) -> None:
    external_id = market.place()
    market.read()
    market.act("cancel", order_id=external_id)
    market.read()
    assert market.retailer.order(market.order(external_id)).header.canceled_at is not None


def test_an_order_that_the_buyer_asks_to_cancel_is_held_once(market: Market) -> None:
    external_id = market.place()
    market.read()
    order_id = market.order(external_id)
    market.act("request_cancel", order_id=external_id, reason="Ordered twice")
    market.read()
    assert market.retailer.holds(order_id) == {
        "cancel_requested": "The customer asks to cancel (Ordered twice): cancel the order in the channel, or release it to ship it."
    }
    market.retailer.write(lambda tx: approve.release(tx, order_id=order_id, now=clock.CLOCK.now()))
    market.retailer.ship(order_id)
    market.read()
    assert market.at_amazon(external_id)["status"] == "SHIPPED"
    assert market.retailer.holds(order_id) == {}


def test_an_order_that_comes_with_a_request_to_cancel_is_not_routed(market: Market) -> None:
    external_id = market.place()
    market.act("request_cancel", order_id=external_id)
    market.read()
    order_id = market.order(external_id)
    assert list(market.retailer.holds(order_id)) == ["cancel_requested"]
    assert market.retailer.work(order_id) == []
    market.act("cancel", order_id=external_id)
    market.read()
    assert market.retailer.order(order_id).header.canceled_at is not None


def test_in_shadow_mode_the_queue_is_left_as_it_is(market: Market) -> None:
    app = market.retailer.app
    market.retailer.write(lambda tx: connections.switch(tx, key="amazon", mode=Mode.SHADOW))
    app.registry.look_again()
    external_id = market.place()
    market.read()
    assert market.order(external_id)
    assert (market.waiting(), market.hidden()) == (1, 0)


def test_stock_is_published_and_refusals_are_shown(market: Market) -> None:
    market.act("list", sku=SHIRT)
    publish.find_changes(market.retailer.app.context)
    market.retailer.settle()
    for _look in range(5):
        market.retailer.write(lambda tx: tx.execute("UPDATE deliveries SET run_at = now() WHERE state < 3"))
        market.retailer.settle()
    listed = market.running.state("amazon")["listings"]
    assert listed[SHIRT]["quantity"] > 0
    counts = market.retailer.read(lambda tx: publish.state(tx, connection_id=market.id))
    assert counts.refused > 0
    assert JACKET not in listed
