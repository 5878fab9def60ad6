"""Read stored messages: the connector turns bytes into observations (pure), the domain takes them over, set by set."""

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
from doorstep.domain.orders.model import OrderObservation
from doorstep.domain.payments import actions as payments
from doorstep.domain.payments.model import PaymentObservation, RefundObservation
from doorstep.domain.returns.model import ReturnObservation
from doorstep.domain.shipping.model import TrackingObservation
from doorstep.flows import approve, cancel, refund, rma, settle, ship, source, waiting
from doorstep.flows.world import World
from doorstep.kernel import errors, places
from doorstep.kernel.db import WriteTx


@dataclass(frozen=True, slots=True)
class _Read:
    """One observation of one message."""

    message: InboxMessage
    connection: Connection
    seen: object


def read(world: World, tx: WriteTx, messages: Sequence[InboxMessage]) -> None:
    """Give these locked messages their effect. What cannot be read is parked with its bytes; the rest goes on."""
    readable: list[_Read] = []
    good: list[InboxMessage] = []
    for message in messages:
        try:
            readable.extend(_observe(world, message))
        except errors.Invalid as problem:
            connections.park(tx, problem=Problem(message.id, problem.message, problem.error_class, None))
        else:
            good.append(message)
    told = [_incoming(each, each.seen) for each in readable if isinstance(each.seen, OrderObservation)]
    if told:
        take(tx, incoming=told, serviceable=world.serviceable, now=world.clock.now())
    for each in readable:
        with tx.acting(f"connection:{each.connection.key}"):
            _take(world, tx, each)
    connections.mark_read(tx, messages=good)


def _observe(world: World, message: InboxMessage) -> list[_Read]:
    connection = world.partners.connection(message.connection_id)
    seen = world.partners.inbound(message.connection_id).observe(message.topic, message.headers, message.body)
    return [_Read(message, connection, each) for each in seen]


def take(
    tx: WriteTx, *, incoming: Sequence[Incoming], serviceable: Mapping[str, bool], now: datetime
) -> list[Accepted]:
    """All orders of a batch together. New ones are checked and routed before they are written: every row once."""
    told = orders.recognise(tx, incoming=incoming)
    with tx.acting("system"):
        decided, routes = approve.decide(tx, new=told.decidable, serviceable=serviceable, now=now)
        accepted = orders.accept(tx, told=told, decided=decided, now=now)
        source.carry_out(tx, found=routes, now=now)
        waiting.settle(tx, order_ids=decided.unrouted, now=now)
        settle.paid_as_told(tx, accepted=accepted)
    for each in accepted:
        if each.cancelled:
            with tx.acting(each.incoming.actor or tx.actor):
                cancel.cancelled_by_channel(tx, order_id=each.order_id, now=now)
    with tx.acting("system"):
        again = sorted({each.order_id for each in accepted} - decided.holds.keys())
        due = order_views.due(tx, order_ids=again, due="approve") if again else []
        approve.approve(tx, order_ids=due, serviceable=serviceable, now=now)
    return accepted


def _incoming(each: _Read, order: OrderObservation) -> Incoming:
    connection = each.connection
    actor = f"connection:{connection.key}"
    return Incoming(connection.id, connection.key, placed(order), each.message.trace_id, actor)


def placed(order: OrderObservation) -> OrderObservation:
    """With the place of its postal code, where the channel did not tell one."""
    address = order.shipping_address
    if address is None or address.latitude is not None:
        return order
    place = places.of_postal_code(address.country, address.postal_code)
    if place is None:
        return order
    return replace(order, shipping_address=replace(address, latitude=place[0], longitude=place[1]))


def _take(world: World, tx: WriteTx, each: _Read) -> None:
    message = each.message
    match each.seen:
        case OrderObservation():
            return
        case PaymentObservation() as seen:
            _take_payment(tx, seen, message.trace_id)
        case RefundObservation() as seen:
            refund.observed(tx, seen=seen, now=world.clock.now())
        case ReturnObservation() as seen:
            rma.observed(world, tx, connection_id=message.connection_id, seen=seen, trace_id=message.trace_id)
        case TrackingObservation() as seen:
            ship.track(tx, connection_id=message.connection_id, seen=seen, trace_id=message.trace_id)
        case other:
            raise TypeError(f"nobody takes a {type(other).__name__}")


def _take_payment(tx: WriteTx, seen: PaymentObservation, trace_id: str) -> None:
    payments.expect(tx, order_reference=seen.order_reference)
    order_id = order_views.find(tx, external_id=seen.order_reference) if seen.order_reference else None
    if order_id is not None:
        orders.lock(tx, order_id=order_id)
        tx.traces["order", order_id] = trace_id
    payments.observe(tx, seen=seen, order_id=order_id)
