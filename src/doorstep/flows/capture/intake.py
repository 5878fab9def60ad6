"""Apply stored inbound messages: orders, payments, refunds, returns, tracking."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import Problem, feeds, files
from doorstep.domain.connections.model import Hint, InboxMessage
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import Accepted, Incoming
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.payments import actions as payments
from doorstep.flows.allocation import allocate, allocation, stock_locks
from doorstep.flows.billing import posting
from doorstep.flows.capture import approve, concerned, fulfillments, observations, translate
from doorstep.flows.capture.observations import Observation
from doorstep.flows.context import Context
from doorstep.flows.fulfillment import cancel
from doorstep.kernel import errors, geography
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId, Sku


def read(context: Context, tx: WriteTx, messages: Sequence[InboxMessage]) -> None:
    """Apply these locked messages. Unreadable ones become dead letters with their bytes; the rest go on."""
    readable: list[Observation] = []
    good: list[InboxMessage] = []
    for message in messages:
        try:
            readable.extend(_parse(context, message))
        except errors.Invalid as problem:
            connections.set_aside(tx, problem=Problem(message.id, problem.message, problem.error_class, None))
        else:
            good.append(message)
    readable = translate.names(context, tx, readable)
    incoming = [
        _incoming(each, each.reported) for each in readable if isinstance(each.reported, OrderSnapshot)
    ]
    payments.lock_references(tx, references=concerned.references_of(each.reported for each in readable))
    seen = [(each.message.connection_id, each.reported) for each in readable]
    also, skus = concerned.orders_of(tx, seen), concerned.skus_of(tx, seen)
    if incoming:
        capture_orders(
            tx,
            incoming=incoming,
            serviceable=context.serviceable,
            now=context.clock.now(),
            also=also,
            skus=skus,
        )
        fulfillments.record(context, tx, incoming)
    elif also or skus:
        orders.lock_all(tx, order_ids=also)
        stock_locks.of_orders(tx, order_ids=also, more=skus)
    for each in readable:
        if not isinstance(each.reported, OrderSnapshot | Hint):
            observations.apply(context, tx, each)
    _want(tx, readable)
    connections.mark_read(tx, messages=good)


def _want(tx: WriteTx, readable: Sequence[Observation]) -> None:
    """Have what the messages only name fetched: once per connection and batch, in the order of connections."""
    hints: dict[int, list[Hint]] = {}
    for each in readable:
        if isinstance(each.reported, Hint):
            hints.setdefault(each.connection.id, []).append(each.reported)
    for connection_id in sorted(hints):
        feeds.want(tx, connection_id=connection_id, hints=hints[connection_id])


def _parse(context: Context, message: InboxMessage) -> list[Observation]:
    connection = context.partners.connection(message.connection_id)
    if message.topic == feeds.FETCH_TOPIC:
        return [Observation(message, connection, feeds.hint_of(message.body))]
    if message.topic == files.FILE_TOPIC:
        return [Observation(message, connection, files.retry_of(message.body))]
    inbound = context.partners.inbound(message.connection_id)
    found = inbound.parse(message.topic, message.headers, message.body)
    return [Observation(message, connection, each) for each in found]


def capture_orders(
    tx: WriteTx,
    *,
    incoming: Sequence[Incoming],
    serviceable: Mapping[str, bool],
    now: datetime,
    also: Sequence[OrderId] = (),
    skus: Collection[Sku] = (),
) -> list[Accepted]:
    """Capture all orders of a batch. New orders are checked and planned before they are written, so every row is written once.

    Everything that the batch may change is locked first: known orders and `also` those, then their stock and `skus`.
    """
    reported = orders.classify(tx, incoming=incoming, also=also)
    stock_locks.of_orders(
        tx,
        order_ids=[*(OrderId(each.id) for each in reported.known.values()), *also],
        more={*skus, *(line.sku for each in incoming for line in each.snapshot.lines)},
        carts={
            (each.channel, each.snapshot.cart_reference) for each in incoming if each.snapshot.cart_reference
        },
    )
    with tx.acting("system"):
        decided, routes = approve.check_new(tx, new=reported.decidable, serviceable=serviceable, now=now)
        accepted = orders.upsert(tx, reported=reported, decided=decided, now=now)
        allocate.apply(tx, found=routes, now=now)
        allocation.changed(tx, order_ids=decided.unrouted, just_allocated=decided.routed, now=now)
        posting.record_reported_payments(tx, accepted=accepted)
    for each in accepted:
        if each.canceled:
            with tx.acting(each.incoming.actor or tx.actor):
                cancel.cancel_from_channel(tx, order_id=each.order_id, now=now)
    with tx.acting("system"):
        again = sorted({each.order_id for each in accepted} - decided.holds.keys())
        due = order_views.due(tx, order_ids=again, due="approve") if again else []
        approve.approve(tx, order_ids=due, serviceable=serviceable, now=now)
    return accepted


def _incoming(each: Observation, order: OrderSnapshot) -> Incoming:
    connection = each.connection
    actor = f"connection:{connection.key}"
    return Incoming(connection.id, connection.key, with_coordinates(order), each.message.trace_id, actor)


def with_coordinates(order: OrderSnapshot) -> OrderSnapshot:
    """The order with the coordinates of its postal code, if the channel gave none."""
    address = order.shipping_address
    if address is None or address.latitude is not None:
        return order
    point = geography.of_postal_code(address.country, address.postal_code)
    if point is None:
        return order
    return replace(order, shipping_address=replace(address, latitude=point[0], longitude=point[1]))
