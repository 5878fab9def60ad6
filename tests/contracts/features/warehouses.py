"""Features of fulfillment.ports.Warehouse."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from tests.clock import NOON
from tests.contracts import stage

from doorstep.domain.connections import model as connections
from doorstep.domain.fulfillment.model import warehouse
from doorstep.domain.fulfillment.ports import Warehouse

KIND = connections.Kind.WAREHOUSES
REQUEST = warehouse.FulfillmentRequest(
    reference="FO-7",
    warehouse="DEL1",
    order_number="#1001",
    ordered_at=NOON,
    ship_by=NOON + timedelta(days=1),
    service="standard",
    note="Ring twice",
    recipient=warehouse.Recipient(
        "Meera Iyer", "", "12 Lodhi Road", "", "New Delhi", "DL", "110003", "IN", "+911100000000", "meera@example.in"
    ),
    lines=(warehouse.RequestedLine("1", "GT-WH-02", "Shirt", 2),),
)  # fmt: skip


def _cancel(port: Warehouse, context: Mapping[str, str]) -> object:
    return port.cancel(reference=REQUEST.reference, external_ref=context["external_ref"])


FEATURES = {
    "fulfill": stage.Feature(act=lambda port, _: port.send(REQUEST), good=bool),
    "cancel": stage.Feature(
        act=_cancel,
        good=lambda answer: answer in {warehouse.CancelAnswer.ACCEPTED, warehouse.CancelAnswer.ASKED},
    ),
}
