"""Buy labels, hand parcels over, track them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment.actions import Command
from doorstep.domain.fulfillment.model import cause, parcel_cause
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import ReservationEnd
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import LineCount
from doorstep.domain.returns import actions as returns
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.actions import Shipment
from doorstep.domain.shipping.model import Direction, LabelState, TrackingSnapshot
from doorstep.flows.context import Context, Record, event_int, no_record
from doorstep.flows.shipping import label_request
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, ShipmentId
from doorstep.kernel.jobs import Delivery


def buy_label(context: Context, delivery: Delivery) -> Record:
    """Buy the label of one parcel. On a retry, look the label up at the carrier first."""
    shipment_id = ShipmentId(event_int(delivery, "shipment_id"))
    with context.db.write(actor="system", trace_id=delivery.trace_id) as tx:
        shipment, asked_before = shipping.mark_requested(tx, shipment_id=shipment_id, at=context.clock.now())
        if shipment.label_state is LabelState.PURCHASED:
            return no_record
        parcel = parcels.in_parcel(tx, parcel_id=shipment.parcel_id)
        request = label_request.label_request(tx, parcel=parcel, packaging=context.packaging)
    carrier = context.partners.carrier(shipment.connection_id)
    label = carrier.find_label(request) if asked_before else None
    if label is None:
        label = carrier.buy_label(request)

    def record(tx: WriteTx) -> None:
        _lock_orders(tx, parcel)
        shipping.purchased(tx, shipment_id=shipment_id, label=label, at=context.clock.now())

    return record


def _lock_orders(tx: WriteTx, parcel: Sequence[Shipment]) -> None:
    for order_id in sorted({each.order_id for each in parcel}):
        orders.lock(tx, order_id=order_id)


def mark_label_failed(context: Context, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """Mark the label as failed or in doubt after the last attempt."""
    shipment = parcels.shipment(tx, shipment_id=event_int(delivery, "shipment_id"))
    _lock_orders(tx, parcels.in_parcel(tx, parcel_id=shipment.parcel_id))
    if isinstance(problem, errors.Unavailable):
        shipping.mark_in_doubt(tx, shipment_id=shipment.id, reason=str(problem), at=context.clock.now())
    else:
        shipping.failed(tx, shipment_id=shipment.id, reason=str(problem), at=context.clock.now())


def retry_label(tx: WriteTx, *, shipment_id: ShipmentId, now: datetime) -> None:
    """Retry the label of a parcel."""
    parcel_id = parcels.shipment(tx, shipment_id=shipment_id).parcel_id
    _lock_orders(tx, parcels.in_parcel(tx, parcel_id=parcel_id))
    shipping.retry(tx, shipment_id=shipment_id, at=now)


def parcels_of(tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId) -> list[list[Shipment]]:
    """The parcels of a fulfillment order with everything in them, all their orders locked in order of their ids."""
    parcel_ids = [each.parcel_id for each in parcels.of_work(tx, fulfillment_order_id=fulfillment_order_id)]
    _lock_orders(
        tx, [each for parcel_id in parcel_ids for each in parcels.in_parcel(tx, parcel_id=parcel_id)]
    )
    return [parcels.in_parcel(tx, parcel_id=parcel_id) for parcel_id in parcel_ids]


def hand_over(tx: WriteTx, *, parcel: Sequence[Shipment], at: datetime) -> None:
    """Ship a parcel: its stock leaves. A person or a carrier's scan may trigger it; it happens once. Orders are locked."""
    if parcel[0].label_state is not LabelState.PURCHASED:
        raise errors.Refused("There is no label yet: wait for it, or see on the order why it failed.")
    if parcel[0].dispatched_at is not None:
        return
    shipping.dispatch(tx, shipments=parcel, at=at)
    for each in parcel:
        if each.fulfillment_order_id is not None:
            _leave(tx, each, each.fulfillment_order_id, at)


def _leave(tx: WriteTx, shipment: Shipment, work_id: FulfillmentOrderId, at: datetime) -> None:
    """Take a shipment's units out of stock; with its last parcel the fulfillment order is shipped."""
    causes = [cause(work_id, line.line_no) for line in shipment.lines]
    causes += [parcel_cause(work_id, line.line_no, shipment.id) for line in shipment.lines]
    inventory.ship(tx, ending=ReservationEnd(causes, [shipment.order_id]), at=at)
    counts = [LineCount(shipment.order_id, line.line_no, line.quantity) for line in shipment.lines]
    orders.count(tx, counters=["shipped"], counts=counts)
    if all(each.dispatched_at for each in parcels.of_work(tx, fulfillment_order_id=work_id)):
        location = network.location(tx, location_id=shipment.location_id)
        fulfillment.ship(tx, command=Command(work_id, location.code, at))


class UnknownParcel(errors.Unavailable):
    """The tracking update is of a parcel that we do not have yet; its label may be on the way."""


def track(tx: WriteTx, *, connection_id: int, seen: TrackingSnapshot, trace_id: str) -> None:
    """Record tracking from a carrier, in whatever order it arrives."""
    found = parcels.tracked(
        tx, connection_id=connection_id, tracking_number=seen.tracking_number, external_id=seen.external_id
    )
    if not found:
        name = seen.tracking_number or seen.external_id
        raise UnknownParcel(f"No parcel has the tracking number {name}.")
    for each in found:
        tx.traces["order", each.order_id] = trace_id
    _lock_orders(tx, found)
    lead = shipping.lock(tx, shipment_id=found[0].id)
    parcel = parcels.in_parcel(tx, parcel_id=lead.parcel_id)
    progress = shipping.track(tx, shipment=lead, scans=seen.scans)
    if progress is None:
        return
    if lead.direction is Direction.INBOUND:
        _follow_return(tx, lead, progress)
    elif progress.left:
        _follow_orders(tx, parcel, progress)
    shipping.announce(tx, shipments=parcel, progress=progress)


def _follow_orders(tx: WriteTx, parcel: Sequence[Shipment], progress: shipping.Progress) -> None:
    at = progress.now.at
    hand_over(tx, parcel=parcel, at=at)
    if progress.delivered:
        counts = [
            LineCount(each.order_id, line.line_no, line.quantity) for each in parcel for line in each.lines
        ]
        orders.count(tx, counters=["delivered"], counts=counts)
        orders.complete(tx, order_ids=sorted({each.order_id for each in parcel}), now=at)


def _follow_return(tx: WriteTx, shipment: Shipment, progress: shipping.Progress) -> None:
    return_id = shipment.return_id
    if return_id is None:
        return
    if progress.delivered:
        returns.arrived(tx, return_id=return_id, at=progress.now.at)
    elif progress.left:
        returns.mark_in_transit(tx, return_id=return_id, at=progress.now.at)
