"""Combine fulfillment orders that ship together into one parcel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import State
from doorstep.domain.fulfillment.views import Companion
from doorstep.domain.network import views as network
from doorstep.domain.network.model import site
from doorstep.domain.orders import actions as orders
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.flows.context import Context, event_int
from doorstep.flows.shipping import label_request
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId
from doorstep.kernel.jobs import Delivery

COMPANIONS_AWAITED_FOR = timedelta(minutes=30)


def request_labels(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Request the label of packed work: one for everything that ships to the customer from here."""
    for delivery in deliveries:
        work_id = FulfillmentOrderId(event_int(delivery, "fulfillment_order_id"))
        tx.traces.setdefault((delivery.stream, delivery.key), delivery.trace_id)
        _request(context, tx, _locked(tx, work_id))


def recheck(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Recheck work that waited for rejected or canceled companions."""
    for delivery in deliveries:
        tx.traces.setdefault((delivery.stream, delivery.key), delivery.trace_id)
        for work in work_views.of_order(tx, order_id=OrderId(delivery.key)):
            _request(context, tx, _locked(tx, work.id))


def close_overdue(context: Context) -> int:
    """Periodic: ship parcels whose companions are overdue; returns how many were closed."""
    now = context.clock.now()
    with context.db.write(actor="system") as tx:
        waiting = work_views.unlabeled(tx, packed_before=now - COMPANIONS_AWAITED_FOR)
        for work_id in waiting:
            close(context, tx, fulfillment_order_id=work_id, now=now)
    return len(waiting)


def close(context: Context, tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, now: datetime) -> None:
    """Ship what is packed now, without waiting for the rest."""
    packed = [each for each in _locked(tx, fulfillment_order_id) if each.state is State.PACKED]
    _label(context, tx, packed, now)


def _locked(tx: WriteTx, work_id: FulfillmentOrderId) -> list[Companion]:
    """Everything that ships together, orders locked in order of their ids."""
    for order_id in sorted(
        {each.order_id for each in work_views.companions(tx, fulfillment_order_id=work_id)}
    ):
        orders.lock(tx, order_id=order_id)
    return work_views.companions(tx, fulfillment_order_id=work_id)


def _request(context: Context, tx: WriteTx, companions: Sequence[Companion]) -> None:
    if companions and all(each.state is State.PACKED for each in companions):
        _label(context, tx, companions, context.clock.now())


def _label(context: Context, tx: WriteTx, packed: Sequence[Companion], now: datetime) -> None:
    """Request one label for all of it: the first order's parcel has it, the others refer to it."""
    works = [work_views.work(tx, fulfillment_order_id=each.fulfillment_order_id) for each in packed]
    if not works:
        return
    carrier = _carrier(tx, works[0].location_id, now)
    first, *others = label_request.for_works(
        tx,
        works=works,
        connection_id=context.partners.by_key(carrier).id,
        packaging=context.packaging,
    )
    lead = shipping.request_label(tx, intent=first, at=now)
    for intent in others:
        shipping.request_label(tx, intent=replace(intent, rides_with=lead), at=now)


def _carrier(tx: WriteTx, location_id: LocationId, now: datetime) -> str:
    """The location's carrier; during its outage another carrier of the location, if there is one."""
    location, out = network.location(tx, location_id=location_id), network.outages(tx, at=now)
    if location.carrier not in out:
        return location.carrier
    others = site(network.document(tx), location).carriers or ()
    return next((each for each in others if each not in out), location.carrier)


def works_of(tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId) -> list[FulfillmentOrderId]:
    """The fulfillment orders in the same parcel, orders locked in order of their ids."""
    shipment = parcels.of_work(tx, fulfillment_order_id=fulfillment_order_id)
    if shipment is None:
        return [fulfillment_order_id]
    lead = shipment.rides_with or shipment.id
    box = [parcels.shipment(tx, shipment_id=lead), *parcels.consolidated(tx, shipment_id=lead)]
    for order_id in sorted({each.order_id for each in box}):
        orders.lock(tx, order_id=order_id)
    found = [each.fulfillment_order_id for each in box if each.fulfillment_order_id is not None]
    if fulfillment_order_id not in found:
        raise errors.Conflict("The parcel's contents changed: reload.")
    return found
