"""From stock to delivery: allocation with reasons, work of locations, scans of carriers, cancellations."""

from __future__ import annotations

import pytest
from tests.builders import JACKET, NOON, SHIRT, Retailer, later, line, order_snapshot

from doorstep.domain.fulfillment.model import RejectReason, State, Work, WrongScan
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock_views
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.routing import views as routing
from doorstep.domain.shipping.model import TrackingStatus
from doorstep.flows.fulfillment import cancel, fulfill, packing, recall
from doorstep.kernel import errors
from doorstep.kernel.ids import OrderId
from doorstep.kernel.message import english


def where(retailer: Retailer, order_id: OrderId) -> dict[str, list[tuple[str, int]]]:
    """Living work by location."""
    codes = {location: code for code, location in retailer.location_ids.items()}
    return {
        codes[work.location_id]: [(each.sku, each.quantity) for each in work.lines]
        for work in retailer.work(order_id)
        if work.state not in {State.REJECTED, State.CANCELED}
    }


def counters(retailer: Retailer, order_id: OrderId, line_no: int) -> tuple[int, int, int, int, int]:
    found = retailer.order(order_id).line(line_no)
    return found.allocated, found.picked, found.packed, found.shipped, found.delivered


def test_each_line_is_allocated_to_one_location_with_a_reason(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    assert where(retailer, order_id) == {"WH-A": [(JACKET, 1)], "ST-22": [(SHIRT, 2)]}
    assert [
        retailer.count(JACKET, "WH-A"),
        retailer.count(SHIRT, "ST-22"),
        retailer.count(SHIRT, "WH-A"),
    ] == [
        (8, 1),
        (3, 2),
        (1, 0),
    ]
    (decision,) = retailer.read(lambda tx: routing.decisions(tx, order_id=order_id))
    jacket, shirts = (str(each.sentence) for each in decision.explanation.lines)
    assert jacket.startswith("Warehouse A (1147 km): the nearest of 2 locations")
    assert shirts.endswith("the only location with all 2.")
    assert {each.location: english(each.eliminated) for each in decision.explanation.lines[1].candidates} == {
        "ST-22": "",
        "WH-A": "has 1 of 2: the line would be split",
    }


def test_an_unavailable_line_waits_and_continues_when_stock_arrives(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 6)))
    assert (where(retailer, order_id), retailer.count(SHIRT, "ST-22")) == ({}, (3, 0))
    assert "order.short" in retailer.event_types(order_id)
    more = Correction(SHIRT, retailer.location_ids["WH-B"], "delivery", change=5)
    retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=NOON))
    retailer.settle()
    assert where(retailer, order_id) == {"ST-22": [(SHIRT, 3)], "WH-B": [(SHIRT, 3)]}
    assert retailer.event_types(order_id)[-1] == "order.allocated"


@pytest.mark.parametrize(
    ("reason", "left"),
    [
        (RejectReason.NOT_IN_STOCK, (0, 0)),
        (RejectReason.DAMAGED, (7, 0)),
        (RejectReason.STORE_CLOSED, (8, 0)),
    ],
)
def test_a_rejected_line_is_routed_elsewhere_and_stock_is_corrected(
    retailer: Retailer, reason: RejectReason, left: tuple[int, int]
) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (work,) = retailer.work(order_id)
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=NOON))
    retailer.write(lambda tx: fulfill.pick(tx, fulfillment_order_id=work.id, code=JACKET, now=NOON))
    retailer.write(
        lambda tx: fulfill.reject(tx, fulfillment_order_id=work.id, reason=reason, note="", now=NOON)
    )
    retailer.settle()
    assert where(retailer, order_id) == {"WH-B": [(JACKET, 1)]}
    assert retailer.count(JACKET, "WH-A") == left
    assert counters(retailer, order_id, 1) == (1, 0, 0, 0, 0)
    (newest, _) = retailer.read(lambda tx: routing.decisions(tx, order_id=order_id))
    eliminated = {each.location: english(each.eliminated) for each in newest.explanation.lines[0].candidates}
    assert eliminated["WH-A"] == "rejected this before"


def scan(retailer: Retailer, work: Work, code: str) -> None:
    retailer.write(lambda tx: fulfill.pick(tx, fulfillment_order_id=work.id, code=code, now=NOON))


def test_a_scan_picks_one_unit_and_a_wrong_one_none(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(SHIRT, 2)))
    (work,) = retailer.work(order_id)
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=NOON))
    for code in (" GT-WH-02 ", "8900000010226"):
        with pytest.raises(WrongScan, match="not on this pick list"):
            scan(retailer, work, "DJ-BL-01")
        scan(retailer, work, code)
    assert counters(retailer, order_id, 1) == (2, 2, 0, 0, 0)
    assert retailer.work(order_id)[0].state is State.PICKED


def test_a_stale_quantity_gets_the_current_one(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (work,) = retailer.work(order_id)
    retailer.write(
        lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, version=work.version, now=NOON)
    )
    with pytest.raises(errors.Conflict) as stale:
        retailer.write(
            lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, version=work.version, now=NOON)
        )
    assert stale.value.data == {"state": "accepted", "version": work.version + 1}


def test_a_person_and_a_scan_both_say_that_it_left(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (parcel,) = retailer.ship(order_id)
    retailer.hand_over(retailer.work(order_id)[0])
    retailer.scan(parcel, TrackingStatus.PICKED_UP)
    assert retailer.event_types(order_id).count("shipment.dispatched") == 1
    assert retailer.count(JACKET, "WH-A") == (7, 0)


def test_a_scan_alone_marks_shipment_and_delivery(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    retailer.pack(retailer.work(order_id)[0])
    retailer.settle()
    retailer.scan(retailer.parcels(order_id)[0], TrackingStatus.DELIVERED, hours=30)
    assert counters(retailer, order_id, 1) == (1, 1, 1, 1, 1)
    assert retailer.work(order_id)[0].state is State.SHIPPED
    assert [
        retailer.event_types(order_id).count(each)
        for each in ("shipment.dispatched", "shipment.delivered", "order.completed")
    ] == [1, 1, 1]
    assert retailer.count(JACKET, "WH-A") == (7, 0)


def test_scans_in_any_order_and_repeated_have_the_same_result(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (parcel,) = retailer.ship(order_id)
    for hours, status in (
        (30, TrackingStatus.DELIVERED),
        (2, TrackingStatus.PICKED_UP),
        (20, TrackingStatus.OUT_FOR_DELIVERY),
        (30, TrackingStatus.DELIVERED),
        (31, TrackingStatus.UNKNOWN),
    ):
        retailer.scan(parcel, status, hours=hours)
    assert retailer.parcels(order_id)[0].tracking_status is TrackingStatus.DELIVERED
    assert [
        retailer.event_types(order_id).count(each) for each in ("shipment.tracked", "shipment.delivered")
    ] == [
        0,
        1,
    ]
    assert counters(retailer, order_id, 1) == (1, 1, 1, 1, 1)


def test_an_unknown_parcel_is_retried_and_then_shown(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (parcel,) = retailer.ship(order_id)
    retailer.write(lambda tx: tx.execute("UPDATE label_purchases SET tracking_number = 'ELSEWHERE'"))
    retailer.scan(parcel, TrackingStatus.DELIVERED)
    (letter,) = retailer.dead_letters()
    assert (letter["error_class"], letter["attempts"]) == ("transient", 3)
    assert str(letter["error"]) == f"No parcel has the tracking number {parcel.tracking_number}."


def test_canceling_before_or_during_work_releases_the_stock(retailer: Retailer) -> None:
    reported = order_snapshot()
    order_id = retailer.place_order(reported)
    picked = next(work for work in retailer.work(order_id) if work.lines[0].sku == SHIRT)
    retailer.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=picked.id, now=NOON))
    retailer.write(lambda tx: fulfill.pick(tx, fulfillment_order_id=picked.id, code=SHIRT, now=NOON))
    retailer.receive("shop", "order", later(reported, 5, canceled_at=NOON))
    retailer.settle()
    assert where(retailer, order_id) == {}
    assert [retailer.count(JACKET, "WH-A"), retailer.count(SHIRT, "ST-22")] == [(8, 0), (3, 0)]
    assert retailer.order(order_id).header.canceled_at is not None
    with pytest.raises(errors.Conflict):
        retailer.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=picked.id, now=NOON))


def test_canceling_with_a_packed_part_cancels_the_rest_and_holds_the_parcel(retailer: Retailer) -> None:
    reported = order_snapshot()
    order_id = retailer.place_order(reported)
    packed = next(work for work in retailer.work(order_id) if work.lines[0].sku == JACKET)
    retailer.pack(packed)
    retailer.receive("shop", "order", later(reported, 5, canceled_at=NOON))
    retailer.settle()
    assert where(retailer, order_id) == {"WH-A": [(JACKET, 1)]}
    assert "packed or shipped" in retailer.holds(order_id)["manual"]
    with pytest.raises(errors.Refused, match="The order is held"):
        retailer.hand_over(packed)


def test_canceled_after_it_left_is_held_for_a_person(retailer: Retailer) -> None:
    reported = order_snapshot(line(JACKET))
    order_id = retailer.place_order(reported)
    retailer.ship(order_id)
    retailer.receive("shop", "order", later(reported, 5, canceled_at=NOON))
    retailer.settle()
    assert "stop the parcel or expect a return" in retailer.holds(order_id)["manual"]
    with pytest.raises(errors.Refused, match="open a return"):
        retailer.write(lambda tx: cancel.cancel(tx, order_id=order_id, reason="please", now=NOON))


def test_an_order_canceled_before_its_first_snapshot(retailer: Retailer) -> None:
    reported = order_snapshot()
    retailer.receive("shop", "order", later(reported, 5, canceled_at=NOON), reported)
    retailer.settle()
    order_id = retailer.order_id(reported)
    assert retailer.event_types(order_id) == ["order.placed", "order.canceled"]
    assert (where(retailer, order_id), retailer.client("mail").messages) == ({}, {})


def test_after_all_this_the_ledger_agrees(retailer: Retailer) -> None:
    first, second = order_snapshot(), order_snapshot(line(SHIRT, 1))
    for reported in (first, second):
        retailer.ship(retailer.place_order(reported))
    retailer.receive("shop", "order", order_snapshot(line(SHIRT, 5)), later(second, 9, canceled_at=NOON))
    retailer.settle()
    assert retailer.read(stock_views.drift) == []


def test_unaccepted_work_is_rerouted_when_recalled(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (work,) = retailer.work(order_id)
    gone = retailer.write(
        lambda tx: recall.request(tx, fulfillment_order_id=work.id, why="the lorry left", now=NOON)
    )
    retailer.settle()
    assert gone
    assert where(retailer, order_id) == {"WH-B": [(JACKET, 1)]}


def test_a_location_may_decline_a_recall_of_accepted_work(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (work,) = retailer.work(order_id)
    ask = {"fulfillment_order_id": work.id, "now": NOON}
    retailer.write(lambda tx: fulfill.accept(tx, **ask))
    assert not retailer.write(lambda tx: recall.request(tx, why="the lorry left", **ask))
    with pytest.raises(errors.Conflict, match="requested already"):
        retailer.write(lambda tx: recall.request(tx, why="again", **ask))
    retailer.write(lambda tx: recall.decline(tx, note="picked already", **ask))
    assert where(retailer, order_id) == {"WH-A": [(JACKET, 1)]}
    assert retailer.event_types(order_id)[-2:] == [
        "fulfillment.recall_requested",
        "fulfillment.recall_declined",
    ]


def test_packed_work_cannot_be_recalled(retailer: Retailer) -> None:
    order_id = retailer.place_order(order_snapshot(line(JACKET)))
    (work,) = retailer.work(order_id)
    ask = {"fulfillment_order_id": work.id, "now": NOON}
    for verb in (fulfill.accept, fulfill.pick_all, packing.pack):
        retailer.write(lambda tx, verb=verb: verb(tx, **ask))
    with pytest.raises(errors.Conflict, match="it cannot be recalled"):
        retailer.write(lambda tx: recall.request(tx, why="too late", **ask))
