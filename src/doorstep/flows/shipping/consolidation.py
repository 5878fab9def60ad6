"""Combine fulfillment orders that ship together into one parcel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import State
from doorstep.domain.fulfillment.views import Companion
from doorstep.domain.orders import actions as orders
from doorstep.domain.shipping import actions as shipping
from doorstep.flows.context import Context, event_int
from doorstep.flows.shipping import carrier_choice, label_request
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, OrderId
from doorstep.kernel.jobs import Delivery

CONSOLIDATION_WAIT = timedelta(minutes=30)


def request_labels(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Request the label of packed work: one for everything that ships to the customer from here."""
    _lock(tx, [FulfillmentOrderId(event_int(each, "fulfillment_order_id")) for each in deliveries])
    for delivery in deliveries:
        work_id = FulfillmentOrderId(event_int(delivery, "fulfillment_order_id"))
        tx.traces.setdefault((delivery.stream, delivery.key), delivery.trace_id)
        _request(context, tx, _locked(tx, work_id))


def recheck(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Recheck work that waited for rejected or canceled companions."""
    works = [work for each in deliveries for work in work_views.of_order(tx, order_id=OrderId(each.key))]
    _lock(tx, [work.id for work in works])
    for delivery in deliveries:
        tx.traces.setdefault((delivery.stream, delivery.key), delivery.trace_id)
        for work in work_views.of_order(tx, order_id=OrderId(delivery.key)):
            _request(context, tx, _locked(tx, work.id))


def close_overdue(context: Context) -> int:
    """Periodic: ship parcels whose companions are overdue; returns how many were closed."""
    now = context.clock.now()

    def work(tx: WriteTx) -> int:
        waiting = work_views.unlabeled(tx, packed_before=now - CONSOLIDATION_WAIT)
        _lock(tx, waiting)
        for work_id in waiting:
            close(context, tx, fulfillment_order_id=work_id, now=now)
        return len(waiting)

    return context.db.transact(work, actor="system")


def close(context: Context, tx: WriteTx, *, fulfillment_order_id: FulfillmentOrderId, now: datetime) -> None:
    """Ship what is packed now, without waiting for the rest."""
    packed = [each for each in _locked(tx, fulfillment_order_id) if each.state is State.PACKED]
    _label(context, tx, packed, now)


def _locked(tx: WriteTx, work_id: FulfillmentOrderId) -> list[Companion]:
    """Everything that ships together, orders locked in order of their ids."""
    _lock(tx, [work_id])
    return work_views.companions(tx, fulfillment_order_id=work_id)


def _lock(tx: WriteTx, work_ids: Iterable[FulfillmentOrderId]) -> None:
    """Lock the orders of everything that ships together with this work, all at once."""
    together = [work_views.companions(tx, fulfillment_order_id=each) for each in work_ids]
    orders.lock_all(tx, order_ids={each.order_id for companions in together for each in companions})


def _request(context: Context, tx: WriteTx, companions: Sequence[Companion]) -> None:
    if companions and all(each.state is State.PACKED for each in companions):
        _label(context, tx, companions, context.clock.now())


def _label(context: Context, tx: WriteTx, packed: Sequence[Companion], now: datetime) -> None:
    """Request one label for all of it."""
    works = [work_views.work(tx, fulfillment_order_id=each.fulfillment_order_id) for each in packed]
    if works:
        connection_id = carrier_choice.connection_of(context, tx, work=works[0], now=now)
        parcel = label_request.for_works(
            tx, works=works, connection_id=connection_id, packaging=context.packaging
        )
        shipping.request_label(tx, parcel=parcel, at=now)
