"""Buy labels, hand parcels over, track them."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment.actions import Command
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Ending
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
from doorstep.kernel.ids import FulfillmentOrderId, OrderId, ShipmentId
from doorstep.kernel.jobs import Delivery


def buy_label(context: Context, delivery: Delivery) -> Record:
    """Buy one label. On a retry, look the label up at the carrier first."""
    shipment_id = ShipmentId(event_int(delivery, "shipment_id"))
    with context.db.write(actor="system", trace_id=delivery.trace_id) as tx:
        shipment, asked_before = shipping.mark_requested(tx, shipment_id=shipment_id, at=context.clock.now())
        if shipment.label_state is LabelState.PURCHASED:
            return no_record
        request = label_request.label_request(
            tx,
            shipment,
            packaging=context.packaging,
            companions=parcels.consolidated(tx, shipment_id=shipment_id),
        )
    carrier = context.partners.carrier(shipment.connection_id)
    label = carrier.find_label(request) if asked_before else None
    if label is None:
        label = carrier.buy_label(request)

    def record(tx: WriteTx) -> None:
        box = [shipment, *parcels.consolidated(tx, shipment_id=shipment_id)]
        for order_id in sorted({each.order_id for each in box}):
            orders.lock(tx, order_id=order_id)
        shipping.purchased(tx, shipment_id=shipment_id, label=label, at=context.clock.now())
        for each in box[1:]:
            shipping.purchased(
                tx, shipment_id=each.id, label=label_request.shared(label), at=context.clock.now()
            )

    return record


def mark_label_failed(context: Context, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """Mark the label as failed or in doubt after the last attempt."""
    shipment_id = ShipmentId(event_int(delivery, "shipment_id"))
    orders.lock(tx, order_id=OrderId(delivery.key))
    if isinstance(problem, errors.Unavailable):
        shipping.mark_in_doubt(tx, shipment_id=shipment_id, reason=str(problem), at=context.clock.now())
    else:
        shipping.failed(tx, shipment_id=shipment_id, reason=str(problem))


def retry_label(tx: WriteTx, *, shipment_id: ShipmentId, now: datetime) -> None:
    """Retry a label."""
    orders.lock(tx, order_id=OrderId(parcels.shipment(tx, shipment_id=shipment_id).order_id))
    shipping.retry(tx, shipment_id=shipment_id, at=now)


def hand_over(tx: WriteTx, *, command: Command) -> None:
    """Ship a parcel: stock leaves. A person or a carrier scan may trigger it; it happens once. The order is locked."""
    shipment = parcels.of_work(tx, fulfillment_order_id=command.fulfillment_order_id)
    if shipment is None or shipment.label_state is not LabelState.PURCHASED:
        raise errors.Refused("There is no label yet: wait for it, or see on the order why it failed.")
    work = fulfillment.ship(tx, command=command)
    if work is None:
        return
    inventory.ship(tx, ending=Ending(work.causes, [work.order_id]), at=command.at)
    counts = [LineCount(work.order_id, line.line_no, line.quantity) for line in work.lines]
    orders.count(tx, counters=["shipped"], counts=counts)
    shipping.dispatch(tx, shipment=shipment, at=command.at)


class UnknownParcel(errors.Unavailable):
    """The tracking update is of a parcel that we do not have yet; its label may be on the way."""


def track(tx: WriteTx, *, connection_id: int, seen: TrackingSnapshot, trace_id: str) -> None:
    """Record tracking from a carrier, in whatever order it arrives."""
    found = parcels.tracked(
        tx, connection_id=connection_id, tracking_number=seen.tracking_number, external_id=seen.external_id
    )
    if found is None:
        name = seen.tracking_number or seen.external_id
        raise UnknownParcel(f"No parcel has the tracking number {name}.")
    box = [found, *parcels.consolidated(tx, shipment_id=found.id)]
    for order_id in sorted({each.order_id for each in box}):
        tx.traces["order", order_id] = trace_id
        orders.lock(tx, order_id=order_id)
    for each in box:
        _track(tx, shipping.lock(tx, shipment_id=each.id), seen)


def _track(tx: WriteTx, shipment: Shipment, seen: TrackingSnapshot) -> None:
    progress = shipping.track(tx, shipment=shipment, scans=seen.scans)
    if progress is None:
        return
    if shipment.direction is Direction.INBOUND:
        _follow_return(tx, progress)
    elif progress.left:
        _follow_order(tx, progress)
    shipping.announce(tx, progress=progress)


def _follow_order(tx: WriteTx, progress: shipping.Progress) -> None:
    shipment, at = progress.shipment, progress.now.at
    if shipment.dispatched_at is None and shipment.fulfillment_order_id is not None:
        location = network.location(tx, location_id=shipment.location_id)
        hand_over(tx, command=Command(FulfillmentOrderId(shipment.fulfillment_order_id), location.code, at))
    if progress.delivered:
        counts = [LineCount(shipment.order_id, line.line_no, line.quantity) for line in shipment.lines]
        orders.count(tx, counters=["delivered"], counts=counts)
        orders.complete(tx, order_ids=[shipment.order_id], now=at)


def _follow_return(tx: WriteTx, progress: shipping.Progress) -> None:
    return_id = progress.shipment.return_id
    if return_id is None:
        return
    if progress.delivered:
        returns.arrived(tx, return_id=return_id, at=progress.now.at)
    elif progress.left:
        returns.travelling(tx, return_id=return_id, at=progress.now.at)
