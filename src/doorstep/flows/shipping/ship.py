"""Buy labels and hand parcels over."""

from __future__ import annotations

import functools
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
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.actions import Shipment
from doorstep.domain.shipping.model import LabelState
from doorstep.flows.context import Context, Record, event_int, follow, no_record
from doorstep.flows.shipping import label_intent
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, ShipmentId
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Pending


def buy_label(context: Context, delivery: Delivery) -> Record | Pending:
    """Buy the label of one parcel. On a retry, look the label up at the carrier first.

    A carrier that makes the label later is asked until it has, then the label is looked up.
    """
    shipment_id = ShipmentId(event_int(delivery, "shipment_id"))
    intend = functools.partial(label_intent.store, context, shipment_id=shipment_id)
    intent = context.db.transact(intend, actor="system", trace_id=delivery.trace_id)
    if intent.shipment.label_state is LabelState.PURCHASED:
        return no_record
    carrier = context.partners.carrier(intent.shipment.connection_id)
    if delivery.handle is not None and isinstance(pending := follow(carrier, delivery.handle), Pending):
        return pending
    found = carrier.find_label(intent.request) if intent.asked_before else None
    label = carrier.buy_label(intent.request) if found is None else found
    if isinstance(label, Pending):
        return label

    def record(tx: WriteTx) -> None:
        _lock_orders(tx, intent.parcel)
        shipping.purchased(tx, shipment_id=shipment_id, label=label, at=context.clock.now())

    return record


def _lock_orders(tx: WriteTx, parcel: Sequence[Shipment]) -> None:
    orders.lock_all(tx, order_ids={each.order_id for each in parcel})


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
