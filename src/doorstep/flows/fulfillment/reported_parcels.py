"""Ship a fulfillment order in parcels that somebody else packed and labeled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import Command
from doorstep.domain.fulfillment.model import State, Work, cause, parcel_cause
from doorstep.domain.fulfillment.model.warehouse import Carton, units_of
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import ReservationSplit
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import LineCount
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcel_views
from doorstep.domain.shipping.actions import Contents, NewParcel, ShipmentLine
from doorstep.domain.shipping.model import Direction, Label
from doorstep.flows.shipping import ship as ship_flow
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, ShipmentId


def ship(
    tx: WriteTx, *, work_id: FulfillmentOrderId, cartons: Sequence[Carton], connection_id: int, at: datetime
) -> None:
    """Pack the work in these cartons and hand them over: stock leaves, and the shipment is announced as always."""
    work = work_views.work(tx, fulfillment_order_id=work_id)
    _pack(tx, work, at)
    parts: dict[int, dict[str, int]] = {}
    shipment_ids: list[ShipmentId] = []
    for carton in cartons:
        shipment_id = _parcel(tx, work, carton, connection_id, at)
        shipment_ids.append(shipment_id)
        for line_no, quantity in units_of(carton.lines).items():
            parts.setdefault(line_no, {})[parcel_cause(work.id, line_no, shipment_id)] = quantity
    inventory.split_reservations(tx, splits=_splits(work, parts), at=at)
    for shipment_id in shipment_ids:
        shipment = parcel_views.shipment(tx, shipment_id=shipment_id)
        ship_flow.hand_over(tx, parcel=[shipment], at=at)


def _pack(tx: WriteTx, work: Work, at: datetime) -> None:
    """Bring the work to packed, whatever the warehouse has reported of it before."""
    command = Command(work.id, network.location(tx, location_id=work.location_id).code, at)
    counts = [LineCount(work.order_id, line.line_no, line.quantity) for line in work.lines]
    if work.state is State.OPEN:
        fulfillment.accept(tx, command=command)
    if work.state in {State.OPEN, State.ACCEPTED}:
        fulfillment.pick_all(tx, command=command)
        left = [
            LineCount(work.order_id, line.line_no, line.quantity - line.picked)
            for line in work.lines
            if line.quantity > line.picked
        ]
        orders.count(tx, counters=["picked"], counts=left)
    fulfillment.pack(tx, command=command)
    orders.count(tx, counters=["packed"], counts=counts)


def _parcel(tx: WriteTx, work: Work, carton: Carton, connection_id: int, at: datetime) -> ShipmentId:
    skus = {line.line_no: line.sku for line in work.lines}
    lines = tuple(
        ShipmentLine(line_no, skus[line_no], quantity) for line_no, quantity in units_of(carton.lines).items()
    )
    contents = (Contents(work.order_id, work.id, None, lines),)
    parcel = NewParcel(Direction.OUTBOUND, work.location_id, connection_id, carton.weight_grams, contents)
    label = Label(
        carton.external_id, carton.tracking_number, carton.tracking_url, carton.carrier, carton.service
    )
    return shipping.record_parcel(tx, parcel=parcel, label=label, at=at)


def _splits(work: Work, parts: dict[int, dict[str, int]]) -> list[ReservationSplit]:
    return [
        ReservationSplit(cause(work.id, line.line_no), work.order_id, line.quantity, parts[line.line_no])
        for line in work.lines
        if len(parts[line.line_no]) > 1
    ]
