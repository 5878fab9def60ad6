"""Consolidation: a customer's orders from one location ship under one label, or are closed after a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from tests.builders import NOON, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.fulfillment.model import RejectReason, State, Work
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.actions import Shipment
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.flows.shipping import consolidation
from doorstep.kernel.ids import OrderId


class At:
    """A clock that stands still."""

    def __init__(self, minutes: int) -> None:
        self._now = NOON + timedelta(minutes=minutes)

    def now(self) -> datetime:
        return self._now


@pytest.fixture
def two(retailer: Retailer) -> list[OrderId]:
    """Two orders of one customer, a shirt each, both from Store 22."""
    return [
        retailer.place_order(order_snapshot(line(SHIRT, 1), customer_external_id="c-1")) for _ in range(2)
    ]


def work_of(retailer: Retailer, order_id: OrderId) -> Work:
    (work,) = [each for each in retailer.work(order_id) if each.state is not State.REJECTED]
    return work


def pack(retailer: Retailer, order_id: OrderId) -> None:
    work = work_of(retailer, order_id)
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=NOON))
    retailer.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=work.id, now=NOON))
    retailer.write(lambda tx: packing.pack(tx, fulfillment_order_id=work.id, now=NOON))
    retailer.settle()


def parcel_of(retailer: Retailer, order_id: OrderId) -> Shipment | None:
    work = work_of(retailer, order_id)
    found = retailer.read(lambda tx: parcels.of_work(tx, fulfillment_order_id=work.id))
    return found[0] if found else None


def test_the_label_is_bought_once_when_all_is_packed(retailer: Retailer, two: list[OrderId]) -> None:
    first, second = two
    pack(retailer, first)
    assert parcel_of(retailer, first) is None
    pack(retailer, second)
    one, other = parcel_of(retailer, first), parcel_of(retailer, second)
    assert one is not None
    assert other is not None
    assert one.parcel_id == other.parcel_id
    assert one.reference == one.label_reference == other.label_reference != other.reference
    assert one.tracking_number == other.tracking_number != ""
    assert one.weight_grams == retailer.app.context.packaging.weight_grams + 2 * 210


def test_one_hand_over_and_one_scan_cover_the_complete_parcel(retailer: Retailer, two: list[OrderId]) -> None:
    for order_id in two:
        pack(retailer, order_id)
    work = work_of(retailer, two[1])
    retailer.write(lambda tx: packing.ship(tx, fulfillment_order_id=work.id, now=NOON))
    assert [work_of(retailer, each).state for each in two] == [State.SHIPPED, State.SHIPPED]
    assert [retailer.order(each).line(1).shipped for each in two] == [1, 1]


def test_what_is_rejected_is_not_waited_for(retailer: Retailer, two: list[OrderId]) -> None:
    first, second = two
    pack(retailer, first)
    work = work_of(retailer, second)
    retailer.write(
        lambda tx: fulfill.reject(
            tx, fulfillment_order_id=work.id, reason=RejectReason.DAMAGED, note="", now=NOON
        )
    )
    retailer.settle()
    alone = parcel_of(retailer, first)
    assert alone is not None
    assert alone.tracking_number


def test_a_parcel_is_closed_after_half_an_hour(retailer: Retailer, two: list[OrderId]) -> None:
    pack(retailer, two[0])
    context = retailer.app.context
    assert consolidation.close_overdue(replace(context, clock=At(29))) == 0
    assert consolidation.close_overdue(replace(context, clock=At(31))) == 1
    retailer.settle()
    alone = parcel_of(retailer, two[0])
    assert alone is not None
    assert len(retailer.read(lambda tx: parcels.in_parcel(tx, parcel_id=alone.parcel_id))) == 1


def test_another_customer_or_address_has_a_parcel_of_its_own(retailer: Retailer) -> None:
    mine = retailer.place_order(order_snapshot(line(SHIRT, 1), customer_external_id="c-1"))
    retailer.place_order(order_snapshot(line(SHIRT, 1), customer_external_id="c-2"))
    pack(retailer, mine)
    alone = parcel_of(retailer, mine)
    assert alone is not None
    assert alone.tracking_number


def test_what_the_customer_fetches_gets_no_label(retailer: Retailer) -> None:
    fetched = retailer.place_order(order_snapshot(line(SHIRT, 1), pickup="ST-22"))
    pack(retailer, fetched)
    assert parcel_of(retailer, fetched) is None
    assert consolidation.close_overdue(replace(retailer.app.context, clock=At(31))) == 0


def test_a_pickup_is_served_at_its_location_or_not_at_all(retailer: Retailer) -> None:
    """Warehouse A has jackets, Store 22 has none: the order waits."""
    waits = retailer.place_order(order_snapshot(line("DJ-BL-01"), pickup="ST-22"))
    assert retailer.work(waits) == []
    assert retailer.order(waits).header.queue == "brokering"
