"""Send fulfillment orders to the warehouses of partners, and ask them to stop."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from doorstep.domain.connections.views import maps
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import warehouse as actions
from doorstep.domain.fulfillment.model.warehouse import (
    CancelAnswer,
    WarehouseOrder,
    WarehouseState,
)
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.flows.context import Context, Record, event_int, follow, no_record
from doorstep.flows.fulfillment import warehouse_answers, warehouse_request
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, OrderId
from doorstep.kernel.jobs import Delivery
from doorstep.kernel.results import Done, Pending

_CALLED = frozenset({WarehouseState.REQUESTED, WarehouseState.FAILED})


def request_due(context: Context) -> int:
    """Periodic: have open work at locations that warehouses serve sent there; returns how many fulfillment orders."""
    with context.db.read() as tx:
        served = maps.served_locations(tx)
        if not served:
            return 0
        locations = {each.id: each for each in network.locations(tx).values() if each.code in served}
        waiting = work_views.unsent(tx, location_ids=list(locations))
    if not waiting:
        return 0

    def work(tx: WriteTx) -> int:
        orders.lock_all(tx, order_ids={each.order_id for each in waiting})
        still = {each.id: each for each in work_views.unsent(tx, location_ids=list(locations))}
        requested = 0
        for each in waiting:
            code = locations[each.location_id].code
            if each.id in still:
                order = WarehouseOrder(
                    each.id,
                    each.order_id,
                    served[code].connection_id,
                    served[code].source,
                    f"FO-{each.id}",
                    "",
                    WarehouseState.REQUESTED,
                )
                requested += actions.request(tx, order=order, location=code, at=context.clock.now())
        return requested

    return context.db.transact(work, actor="system")


def partner(_context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The warehouse of each delivery's fulfillment order."""
    wanted = {each.id: event_int(each, "fulfillment_order_id") for each in deliveries}
    found = work_views.at_warehouse(tx, fulfillment_order_ids=set(wanted.values()))
    return {each: found[work_id].connection_id for each, work_id in wanted.items() if work_id in found}


def send(context: Context, delivery: Delivery) -> Record | Pending:
    """Send a fulfillment order, once under its reference; what ended meanwhile is not sent."""
    work_id = FulfillmentOrderId(event_int(delivery, "fulfillment_order_id"))
    now = context.clock.now()
    with context.db.read() as tx:
        order = work_views.at_warehouse(tx, fulfillment_order_ids=[work_id])[work_id]
        if order.state not in _CALLED and delivery.handle is None:
            return no_record
        request = warehouse_request.of_order(tx, order=order, now=now)
    port = context.partners.warehouse(order.connection_id)
    found = port.send(request) if delivery.handle is None else follow(port, delivery.handle)
    if isinstance(found, Pending):
        return found
    answer = found.answer if isinstance(found, Done) else found

    def record(tx: WriteTx) -> None:
        orders.lock(tx, order_id=order.order_id)
        current = actions.order(tx, fulfillment_order_id=work_id)
        place = warehouse_answers.location_of(tx, work_id)
        actions.sent(tx, order=current, external_ref=answer, location=place, at=context.clock.now())

    return record


def mark_failed(context: Context, tx: WriteTx, delivery: Delivery, problem: Exception) -> None:
    """It could not be sent: its page says why, and the dead letter waits for a person."""
    orders.lock(tx, order_id=OrderId(delivery.key))
    order = actions.order(tx, fulfillment_order_id=event_int(delivery, "fulfillment_order_id"))
    if order.state is WarehouseState.REQUESTED:
        actions.enter(tx, order=order, state=WarehouseState.FAILED, error=str(problem))


def cancel(context: Context, delivery: Delivery) -> Record | Pending:
    """Ask the warehouse to stop a fulfillment order; record its answer, unless that comes as a message."""
    work_id = FulfillmentOrderId(event_int(delivery, "fulfillment_order_id"))
    with context.db.read() as tx:
        order = work_views.at_warehouse(tx, fulfillment_order_ids=[work_id])[work_id]
    if order.state is not WarehouseState.CANCELING:
        return no_record
    port = context.partners.warehouse(order.connection_id)
    if delivery.handle is None:
        answer = port.cancel(reference=order.reference, external_ref=order.external_ref)
        if isinstance(answer, Pending):
            return answer
    else:
        followed = follow(port, delivery.handle)
        if isinstance(followed, Pending):
            return followed
        answer = CancelAnswer(followed.answer)

    def record(tx: WriteTx) -> None:
        warehouse_answers.record_cancel(tx, work_id=work_id, answer=answer, note="", now=context.clock.now())

    return record if answer is not CancelAnswer.ASKED else no_record
