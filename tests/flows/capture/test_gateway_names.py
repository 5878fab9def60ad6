"""Shops name payment gateways as they like: one name is mapped by itself, another by a person, and money follows."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import Any

import pytest
from tests import builders
from tests.builders import NOON, Retailer, order_snapshot
from tests.delivery.test_api import client
from tests.delivery.test_console_connections import act, signed_in

from doorstep import processes
from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.identity.model import Role
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.payments import views
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus
from doorstep.flows.payments import gateways
from doorstep.kernel import errors

MAPS = "/api/v1/connections/shop/maps"


def named(gateway: str, **given: Any) -> OrderSnapshot:
    order = order_snapshot(**given)
    return replace(order, payment=replace(order.payment, gateway=gateway))


def pay(retailer: Retailer, order: OrderSnapshot) -> None:
    """The gateway's own message about the order's payment."""
    paid = PaymentSnapshot(
        "sandbox", f"pay-{order.external_id}", order.external_id, PaymentStatus.CAPTURED, order.total_minor,
        order.currency, "upi", NOON,
    )  # fmt: skip
    retailer.receive("pay", "payment", paid)
    retailer.settle()


def payments(retailer: Retailer, order: OrderSnapshot) -> list[tuple[str, int]]:
    order_id = retailer.order_id(order)
    rows = retailer.read(
        lambda tx: tx.rows("SELECT gateway, amount_minor FROM payments WHERE order_id = %s", (order_id,))
    )
    return [(str(row["gateway"]), int(str(row["amount_minor"]))) for row in rows]


def state(retailer: Retailer) -> dict[str, Any]:
    return dict(client(retailer, Role.ADMINISTRATOR).get(MAPS).json())


@pytest.mark.parametrize("name", ["1 Sandbox", "sandbox (UPI)"])
def test_a_name_that_fits_one_gateway_is_mapped_by_itself_and_the_payment_is_one(
    retailer: Retailer, name: str
) -> None:
    order = named(name)
    retailer.receive("shop", "order", order)
    pay(retailer, order)
    assert payments(retailer, order) == [("sandbox", order.total_minor)]
    (entry,) = state(retailer)["maps"]
    assert (entry["external_value"], entry["our_value"], entry["is_suggested"]) == (name, "sandbox", True)


def test_a_name_that_fits_none_is_listed_until_a_person_maps_it(retailer: Retailer) -> None:
    retailer.receive("shop", "order", named("Super Pay"), named("Super Pay"))
    retailer.settle()
    (unmapped,) = state(retailer)["unmapped"]
    assert (unmapped["external_value"], unmapped["kind"], unmapped["messages"]) == ("Super Pay", "gateway", 2)
    api = client(retailer, Role.ADMINISTRATOR)
    wanted = {"external_value": "Super Pay", "our_value": "sandbox"}
    assert api.put(MAPS, json=wanted).json()["unmapped"] == []
    order = named("Super Pay")
    retailer.receive("shop", "order", order)
    pay(retailer, order)
    assert payments(retailer, order) == [("sandbox", order.total_minor)]


def test_a_map_of_a_person_is_never_replaced_by_a_suggestion(retailer: Retailer) -> None:
    api = client(retailer, Role.ADMINISTRATOR)
    registry = retailer.app.registry
    razorpay = registry.connector(Kind.PAYMENTS, "razorpay")
    settings = {"key_id": "k", "key_secret": "s", "webhook_secret": "a secret that is long enough"}
    retailer.write(
        lambda tx: registry.configure(
            tx, key="rzp", connector=razorpay, name="R", settings=settings, mode=Mode.LIVE
        )
    )
    assert api.put(MAPS, json={"external_value": "1 Sandbox", "our_value": "paypall"}).status_code == 422
    api.put(MAPS, json={"external_value": "1 Sandbox", "our_value": "razorpay"})
    retailer.receive("shop", "order", named("1 Sandbox"))
    retailer.settle()
    (entry,) = state(retailer)["maps"]
    assert (entry["our_value"], entry["is_suggested"]) == ("razorpay", False)
    removed = api.post(f"{MAPS}/remove", json={"external_value": "1 Sandbox"})
    assert removed.json()["maps"] == []
    assert api.post(f"{MAPS}/remove", json={"external_value": "1 Sandbox"}).status_code == 404


def test_cash_on_delivery_needs_no_gateway(retailer: Retailer) -> None:
    order = order_snapshot(paid=False)
    cash = replace(order.payment, gateway="Cash on Delivery (COD)", on_delivery=True)
    retailer.receive("shop", "order", replace(order, payment=cash))
    retailer.settle()
    assert state(retailer)["unmapped"] == []


def test_our_own_names_need_no_map(retailer: Retailer) -> None:
    retailer.place_order()
    shop = retailer.connection_ids["shop"]
    assert retailer.read(lambda tx: maps.listed(tx, connection_id=shop)) == []
    missing = retailer.read(
        lambda tx: maps.targets(tx, connection_id=shop, kind=MapKind.GATEWAY, sources=["sandbox"])
    )
    assert missing == {}


def test_a_refund_uses_the_map_that_was_made_after_the_order_came(retailer: Retailer) -> None:
    order = named("Super Pay")
    retailer.receive("shop", "order", order)
    retailer.settle()
    (payment,) = retailer.read(lambda tx: views.of_order(tx, order_id=retailer.order_id(order)))
    with pytest.raises(errors.NotFound, match="No connection serves the payment gateway 'Super Pay'"):
        gateways.of_payment(retailer.app.context, payment)
    api = client(retailer, Role.ADMINISTRATOR)
    api.put(MAPS, json={"external_value": "Super Pay", "our_value": "sandbox"})
    assert gateways.of_payment(retailer.app.context, payment).key == "pay"


def test_the_console_and_the_command_line_map_a_name(
    retailer: Retailer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    retailer.receive("shop", "order", named("Super Pay"), named("Other Pay"))
    retailer.settle()
    with signed_in(retailer, Role.ADMINISTRATOR) as browser:
        pair = {"kind": "gateway", "external": "Super Pay", "ours": "sandbox"}
        names = "/connections/shop/names"
        assert "Mapped. What waited for it goes on." in act(
            browser, "/connections/shop/map", on=names, **pair
        )
        assert "The map is removed." in act(browser, "/connections/shop/unmap", on=names, **pair)
    for name, value in builders.environment(retailer.app).items():
        monkeypatch.setenv(name, value)
    for words in (["map", "shop", "gateway", "Other Pay", "sandbox"], ["maps", "shop"]):
        monkeypatch.setattr(sys, "argv", ["doorstep", "connections", *words])
        with pytest.raises(SystemExit):
            processes.main()
    printed = " ".join(capsys.readouterr().out.split())
    assert "shop: Other Pay is sandbox." in printed
    assert "gateway Other Pay sandbox cli" in printed
