"""Shipments that a shop in shadow mode was not sent are compared with the fulfillments that it reports."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from tests import clock
from tests.builders import NOON, SHIRT, Retailer, later, line, order_snapshot
from tests.delivery.test_shadow import switch_to

from doorstep.adapters.channels.sandbox.client import PlacedOrder
from doorstep.domain.connections.model import Mode
from doorstep.domain.connections.model.comparison import Fact, Operation, Result
from doorstep.domain.connections.views import comparisons
from doorstep.domain.connections.views.comparisons import Comparison, Filter
from doorstep.domain.orders.model import OrderSnapshot, ReportedFulfillment
from doorstep.domain.shipping.model import TrackingStatus
from doorstep.flows.comparison import compare
from doorstep.kernel.ids import OrderId

UNITS = {f"line-{SHIRT}": 3}


def compared(retailer: Retailer, key: str = "shop") -> list[Comparison]:
    """What is known after the clock has had everything compared, oldest first."""
    compare.compare_due(retailer.app.context)
    wanted = Filter(retailer.connection_ids[key])
    return retailer.read(lambda tx: comparisons.listed(tx, wanted=wanted))[::-1]


def only(retailer: Retailer, operation: Operation = Operation.CONFIRM_SHIPMENT) -> Comparison:
    (found,) = [each for each in compared(retailer) if each.operation is operation]
    return found


def fulfilled(order: OrderSnapshot, tracking: str, **given: object) -> OrderSnapshot:
    """The shop reports the order with one fulfillment of everything in it."""
    made = ReportedFulfillment("f-1", UNITS, tracking_numbers=(tracking,), carrier="sandbox", shipped_at=NOON)
    return later(order, 5, fulfillments=(replace(made, **given),))  # type: ignore[arg-type]  # fields by name


@pytest.fixture
def order() -> OrderSnapshot:
    return order_snapshot(line(SHIRT, 3))


@pytest.fixture
def order_id(retailer: Retailer, order: OrderSnapshot) -> OrderId:
    """An order that was shipped while the shop was in shadow mode, so that it was not informed."""
    switch_to(retailer, "shop", Mode.SHADOW)
    order_id = retailer.place_order(order)
    (shipment,) = retailer.ship(order_id)
    assert (shipment.channel_ref, retailer.client("shop").shipments) == ("", {})
    return order_id


def report(retailer: Retailer, order: OrderSnapshot) -> None:
    retailer.receive("shop", "order", order)
    retailer.settle()


def test_a_call_waits_while_the_shop_has_said_nothing(retailer: Retailer, order_id: OrderId) -> None:
    (shipment,) = retailer.parcels(order_id)
    found = only(retailer)
    assert (found.result, str(found.reason)) == (
        Result.OPEN,
        "The channel has said nothing of the order since.",
    )
    assert found.ours == {
        Fact.UNITS: f"{SHIRT} × 3",
        Fact.TRACKING_NUMBER: shipment.tracking_number,
        Fact.CARRIER: shipment.carrier,
    }
    assert (found.order_id, found.theirs, found.ended) == (order_id, {}, "")


def test_the_same_shipment_by_another_system(
    retailer: Retailer, order: OrderSnapshot, order_id: OrderId
) -> None:
    (shipment,) = retailer.parcels(order_id)
    report(retailer, fulfilled(order, shipment.tracking_number.lower(), carrier=shipment.carrier))
    found = only(retailer)
    assert (found.result, found.differs) == (Result.SAME, [])
    assert found.theirs[Fact.TRACKING_NUMBER] == shipment.tracking_number.lower()


def test_another_parcel_for_the_same_units_differs_by_its_number(
    retailer: Retailer, order: OrderSnapshot, order_id: OrderId
) -> None:
    (shipment,) = retailer.parcels(order_id)
    report(retailer, fulfilled(order, "OLD-1", carrier=shipment.carrier))
    found = only(retailer)
    assert (found.result, found.differs) == (Result.DIFFERENT, [Fact.TRACKING_NUMBER])
    assert found.theirs[Fact.TRACKING_NUMBER] == "OLD-1"
    report(retailer, later(fulfilled(order, "OLD-1", is_void=True), 6))
    with clock.at(clock.CLOCK.now() + timedelta(hours=1)):
        assert only(retailer).result is Result.ONLY_OURS


def test_fewer_units_differ(retailer: Retailer, order: OrderSnapshot, order_id: OrderId) -> None:
    (shipment,) = retailer.parcels(order_id)
    report(retailer, fulfilled(order, shipment.tracking_number, lines={f"line-{SHIRT}": 2}, carrier=""))
    found = only(retailer)
    assert (found.differs, found.theirs[Fact.UNITS]) == ([Fact.UNITS], f"{SHIRT} × 2")


def test_only_we_shipped_when_the_shop_has_news_without_a_fulfillment(
    retailer: Retailer, order: OrderSnapshot, order_id: OrderId
) -> None:
    report(retailer, later(order, 60 * 24, note="Ring twice"))
    assert only(retailer).result is Result.ONLY_OURS


def test_a_shop_that_can_be_asked_is_asked(
    retailer: Retailer, order: OrderSnapshot, order_id: OrderId
) -> None:
    shop = retailer.client("shop")
    (shipment,) = retailer.parcels(order_id)
    shown = fulfilled(order, shipment.tracking_number, carrier="")
    shop.placed[order.external_id] = PlacedOrder("e-1", retailer.body_of("shop", shown), NOON)
    assert only(retailer).result is Result.SAME


def test_a_shipment_that_only_others_made(retailer: Retailer) -> None:
    switch_to(retailer, "shop", Mode.SHADOW)
    order = order_snapshot(line(SHIRT, 3))
    order_id = retailer.place_order(order)
    report(retailer, fulfilled(order, "OLD-9"))
    (found,) = compared(retailer)
    assert (found.result, found.reference, found.order_id, found.ours) == (
        Result.ONLY_THEIRS,
        "f-1",
        order_id,
        {},
    )
    assert found.theirs == {
        Fact.UNITS: f"{SHIRT} × 3",
        Fact.TRACKING_NUMBER: "OLD-9",
        Fact.CARRIER: "sandbox",
    }
    retailer.ship(order_id)
    (again,) = compared(retailer)
    assert (again.result, again.differs[0]) == (Result.DIFFERENT, Fact.TRACKING_NUMBER)


def test_a_delivery_is_compared_by_its_day(
    retailer: Retailer, order: OrderSnapshot, order_id: OrderId
) -> None:
    (shipment,) = retailer.parcels(order_id)
    retailer.scan(shipment, TrackingStatus.DELIVERED, hours=24)
    assert retailer.dead_letters() == []
    report(retailer, fulfilled(order, shipment.tracking_number))
    assert only(retailer, Operation.REPORT_DELIVERY).result is Result.OPEN
    when = NOON + timedelta(hours=48)
    report(retailer, later(fulfilled(order, shipment.tracking_number, delivered_at=when), 9))
    found = only(retailer, Operation.REPORT_DELIVERY)
    assert (found.result, found.differs) == (Result.DIFFERENT, [Fact.DELIVERED_ON])


def test_nothing_is_stored_while_no_connection_is_in_shadow_mode(retailer: Retailer) -> None:
    order = order_snapshot(line(SHIRT, 3))
    retailer.place_order(order)
    report(retailer, fulfilled(order, "OLD-9"))
    assert retailer.read(lambda tx: tx.rows("SELECT * FROM reported_fulfillments")) == []
    assert compared(retailer) == []
