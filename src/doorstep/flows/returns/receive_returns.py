"""Book the pickup, receive and inspect a return."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import ReturnedUnits
from doorstep.domain.inventory.model import Condition
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import LineCount
from doorstep.domain.returns import actions as returns
from doorstep.domain.returns import views as return_views
from doorstep.domain.returns.actions import Return
from doorstep.domain.returns.model import CONDITION_OF, Disposition, Grade, Inspection
from doorstep.domain.shipping import actions as shipping
from doorstep.flows.allocation import eligible_stock
from doorstep.flows.context import Context
from doorstep.flows.shipping import label_request
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, OrderId, ReturnId, Sku
from doorstep.kernel.jobs import Delivery


def book_pickups(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Book the pickup of a new return with the location's return carrier."""
    orders.lock_all(tx, order_ids={OrderId(delivery.key) for delivery in deliveries})
    for delivery in deliveries:
        each = return_views.one(tx, return_id=int(str(delivery.data["return_id"])))
        if each.location_id is None:
            raise errors.Refused("None of these lines has shipped: there is nothing to pick up.")
        location = network.location(tx, location_id=each.location_id)
        connection_id = context.partners.by_key(location.return_carrier or location.carrier).id
        parcel = label_request.for_return(
            tx,
            each=each,
            location_id=location.id,
            connection_id=connection_id,
            packaging=context.packaging,
        )
        shipping.request_label(tx, parcel=parcel, at=context.clock.now())


def _locked(tx: WriteTx, return_id: ReturnId) -> Return:
    orders.lock(tx, order_id=return_views.one(tx, return_id=return_id).order_id)
    return returns.lock(tx, return_id=return_id)


def receive(
    tx: WriteTx, *, return_id: ReturnId, now: datetime, location_id: LocationId | None = None
) -> None:
    """Receive a return parcel, at its location or at another one."""
    location = _location(tx, _locked(tx, return_id), location_id)
    returns.receive(tx, return_id=return_id, location_id=location.id, location=location.code, at=now)


def _location(tx: ReadTx, each: Return, location_id: LocationId | None) -> Location:
    location = location_id or each.location_id
    if location is None:
        raise errors.Invalid("Choose the location that received the return.", field="location_id")
    return network.location(tx, location_id=location)


def inspect(tx: WriteTx, *, return_id: ReturnId, inspections: Sequence[Inspection], now: datetime) -> None:
    """Record the inspection: stock, order lines, and what is owed."""
    _locked(tx, return_id)
    each = returns.inspect(tx, return_id=return_id, inspections=inspections, at=now)
    inventory.receive_return_stock(tx, returned=_to_stock(tx, each, inspections), at=now)
    line_nos = {line.return_line_no: line.line_no for line in each.lines}
    counts = [
        LineCount(each.order_id, line_nos[found.return_line_no], found.quantity)
        for found in inspections
        if found.quantity
    ]
    orders.count(tx, counters=["returned"], counts=counts)


def _to_stock(tx: ReadTx, each: Return, inspections: Sequence[Inspection]) -> list[ReturnedUnits]:
    """What goes back to stock: kits as components; B-grade units never become new."""
    if each.location_id is None:
        raise errors.Refused("The return has not been received yet.")
    lines = {line.return_line_no: line for line in each.lines}
    parts = eligible_stock.needs(tx, skus=[Sku(line.sku) for line in each.lines]).parts
    returned = []
    for found in inspections:
        found_condition = CONDITION_OF[Disposition(found.disposition), Grade(found.grade)]
        if found_condition is None or not found.quantity:
            continue
        line = lines[found.return_line_no]
        for (sku, sold_as), units in parts[Sku(line.sku)].items():
            condition = sold_as if found_condition == Condition.NEW else Condition(found_condition)
            returned.append(
                ReturnedUnits(
                    f"return/{each.id}/line/{line.return_line_no}", each.order_id, line.line_no, sku, each.location_id,
                    units * found.quantity, condition, found.note,
                )
            )  # fmt: skip
    return returned
