"""Payments find their order by sales channel and order id; ambiguous ones become dead letters."""

from __future__ import annotations

import pytest
from tests.builders import NOON, Retailer, line, order_snapshot

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.payments import views as payments
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

ORDER = order_snapshot(line("GT-WH-02"), external_id="1001")


def paid(channel: str = "", status: PaymentStatus = PaymentStatus.CAPTURED) -> PaymentSnapshot:
    """A payment for order 1001 of a sales channel, or of one that it does not name."""
    amount = ORDER.total_minor
    return PaymentSnapshot("sandbox", "pay-1", "1001", status, amount, "INR", "upi", NOON, channel=channel)


@pytest.fixture
def market(retailer: Retailer) -> Retailer:
    """The retailer also sells at a marketplace that numbers its orders as the shop does."""
    registry = retailer.app.registry
    secret = {"webhook_secret": "a secret of the market"}

    def configure(tx: WriteTx) -> None:
        connector = registry.connector(Kind.CHANNELS, "sandbox")
        registry.configure(
            tx, key="market", connector=connector, name="Market", settings=secret, mode=Mode.LIVE
        )

    retailer.write(configure)
    retailer.connection_ids["market"] = registry.by_key("market").id
    return retailer


def orders_of(retailer: Retailer, *channels: str) -> dict[str, OrderId]:
    """Order 1001 of every channel; that of these is captured now, one after the other."""
    for key in channels:
        retailer.receive(key, "order", ORDER)
        retailer.settle()
    retailer.settle()
    rows = retailer.read(
        lambda tx: tx.rows("SELECT c.key, o.id FROM orders o JOIN connections c ON c.id = o.connection_id")
    )
    return {str(row["key"]): OrderId(int(str(row["id"]))) for row in rows}


def matched(retailer: Retailer) -> OrderId | None:
    return retailer.read(lambda tx: payments.order_of(tx, gateway="sandbox", external_id="pay-1"))


def test_a_payment_that_names_its_channel_finds_its_order(market: Retailer) -> None:
    orders = orders_of(market, "shop", "market")
    market.receive("pay", "payment", paid("market"))
    market.settle()
    assert (matched(market), market.dead_letters()) == (orders["market"], [])


def test_a_payment_that_a_channel_reports_is_for_its_own_order(market: Retailer) -> None:
    orders = orders_of(market, "shop", "market")
    market.receive("market", "payment", paid())
    market.settle()
    assert (matched(market), market.dead_letters()) == (orders["market"], [])


def test_a_payment_that_came_first_waits_for_the_order_of_its_channel(market: Retailer) -> None:
    market.receive("pay", "payment", paid("market"))
    market.settle()
    assert orders_of(market, "shop").keys() == {"shop"}
    assert matched(market) is None
    orders = orders_of(market, "market")
    assert matched(market) == orders["market"]


def test_an_unclear_payment_is_a_dead_letter_until_its_channel_is_named(market: Retailer) -> None:
    orders = orders_of(market, "shop", "market")
    market.receive("pay", "payment", paid())
    market.settle()
    (dead,) = market.dead_letters()
    assert "which several sales channels have: name the sales channel" in str(dead["error"])
    assert (dead["error_class"], matched(market)) == ("data", None)
    market.receive("pay", "payment", paid("shop"))
    market.write(lambda tx: connections.retry_dead(tx, error_class="data"))
    market.settle()
    assert (matched(market), market.dead_letters()) == (orders["shop"], [])


def test_a_matched_payment_stays_with_its_order(market: Retailer) -> None:
    orders = orders_of(market, "shop")
    market.receive("pay", "payment", paid(status=PaymentStatus.AUTHORIZED))
    market.settle()
    orders_of(market, "market")
    market.receive("pay", "payment", paid())
    market.settle()
    assert (matched(market), market.dead_letters()) == (orders["shop"], [])
    assert [
        each.status for each in market.read(lambda tx: payments.of_order(tx, order_id=orders["shop"]))
    ] == ["captured"]


def test_a_payment_that_came_first_and_fits_two_orders_is_shown_on_both(market: Retailer) -> None:
    market.receive("pay", "payment", paid())
    market.settle()
    market.receive("shop", "order", ORDER)
    market.receive("market", "order", ORDER)
    orders = orders_of(market)
    assert matched(market) is None
    for order_id in orders.values():
        assert market.event_types(order_id).count("payment.unclear") == 1
    market.receive("pay", "payment", paid("market"))
    market.settle()
    assert matched(market) == orders["market"]


def test_a_payment_of_an_unknown_channel_is_a_dead_letter(retailer: Retailer) -> None:
    retailer.receive("pay", "payment", paid("nowhere"))
    retailer.settle()
    (dead,) = retailer.dead_letters()
    assert "There is no connection 'nowhere'" in str(dead["error"])
