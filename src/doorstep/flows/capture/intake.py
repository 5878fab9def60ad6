"""Apply stored inbound messages: orders, payments, refunds, returns, tracking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import Problem
from doorstep.domain.connections.model import Connection, InboxMessage
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import Accepted, Incoming
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.payments.model import PaymentSnapshot, RefundSnapshot
from doorstep.domain.returns.model import ReturnSnapshot
from doorstep.domain.shipping.model import TrackingSnapshot
from doorstep.flows.allocation import allocate, allocation
from doorstep.flows.billing import posting
from doorstep.flows.capture import approve
from doorstep.flows.context import Context
from doorstep.flows.fulfillment import cancel
from doorstep.flows.payments import match_order, refund
from doorstep.flows.returns import create
from doorstep.flows.shipping import ship
from doorstep.kernel import errors, geography
from doorstep.kernel.db import WriteTx


@dataclass(frozen=True, slots=True)
class _Read:
    """One snapshot of one message."""

    message: InboxMessage
    connection: Connection
    seen: object


def read(context: Context, tx: WriteTx, messages: Sequence[InboxMessage]) -> None:
    """Apply these locked messages. Unreadable ones become dead letters with their bytes; the rest go on."""
    readable: list[_Read] = []
    good: list[InboxMessage] = []
    for message in messages:
        try:
            readable.extend(_observe(context, message))
        except errors.Invalid as problem:
            connections.set_aside(tx, problem=Problem(message.id, problem.message, problem.error_class, None))
        else:
            good.append(message)
    reported = [_incoming(each, each.seen) for each in readable if isinstance(each.seen, OrderSnapshot)]
    if reported:
        capture_orders(tx, incoming=reported, serviceable=context.serviceable, now=context.clock.now())
    for each in readable:
        with tx.acting(f"connection:{each.connection.key}"):
            _take(context, tx, each)
    connections.mark_read(tx, messages=good)


def _observe(context: Context, message: InboxMessage) -> list[_Read]:
    connection = context.partners.connection(message.connection_id)
    seen = context.partners.inbound(message.connection_id).parse(message.topic, message.headers, message.body)
    return [_Read(message, connection, each) for each in seen]


def capture_orders(
    tx: WriteTx, *, incoming: Sequence[Incoming], serviceable: Mapping[str, bool], now: datetime
) -> list[Accepted]:
    """Capture all orders of a batch. New orders are checked and planned before they are written, so every row is written once."""
    reported = orders.classify(tx, incoming=incoming)
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


def _incoming(each: _Read, order: OrderSnapshot) -> Incoming:
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


def _take(context: Context, tx: WriteTx, each: _Read) -> None:
    message = each.message
    match each.seen:
        case OrderSnapshot():
            return
        case PaymentSnapshot() as seen:
            match_order.record_reported(
                context, tx, sender=each.connection, seen=seen, trace_id=message.trace_id
            )
        case RefundSnapshot() as seen:
            refund.record_reported(tx, seen=seen, now=context.clock.now())
        case ReturnSnapshot() as seen:
            create.record_reported(
                context, tx, connection_id=message.connection_id, seen=seen, trace_id=message.trace_id
            )
        case TrackingSnapshot() as seen:
            ship.track(tx, connection_id=message.connection_id, seen=seen, trace_id=message.trace_id)
        case other:
            raise TypeError(f"no flow handles a {type(other).__name__}")
