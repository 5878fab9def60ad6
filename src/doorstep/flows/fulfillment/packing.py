"""Pack a fulfillment order in one or more parcels, and hand them to the carrier."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import Work, cause, parcel_cause
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import ReservationSplit
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import LineCount
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcel_views
from doorstep.domain.shipping.actions import Shipment
from doorstep.domain.shipping.model import Packed, check_contents
from doorstep.flows.context import Context
from doorstep.flows.fulfillment import commands
from doorstep.flows.shipping import carrier_choice, label_request
from doorstep.flows.shipping import ship as ship_flow
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, ShipmentId


def pack(
    tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, now: datetime, version: int | None = None
) -> None:
    """Pack a fulfillment order; its label is bought in the background."""
    work = fulfillment.pack(tx, command=commands.locked_command(tx, fulfillment_order_id, version, now))
    orders.count(
        tx,
        counters=["packed"],
        counts=[LineCount(work.order_id, line.line_no, line.quantity) for line in work.lines],
    )


def pack_parcels(
    context: Context,
    tx: WriteTx,
    *,
    fulfillment_order_id: FulfillmentOrderId,
    parcels: Sequence[Packed],
    now: datetime,
    version: int | None = None,
) -> None:
    """Pack a fulfillment order in these parcels, each with a label of its own. Raises WrongContents.

    Such an order is not combined with others of the customer: its parcels are closed.
    """
    pack(tx, fulfillment_order_id=fulfillment_order_id, now=now, version=version)
    work = work_views.work(tx, fulfillment_order_id=fulfillment_order_id)
    check_contents({line.line_no: (line.sku, line.quantity) for line in work.lines}, parcels)
    if order_views.order(tx, order_id=work.order_id).header.pickup:
        raise errors.Refused("The customer collects this order: it is packed without parcels.")
    connection_id = carrier_choice.connection_of(context, tx, work=work, now=now)
    parts: dict[int, dict[str, int]] = {}
    for packed in parcels:
        parcel = label_request.for_packed(
            tx, work=work, packed=packed, connection_id=connection_id, packaging=context.packaging
        )
        (shipment_id,) = shipping.request_label(tx, parcel=parcel, at=now)
        for line in parcel.contents[0].lines:
            key = parcel_cause(work.id, line.line_no, shipment_id)
            parts.setdefault(line.line_no, {})[key] = line.quantity
    inventory.split_reservations(tx, splits=_splits(work, parts), at=now)


def _splits(work: Work, parts: dict[int, dict[str, int]]) -> list[ReservationSplit]:
    """Lines that are in several parcels: each part of their stock leaves with its parcel."""
    return [
        ReservationSplit(cause(work.id, line.line_no), work.order_id, line.quantity, parts[line.line_no])
        for line in work.lines
        if len(parts[line.line_no]) > 1
    ]


def ship(
    tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, now: datetime, version: int | None = None
) -> None:
    """Hand all parcels of a fulfillment order, with everything in them, to the carrier. Repeating it changes nothing."""
    parcels = ship_flow.parcels_of(tx, fulfillment_order_id=fulfillment_order_id)
    fulfillment.lock(tx, command=commands.locked_command(tx, fulfillment_order_id, version, now))
    if not parcels:
        raise errors.Refused("There is no label yet: wait for it, or see on the order why it failed.")
    for parcel in parcels:
        _hand_over(tx, parcel, now)


def ship_parcel(tx: WriteTx, *, shipment_id: ShipmentId, now: datetime) -> None:
    """Hand one parcel, with everything in it, to the carrier. Repeating it changes nothing."""
    work_id = parcel_views.shipment(tx, shipment_id=shipment_id).fulfillment_order_id
    if work_id is None:
        raise errors.Refused("This is a return: the carrier picks it up.")
    for parcel in ship_flow.parcels_of(tx, fulfillment_order_id=work_id):
        if shipment_id in {each.id for each in parcel}:
            _hand_over(tx, parcel, now)


def _hand_over(tx: WriteTx, parcel: Sequence[Shipment], now: datetime) -> None:
    """Ship a parcel, unless an order in it is held."""
    for each in parcel:
        if each.fulfillment_order_id is not None:
            commands.locked_command(tx, each.fulfillment_order_id, None, now)
    ship_flow.hand_over(tx, parcel=parcel, at=now)
