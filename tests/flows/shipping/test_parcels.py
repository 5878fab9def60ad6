"""Several parcels of one fulfillment order: each has its label, its tracking, its shipment in the shop and its invoice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import NOON, SHIRT, Retailer, line, order_snapshot

from doorstep.domain.fulfillment.model import State, Work
from doorstep.domain.inventory import views as stock
from doorstep.domain.invoicing import views as documents
from doorstep.domain.shipping.actions import Shipment
from doorstep.domain.shipping.model import (
    LabelState,
    Packed,
    Size,
    TrackingStatus,
    WrongContents,
    check_contents,
)
from doorstep.flows.fulfillment import cancel, fulfill, packing
from doorstep.kernel import errors
from doorstep.kernel.ids import OrderId, Sku


@pytest.fixture
def three(retailer: Retailer) -> OrderId:
    """An order of three shirts that cost 100.01 together, all from Store 22."""
    return retailer.place_order(order_snapshot(line(SHIRT, 3, 3_334, discount_minor=1)))


def pick(retailer: Retailer, order_id: OrderId) -> Work:
    (work,) = retailer.work(order_id)
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=NOON))
    retailer.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=work.id, now=NOON))
    return work


def pack(retailer: Retailer, work: Work, *parcels: Packed) -> None:
    context = retailer.app.context
    retailer.write(
        lambda tx: packing.pack_parcels(context, tx, fulfillment_order_id=work.id, parcels=parcels, now=NOON)
    )
    retailer.settle()


def two_parcels(retailer: Retailer, order_id: OrderId) -> tuple[Shipment, Shipment]:
    """One shirt in the first parcel, two in the second."""
    pack(retailer, pick(retailer, order_id), Packed({1: 1}), Packed({1: 2}, 900, Size(400, 300, 100)))
    first, second = retailer.parcels(order_id)
    return first, second


def state(retailer: Retailer, order_id: OrderId) -> State:
    (work,) = retailer.work(order_id)
    return work.state


def test_two_parcels_get_two_labels_and_two_tracking_numbers(retailer: Retailer, three: OrderId) -> None:
    first, second = two_parcels(retailer, three)
    assert first.parcel_id != second.parcel_id
    assert first.label_state is second.label_state is LabelState.PURCHASED
    assert len({first.tracking_number, second.tracking_number, ""}) == 3
    assert len(retailer.client("store-parcels").labels) == 2
    assert [[each.quantity for each in parcel.lines] for parcel in (first, second)] == [[1], [2]]
    packaging = retailer.app.context.packaging
    assert (first.weight_grams, first.size) == (packaging.weight_grams + 210, None)
    assert (second.weight_grams, second.size) == (900, Size(400, 300, 100))


def test_two_parcels_are_two_shipments_in_the_shop_and_two_invoices_that_add_up(
    retailer: Retailer, three: OrderId
) -> None:
    parcels = two_parcels(retailer, three)
    (work,) = retailer.work(three)
    retailer.hand_over(work)
    retailer.settle()
    notices = retailer.client("shop").shipments
    assert {number: [each.quantity for each in notice.lines] for number, notice in notices.items()} == {
        parcels[0].tracking_number: [1],
        parcels[1].tracking_number: [2],
    }
    assert len({each.channel_ref for each in retailer.parcels(three)} - {""}) == 2
    invoices = retailer.read(lambda tx: documents.of_order(tx, order_id=three))
    totals = [
        sum(
            each.taxable_minor + sum(tax.amount_minor for tax in each.taxes)
            for each in invoice.document.lines
        )
        for invoice in invoices
    ]
    assert (len(totals), sum(totals)) == (2, 10_001)
    assert (state(retailer, three), retailer.order(three).line(1).shipped) == (State.SHIPPED, 3)
    assert retailer.read(stock.drift) == []


def test_one_parcel_may_leave_before_the_other(retailer: Retailer, three: OrderId) -> None:
    before = retailer.count(SHIRT, "ST-22")
    first, second = two_parcels(retailer, three)
    assert retailer.count(SHIRT, "ST-22") == before
    for _ in range(2):
        retailer.write(lambda tx: packing.ship_parcel(tx, shipment_id=second.id, now=NOON))
    assert retailer.count(SHIRT, "ST-22") == (before[0] - 2, before[1] - 2)
    assert (state(retailer, three), retailer.order(three).line(1).shipped) == (State.PACKED, 2)
    retailer.settle()
    assert list(retailer.client("shop").shipments) == [second.tracking_number]
    retailer.scan(first, TrackingStatus.PICKED_UP)
    assert (state(retailer, three), retailer.order(three).line(1).shipped) == (State.SHIPPED, 3)
    assert retailer.count(SHIRT, "ST-22") == (before[0] - 3, before[1] - 3)
    assert retailer.event_types(three).count("shipment.dispatched") == 2
    assert retailer.read(stock.drift) == []


def test_an_order_is_complete_when_its_last_parcel_is_delivered(retailer: Retailer, three: OrderId) -> None:
    first, second = two_parcels(retailer, three)
    retailer.scan(second, TrackingStatus.DELIVERED, hours=2)
    assert (retailer.order(three).header.completed_at, retailer.order(three).line(1).delivered) == (None, 2)
    retailer.scan(first, TrackingStatus.DELIVERED, hours=30)
    assert retailer.order(three).header.completed_at is not None
    assert retailer.order(three).line(1).delivered == 3
    assert set(retailer.client("shop").deliveries) == {
        first.channel_ref or first.tracking_number,
        second.tracking_number,
    }


def test_a_refused_label_holds_back_its_own_parcel_only(retailer: Retailer, three: OrderId) -> None:
    _first, second = two_parcels(retailer, three)
    retailer.write(
        lambda tx: tx.execute(
            "UPDATE label_purchases SET state = 'failed' WHERE parcel_id = %s", (second.parcel_id,)
        )
    )
    (work,) = retailer.work(three)
    with pytest.raises(errors.Refused, match="no label yet"):
        retailer.write(lambda tx: packing.ship(tx, fulfillment_order_id=work.id, now=NOON))
    assert retailer.order(three).line(1).shipped == 0
    retailer.write(lambda tx: packing.ship_parcel(tx, shipment_id=_first.id, now=NOON))
    assert retailer.order(three).line(1).shipped == 1


def test_what_is_packed_in_parcels_of_its_own_does_not_wait_for_other_orders(retailer: Retailer) -> None:
    mine, other = (
        retailer.place_order(order_snapshot(line(SHIRT, 2), customer_external_id="c-1")) for _ in range(2)
    )
    pack(retailer, pick(retailer, mine), Packed({1: 1}), Packed({1: 1}))
    assert [each.label_state for each in retailer.parcels(mine)] == [LabelState.PURCHASED] * 2
    retailer.pack(retailer.work(other)[0])
    retailer.settle()
    (alone,) = retailer.parcels(other)
    assert alone.parcel_id not in {each.parcel_id for each in retailer.parcels(mine)}


@pytest.mark.parametrize(
    ("parcels", "problem"),
    [
        ([Packed({1: 1}), Packed({1: 1})], "Line 1 has 3 × GT-WH-02; the parcels hold 2."),
        ([Packed({1: 3}), Packed({1: 1})], "Line 1 has 3 × GT-WH-02; the parcels hold 4."),
        ([Packed({1: 3}), Packed({1: 0})], "Parcel 2 is empty"),
        ([Packed({1: 4}), Packed({1: -1})], "Parcel 2 is empty"),
        ([Packed({1: 3}), Packed({2: 1})], "The fulfillment order has no line 2."),
    ],
)
def test_parcels_hold_exactly_what_is_to_be_shipped(
    retailer: Retailer, three: OrderId, parcels: list[Packed], problem: str
) -> None:
    work = pick(retailer, three)
    with pytest.raises(WrongContents, match=problem):
        pack(retailer, work, *parcels)
    assert (state(retailer, three), retailer.parcels(three)) == (State.PICKED, [])


def test_what_the_customer_collects_is_packed_without_parcels(retailer: Retailer) -> None:
    fetched = retailer.place_order(order_snapshot(line(SHIRT, 2), pickup="ST-22"))
    work = pick(retailer, fetched)
    with pytest.raises(errors.Refused, match="collects this order"):
        pack(retailer, work, Packed({1: 1}), Packed({1: 1}))


def test_a_parcel_that_left_is_not_taken_back_by_a_cancellation(retailer: Retailer, three: OrderId) -> None:
    first, _second = two_parcels(retailer, three)
    retailer.write(lambda tx: packing.ship_parcel(tx, shipment_id=first.id, now=NOON))
    with pytest.raises(errors.Refused, match="Everything is packed or shipped: stop the parcels"):
        retailer.write(lambda tx: cancel.cancel(tx, order_id=three, reason="asked", now=NOON))
    assert retailer.order(three).line(1).shipped == 1


@given(
    st.dictionaries(st.integers(1, 4), st.integers(1, 9), min_size=1).flatmap(
        lambda lines: st.tuples(
            st.just(lines),
            st.lists(
                st.dictionaries(st.sampled_from(sorted(lines)), st.integers(1, 9), min_size=1),
                min_size=1,
                max_size=4,
            ),
        )
    )
)
def test_contents_are_right_exactly_if_they_add_up(case: tuple[dict[int, int], list[dict[int, int]]]) -> None:
    quantities, units = case
    adds_up = all(
        sum(each.get(line_no, 0) for each in units) == quantity for line_no, quantity in quantities.items()
    )
    try:
        check_contents(
            {no: (Sku(SHIRT), count) for no, count in quantities.items()}, [Packed(each) for each in units]
        )
    except WrongContents:
        assert not adds_up
    else:
        assert adds_up
