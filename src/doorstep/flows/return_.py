"""Goods come back: told by the channel, picked up by a carrier, received and inspected by people, then money is owed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Condition, Movement, MovementType
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import LineCount
from doorstep.domain.payments import actions as payments
from doorstep.domain.returns import actions as returns
from doorstep.domain.returns import views as return_views
from doorstep.domain.returns.actions import Fresh, FreshLine, Return
from doorstep.domain.returns.model import CONDITION_OF, Disposition, Grade, Inspection, ObservedReturnLine
from doorstep.domain.returns.model import ReturnObservation, ReturnRequestStatus
from doorstep.domain.shipping import actions as shipping
from doorstep.domain.shipping import views as parcels
from doorstep.flows import document, parcel
from doorstep.flows.world import World
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, OrderId, ReturnId, Sku
from doorstep.kernel.jobs import Delivery

_ENDED = frozenset({ReturnRequestStatus.CANCELLED, ReturnRequestStatus.DECLINED})


class UnknownOrder(errors.Unavailable):
    """A channel tells of a return of an order that we do not have (yet)."""


def observed(world: World, tx: WriteTx, *, connection_id: int, seen: ReturnObservation, trace_id: str) -> None:
    """A channel tells of a return: open it once; newer tellings update it, late ones have no effect."""
    order_id = order_views.find(tx, external_id=seen.order_external_id)
    if order_id is None:
        raise UnknownOrder(f"We have no order {seen.order_external_id} of this channel.")
    orders.lock(tx, order_id=order_id)
    tx.traces[order_id] = trace_id
    if returns.observe(tx, connection_id=connection_id, seen=seen) is not None or seen.status in _ENDED:
        return
    order = order_views.order(tx, order_id=order_id)
    lines = tuple(_match(order, line) for line in seen.lines)
    fresh = Fresh(
        order_id=order_id,
        connection_id=connection_id,
        location_id=_home(tx, order_id, lines),
        reason="; ".join(dict.fromkeys(line.note or line.reason for line in lines)),
        seen=seen,
        lines=lines,
    )
    if returns.create(tx, fresh=fresh, at=world.clock.now()) is not None:
        counts = [LineCount(order_id, line.line_no, line.quantity) for line in lines]
        orders.count(tx, counters=["return_requested"], counts=counts)


def _match(order: order_views.Order, line: ObservedReturnLine) -> FreshLine:
    if line.quantity < 1:
        raise errors.Invalid(f"{line.quantity} pieces of a line cannot come back.", field="quantity")
    for ordered in order.lines:
        if ordered.external_line_id == line.external_line_id:
            return FreshLine(
                ordered.line_no, line.external_return_line_id, ordered.sku, line.quantity, line.reason, line.note
            )
    raise errors.Invalid(f"Order {order.header.number} has no line {line.external_line_id}.", field="line_item_id")


def _home(tx: ReadTx, order_id: OrderId, lines: Sequence[FreshLine]) -> LocationId | None:
    """Goods go back to where they came from."""
    wanted = {line.line_no for line in lines}
    for shipment in parcels.of_order(tx, order_id=order_id):
        if shipment.dispatched_at is not None and wanted & {line.line_no for line in shipment.lines}:
            return shipment.location_id
    return None


def book_pickups(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: a new return is picked up at the customer's by the location's return carrier."""
    for delivery in deliveries:
        orders.lock(tx, order_id=OrderId(delivery.key))
        each = return_views.one(tx, return_id=int(str(delivery.data["return_id"])))
        if each.location_id is None:
            raise errors.Refused("Nothing of these lines has been shipped: there is nothing to pick up.")
        location = network.location(tx, location_id=each.location_id)
        connection_id = world.partners.by_key(location.return_carrier or location.carrier).id
        intent = parcel.inbound(tx, each=each, location_id=location.id, connection_id=connection_id)
        shipping.request_label(tx, intent=intent, at=world.clock.now())


def _locked(tx: WriteTx, return_id: ReturnId) -> Return:
    orders.lock(tx, order_id=return_views.one(tx, return_id=return_id).order_id)
    return returns.lock(tx, return_id=return_id)


def receive(tx: WriteTx, *, return_id: ReturnId, now: datetime, location_id: LocationId | None = None) -> None:
    """A person has the parcel in hands, at its location or at another one."""
    location = _place(tx, _locked(tx, return_id), location_id)
    returns.receive(tx, return_id=return_id, location_id=location.id, location=location.code, at=now)


def _place(tx: ReadTx, each: Return, location_id: LocationId | None) -> Location:
    place = location_id or each.location_id
    if place is None:
        raise errors.Invalid("Say at which location the return was received.", field="location_id")
    return network.location(tx, location_id=place)


def inspect(tx: WriteTx, *, return_id: ReturnId, inspections: Sequence[Inspection], now: datetime) -> None:
    """What was found goes to stock, counts on the order, and decides what we owe."""
    _locked(tx, return_id)
    each = returns.inspect(tx, return_id=return_id, inspections=inspections, at=now)
    inventory.move(tx, movements=_to_stock(each, inspections, now))
    counts = [LineCount(each.order_id, found.line_no, found.quantity) for found in inspections if found.quantity]
    orders.count(tx, counters=["returned"], counts=counts)


def _to_stock(each: Return, inspections: Sequence[Inspection], now: datetime) -> list[Movement]:
    if each.location_id is None:
        raise errors.Refused("The return has not been received anywhere.")
    skus = {line.line_no: line.sku for line in each.lines}
    movements = []
    for found in inspections:
        condition = CONDITION_OF[Disposition(found.disposition), Grade(found.grade)]
        if condition is not None and found.quantity:
            cause = f"return/{each.id}/line/{found.line_no}"
            movements.append(
                Movement(
                    type=MovementType.RETURNED,
                    sku=Sku(skus[found.line_no]),
                    location_id=each.location_id,
                    quantity=found.quantity,
                    cause=cause,
                    occurred_at=now,
                    condition=Condition(condition),
                    key=cause,
                    reason=found.note,
                    order_id=each.order_id,
                )
            )
    return movements


def request_refunds(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: what was inspected and is owed becomes a refund, once per return; what cost nothing is settled at once."""
    for delivery in deliveries:
        if not delivery.data["refund_due"]:
            continue
        each = _locked(tx, ReturnId(int(str(delivery.data["return_id"]))))
        order = order_views.order(tx, order_id=each.order_id)
        amount = refund_minor(tx, each, order)
        if amount == 0:
            returns.refund_triggered(tx, return_id=each.id, at=world.clock.now())
            returns.refunded(tx, return_id=each.id, at=world.clock.now())
            continue
        intent = payments.RefundIntent(each.order_id, each.id, None, amount, order.header.currency, each.reason)
        if payments.request_refund(tx, intent=intent, at=world.clock.now()) is not None:
            returns.refund_triggered(tx, return_id=each.id, at=world.clock.now())


def refund_minor(tx: ReadTx, each: Return, order: order_views.Order) -> int:
    """What we owe for what came back of a return."""
    return sum(
        document.owed_for(tx, order, line.line_no, line.received, return_id=each.id) for line in each.lines if line.refund
    )
