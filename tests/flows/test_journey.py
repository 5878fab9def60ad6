"""One order from purchase to refund with partners in memory: events, counters and messages of each step."""

from __future__ import annotations

from tests.builders import JACKET, SHIRT, Retailer

from doorstep.domain.shipping.model import TrackingStatus


def test_an_order_goes_from_placed_to_completed(retailer: Retailer) -> None:
    order_id = retailer.place_order()
    assert retailer.event_types(order_id) == [
        "order.placed",
        "order.approved",
        "order.allocated",
        "payment.captured",
        "message.sent",
    ]
    locations = {retailer.location_ids["WH-A"]: JACKET, retailer.location_ids["ST-22"]: SHIRT}
    assert {work.location_id: work.lines[0].sku for work in retailer.work(order_id)} == locations
    for parcel in retailer.ship(order_id):
        retailer.scan(parcel, TrackingStatus.DELIVERED, hours=24)
    assert retailer.event_types(order_id).count("shipment.delivered") == 2
    assert retailer.event_types(order_id)[-1] != "order.held"
    assert retailer.order(order_id).header.completed_at is not None
    assert retailer.dead_letters() == []
