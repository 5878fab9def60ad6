"""Amazon throttles, ends tokens, sends notifications twice and in any order, and is down for three minutes: nothing is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from moto.server import ThreadedMotoServer
from tests import clock, partners
from tests.builders import JACKET, NOON, SHIRT, Retailer
from tests.faults import connector_rehearsal
from tests.faults.connector_rehearsal import Rehearsal
from tests.faults.network_link import Link, links
from tests.flows.capture.market import NAME, Market, aws

from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.orders.model import Handling
from doorstep.flows.stock import publish
from doorstep.kernel.ids import OrderId

DOWN_SECONDS = 180.0
TWO_LINES = [
    {"sku": SHIRT, "quantity": 2, "price": "799.00"},
    {"sku": JACKET, "quantity": 1, "price": "2999.00"},
]
SLOW_DOWN = [
    {"kind": "status_429", "operation": "getOrder", "times": 3},  # as Amazon answers: no Retry-After
    {"kind": "status_429", "operation": "getOrder", "times": 2, "headers": {"Retry-After": "1"}},
    {"kind": "status_429", "operation": "searchOrders"},
    {"kind": "status_429", "operation": "confirmShipment", "each_once": True},
    {"kind": "status_429", "operation": "createFeed", "headers": {"Retry-After": "1"}},
    {"kind": "timeout_after_work", "operation": "createFeed"},
    {"kind": "status_429", "operation": "token"},
    {"kind": "timeout_after_work", "operation": "confirmShipment", "each_once": True},
]


@dataclass
class Seller:
    """The seller's orders, and the wires to Amazon and to the queue."""

    market: Market
    rehearsal: Rehearsal
    links: list[Link]

    @property
    def retailer(self) -> Retailer:
        return self.market.retailer

    def place(self, count: int, **more: Any) -> list[str]:
        return [self.market.place(**more) for _ in range(count)]

    def captured(self, *ids: str) -> bool:
        return set(ids) <= self.rehearsal.placed("amazon").keys()

    def lose(self) -> None:
        for each in self.links:
            each.cut()

    def regain(self) -> None:
        for each in self.links:
            each.restore()

    def ship(self, external_id: str) -> OrderId:
        """Pack the order, wait for its labels, hand the parcels over."""
        order_id = self.market.order(external_id)
        assert self.retailer.work(order_id)
        for work in self.retailer.work(order_id):
            self.retailer.pack(work)
        self.rehearsal.until(lambda: all(each.tracking_number for each in self.parcels(order_id)))
        for work in self.retailer.work(order_id):
            self.retailer.hand_over(work)
        return order_id

    def parcels(self, order_id: OrderId) -> list[Any]:
        found = self.retailer.parcels(order_id)
        return found if len(found) == len(self.retailer.work(order_id)) else [_UNLABELLED]

    def quantities(self) -> dict[str, int]:
        return {
            sku: int(each["quantity"])
            for sku, each in self.market.running.state("amazon")["listings"].items()
        }

    def promised(self) -> dict[str, int]:
        """What the ledgers say may be sold, of what is listed."""
        now = clock.CLOCK.now()
        skus = sorted(self.quantities())
        return dict(self.retailer.read(lambda tx: publish._levels(tx, "amazon", skus, now)))


_UNLABELLED = type("Unlabelled", (), {"tracking_number": ""})()


@pytest.fixture
def amazon(monkeypatch: pytest.MonkeyPatch) -> Iterator[partners.Partners]:
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(clock.FILE))
    with partners.running({"amazon": {"marketplaces": ["A21TJRUUN4KGV"]}}, ["amazon"]) as found:
        yield found


@pytest.fixture
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def seller(retailer: Retailer, amazon: partners.Partners, endpoint: str, tmp_path: Path) -> Iterator[Seller]:
    amazon.act("amazon", "settings", sqs_endpoint=endpoint, sqs_region="eu-west-1")
    amazon.act("amazon", "webhooks", duplicates=1, shuffle_seed=11, backoff_factor=0.05)
    queue = aws(endpoint).create_queue(QueueName=NAME)["QueueUrl"]
    with links(amazon.url("amazon"), endpoint) as ((to_amazon, address), (to_queue, far)):
        over = {
            "base_url": address,
            "sign_in_url": address,
            "queue_endpoint": far,
            "queue_url": queue.replace(endpoint, far),
        }
        market = Market(retailer, amazon, endpoint, queue, **over)
        for sku in (SHIRT, JACKET):
            market.act("list", sku=sku)
            more = Correction(sku, retailer.location_ids["WH-A"], "found", change=40)
            retailer.write(lambda tx, c=more: inventory.adjust(tx, correction=c, at=NOON))
        with connector_rehearsal.rehearsed(retailer, tmp_path) as running:
            yield Seller(market, running, [to_amazon, to_queue])


def test_everything_goes_wrong_at_amazon(seller: Seller) -> None:
    market, running = seller.market, seller.rehearsal
    market.running.fail("amazon", *SLOW_DOWN)
    first = seller.place(4, lines=TWO_LINES)
    (pending,), (theirs,) = seller.place(1, status="PENDING"), seller.place(1, fulfilled_by="AFN")
    running.until(lambda: seller.captured(*first, pending, theirs))
    market.act("expire_tokens")
    second = seller.place(3)
    running.until(lambda: seller.captured(*second))
    shipped = [seller.ship(each) for each in first[:2]]
    market.act("expire_tokens")
    seller.lose()
    third = seller.place(3)
    shipped += [seller.ship(each) for each in first[2:]]
    market.act("cancel", order_id=second[0])
    market.act("release", order_id=pending)
    running.pass_time(DOWN_SECONDS)
    seller.regain()
    running.until(lambda: seller.captured(*third))
    shipped += [seller.ship(each) for each in second[1:]]
    market.running.settle("amazon", timeout_seconds=30)
    running.until(lambda: {market.at_amazon(each)["status"] for each in [*first, *second[1:]]} == {"SHIPPED"})
    running.until_in_time(
        lambda: running.has_failed(market.running, "amazon")
    )  # also what is read by the clock
    running.until_in_time(lambda: running.is_quiet() and seller.quantities() == seller.promised())
    check(seller, placed=[*first, *second, *third, pending, theirs], shipped=shipped)
    assert seller.retailer.order(market.order(second[0])).header.canceled_at is not None
    assert "order.allocated" in seller.retailer.event_types(market.order(pending))
    assert seller.retailer.order(market.order(theirs)).header.handling is Handling.ELSEWHERE


def check(seller: Seller, *, placed: list[str], shipped: list[OrderId]) -> None:
    """Both sides say the same, and once."""
    assert dict(seller.rehearsal.placed("amazon")) == dict.fromkeys(placed, 1)
    for order_id in shipped:
        order = seller.retailer.order(order_id)
        there = seller.market.at_amazon(order.header.external_id)
        assert sorted(each["tracking"] for each in there["packages"]) == sorted(
            each.tracking_number for each in seller.retailer.parcels(order_id)
        )
        assert all(item["shipped"] == item["quantity"] for item in there["items"])
        assert seller.retailer.event_types(order_id).count("channel.updated") == len(there["packages"])
    assert seller.quantities() == seller.promised()
    assert (seller.market.waiting(), seller.retailer.dead_letters(), seller.rehearsal.drift()) == (0, [], [])
