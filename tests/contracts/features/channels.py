"""Features of orders.ports.SalesChannel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from tests.contracts import stage

from doorstep.domain.connections import model as connections
from doorstep.domain.inventory.ports import StockLevel
from doorstep.domain.orders import ports
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.kernel.results import Done

KIND = connections.Kind.CHANNELS


def shipment(context: Mapping[str, str]) -> ports.ShipmentNotice:
    return ports.ShipmentNotice(
        reference="shipment-7",
        order_external_id=context["order"],
        lines=(ports.NoticeLine(context["line"], 2),),
        carrier="Acme",
        tracking_number="TRK7",
        tracking_url="https://track.example/TRK7",
    )


def delivery(context: Mapping[str, str]) -> ports.DeliveryNotice:
    return ports.DeliveryNotice(
        reference="delivery-7",
        order_external_id=context["order"],
        shipment_external_ref=context["shipment"],
        delivered_at=datetime(2026, 5, 7, 12, tzinfo=UTC),
    )


def finished(context: Mapping[str, str]) -> ports.ReturnNotice:
    return ports.ReturnNotice(
        reference="return-7",
        order_external_id=context["order"],
        return_external_id=context["return"],
        lines=(ports.NoticeLine(context["return_line"], 1),),
        restocked_at_location="S22",
        refund_minor=79950,
        currency="INR",
    )


def stock(context: Mapping[str, str]) -> list[StockLevel]:
    return [StockLevel(context.get("listing", "GT-WH-02"), "GT-WH-02", 7)]


FEATURES = {
    "confirm_shipment": stage.Feature(
        act=lambda shop, context: shop.confirm_shipment(shipment(context)), good=bool
    ),
    "report_delivery": stage.Feature(
        act=lambda shop, context: shop.report_delivery(delivery(context)), good=bool
    ),
    "look_up_order": stage.Feature(
        act=lambda shop, context: shop.look_up_order(context["order"]),
        good=lambda seen: isinstance(seen, OrderSnapshot),
        reads=True,
    ),
    "read_stock": stage.Feature(
        act=lambda shop, context: shop.read_stock([context["listing"], "no such listing"]),
        good=lambda levels: list(levels.values()) == [7],
        reads=True,
    ),
    "publish_stock": stage.Feature(
        act=lambda shop, context: shop.publish_stock(stock(context)),
        good=lambda ended: isinstance(ended, Done) and not ended.refused,
        ended=lambda done: done,
        has_reference=False,  # levels are absolute: a repeat sets them again
    ),
    "approve_return": stage.Feature(
        act=lambda shop, context: shop.approve_return(return_external_id=context["return"]), good=bool
    ),
    "report_return": stage.Feature(
        act=lambda shop, context: shop.report_return(finished(context)), good=bool
    ),
}
