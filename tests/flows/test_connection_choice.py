"""Two mail relays, two ERPs, two accounts at one gateway: each order's mail, invoice and refund goes to its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import clock
from tests.builders import NOON, Retailer, order_snapshot
from tests.delivery.test_api import client
from tests.delivery.test_console_connections import act, signed_in

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.model import InboxMessage, Kind, Mode
from doorstep.domain.connections.views import maps
from doorstep.domain.identity.model import Role
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.payments import actions as payments
from doorstep.domain.payments import views
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus
from doorstep.flows.capture.observations import Observation
from doorstep.flows.capture.translate import names
from doorstep.flows.payments import gateways, look_up
from doorstep.kernel import errors
from doorstep.kernel.ids import PaymentId


def add(retailer: Retailer, key: str, kind: Kind, **settings: str) -> None:
    registry = retailer.app.registry
    connector = registry.connector(kind, "sandbox")
    retailer.connection_ids[key] = retailer.write(
        lambda tx: registry.configure(
            tx, key=key, connector=connector, name=key, settings=settings, mode=Mode.LIVE
        )
    )


def limit(retailer: Retailer, key: str, **serves: list[str]) -> None:
    saved = client(retailer, Role.ADMINISTRATOR).put(f"/api/v1/connections/{key}", json={"serves": serves})
    assert saved.status_code == 200


def entity(retailer: Retailer) -> str:
    return retailer.read(lambda tx: tx.value(str, "SELECT legal_entity FROM invoices ORDER BY id LIMIT 1"))


def test_a_mail_goes_by_the_relay_of_its_shop(retailer: Retailer) -> None:
    add(retailer, "shop-mail", Kind.MESSENGERS)
    limit(retailer, "shop-mail", channels=["shop"])
    retailer.place_order()
    assert len(retailer.client("shop-mail").messages) == 1
    assert retailer.client("mail").messages == {}


def test_a_relay_for_another_shop_is_not_used(retailer: Retailer) -> None:
    add(retailer, "a-mail", Kind.MESSENGERS)
    limit(retailer, "a-mail", channels=["other"])
    retailer.place_order()
    assert len(retailer.client("mail").messages) == 1
    assert retailer.client("a-mail").messages == {}


def test_an_invoice_is_posted_to_the_erp_of_its_legal_entity(retailer: Retailer) -> None:
    retailer.delivered()
    company = entity(retailer)
    add(retailer, "own-books", Kind.ERP)
    limit(retailer, "own-books", legal_entities=[company])
    before = len(retailer.client("books").documents)
    retailer.delivered()
    assert len(retailer.client("own-books").documents) > 0
    assert len(retailer.client("books").documents) == before


def test_an_entity_that_no_erp_serves_is_named(retailer: Retailer) -> None:
    limit(retailer, "books", legal_entities=["Someone else"])
    with pytest.raises(errors.NotFound, match="No accounting system serves the legal entity 'Mine'"):
        retailer.app.registry.accounting("Mine")


def test_only_known_limits_are_taken(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    assert api.put("/api/v1/connections/mail", json={"serves": {"countries": ["IN"]}}).status_code == 422


ACCOUNTS = ("pay", "another-pay")


@pytest.fixture
def accounts(retailer: Retailer) -> Retailer:
    """The retailer has a second account at its gateway, first by key; it knows the payments of both."""
    add(retailer, "another-pay", Kind.PAYMENTS, webhook_secret="the secret of the other one")
    return retailer


def ordered(retailer: Retailer) -> OrderSnapshot:
    """An order whose payment only the shop has reported."""
    order = order_snapshot()
    retailer.receive("shop", "order", order)
    retailer.settle()
    return order


def paid(order: OrderSnapshot, status: PaymentStatus = PaymentStatus.CAPTURED) -> PaymentSnapshot:
    reference = order.external_id
    return PaymentSnapshot("sandbox", "pay-7", reference, status, order.total_minor, "INR", "upi", NOON)


def refund(retailer: Retailer, order: OrderSnapshot) -> None:
    """One rupee of the order is refunded."""
    for key in ACCOUNTS:
        retailer.client(key).payments["pay-7"] = paid(order)
    intent = payments.RefundIntent(retailer.order_id(order), None, None, 100, "INR", "Late")
    retailer.write(lambda tx: payments.request_refund(tx, intent=intent, at=NOON))
    retailer.settle()


def refunds(retailer: Retailer) -> dict[str, int]:
    return {key: len(retailer.client(key).refunds) for key in ACCOUNTS}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_refund_is_made_at_the_account_that_reported_the_payment(accounts: Retailer, account: str) -> None:
    order = ordered(accounts)
    accounts.receive(account, "payment", paid(order))
    accounts.settle()
    refund(accounts, order)
    assert refunds(accounts) == {each: int(each == account) for each in ACCOUNTS}


def test_a_refund_is_made_of_the_first_payment_that_is_enough(accounts: Retailer) -> None:
    """Each part of the order was paid at another account: the queue of the calls and the call itself agree."""
    order = ordered(accounts)
    for number, account in enumerate(ACCOUNTS):
        part = replace(paid(order), external_id=f"part-{number}")
        accounts.client(account).payments[part.external_id] = part
        accounts.receive(account, "payment", part)
        accounts.settle()
    intent = payments.RefundIntent(accounts.order_id(order), None, None, 100, "INR", "Late")
    refund_id = accounts.write(lambda tx: payments.request_refund(tx, intent=intent, at=NOON))
    assert refund_id is not None
    chosen = accounts.read(lambda tx: views.refunded(tx, refund_ids=[refund_id]))[refund_id]
    accounts.settle()
    assert chosen.gateway_connection_id == accounts.connection_ids["pay"]
    assert accounts.read(lambda tx: views.refund(tx, refund_id=refund_id)).payment_id == chosen.id
    assert refunds(accounts) == {"pay": 1, "another-pay": 0}


def test_an_account_that_is_off_is_replaced_by_another_at_the_gateway(accounts: Retailer) -> None:
    order = ordered(accounts)
    accounts.receive("pay", "payment", paid(order))
    accounts.settle()
    accounts.write(lambda tx: connections.switch(tx, key="pay", mode=Mode.OFF))
    accounts.app.registry.look_again()
    refund(accounts, order)
    assert refunds(accounts) == {"pay": 0, "another-pay": 1}


@pytest.mark.parametrize("account", ACCOUNTS)
def test_a_payment_that_only_the_shop_reported_is_looked_up_at_the_account_of_the_shop(
    accounts: Retailer, account: str
) -> None:
    limit(accounts, account, channels=["shop"])
    order = ordered(accounts)
    accounts.receive("shop", "payment", paid(order, PaymentStatus.AUTHORIZED))
    accounts.settle()
    accounts.client(account).payments["pay-7"] = paid(order)
    later(accounts)
    (payment,) = accounts.read(lambda tx: views.of_order(tx, order_id=accounts.order_id(order)))
    assert (payment.status, payment.gateway_connection_id) == ("captured", accounts.connection_ids[account])


def later(retailer: Retailer) -> None:
    """Two hours later open payments are looked up."""
    with clock.at(NOON + timedelta(hours=2)):
        assert look_up.find_open(retailer.app.context) == 1
        retailer.settle()


def test_a_marketplace_that_takes_the_money_itself_needs_no_gateway(retailer: Retailer) -> None:
    connector = retailer.app.registry.connector(Kind.CHANNELS, "direct")
    secret = {"webhook_secret": "a secret of the market"}
    market = retailer.write(
        lambda tx: retailer.app.registry.configure(
            tx, key="market", connector=connector, name="Market", settings=secret, mode=Mode.LIVE
        )
    )
    sender = retailer.app.registry.by_key("market")
    order = order_snapshot()
    order = replace(order, payment=replace(order.payment, gateway="direct"))
    message = InboxMessage(1, sender.id, "order", {}, b"", NOON, "", 0)
    reported = [Observation(message, sender, order)]
    assert retailer.write(lambda tx: names(retailer.app.context, tx, reported)) == reported
    assert retailer.read(lambda tx: maps.unmapped(tx, connection_id=market)) == []
    payment = views.Payment(
        PaymentId(1), None, "direct", "pay-7", "", "captured", "", 100, 0, "INR", NOON, sender.id, None
    )
    with pytest.raises(errors.Refused, match="Market took this payment itself"):
        gateways.of_payment(retailer.app.context, payment)


def test_the_console_limits_an_account_to_sales_channels(retailer: Retailer) -> None:
    with signed_in(retailer, Role.ADMINISTRATOR) as browser:
        assert "Refunds for sales channels" in browser.get("/console/connections/pay/edit").text
        act(browser, "/connections/pay/change", on="/connections/pay/edit", name="Pay", serves="shop, till")
    retailer.app.registry.look_again()
    assert retailer.app.registry.by_key("pay").serves == {"channels": ["shop", "till"]}
