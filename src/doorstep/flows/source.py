"""Route orders: lock the stock, decide purely, reserve and open the work, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment.model import Assignment, WorkLine, cause
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Condition
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import events as order_events
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import LineCount
from doorstep.domain.routing import actions as routing
from doorstep.domain.routing import model
from doorstep.domain.routing import views as routing_views
from doorstep.domain.routing.model import Choice, Decision, Demand, Place, Supply, Want
from doorstep.flows.world import World
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId, Sku
from doorstep.kernel.jobs import Delivery


def source(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> None:
    """Give every line that is not allocated its location, as far as stock goes. The orders are locked."""
    if not order_ids:
        return
    locations = {location.id: location for location in network.locations(tx).values() if location.active}
    demands = _demands(tx, order_ids, now)
    positions = inventory.lock_supply(
        tx, parts=[(want.sku, Condition.NEW) for demand in demands for want in demand.wants]
    )
    supply = Supply(
        {(each.sku, each.location_id): each.available for each in positions if each.available > 0}
    )
    decisions = model.plan(demands, supply, {each.id: _place(each) for each in locations.values()})
    decision_ids = routing.record(tx, decisions=[each for each in decisions if each.receipt], at=now)
    choices = [(each.order_id, choice) for each in decisions for choice in each.choices]
    assignments = _assignments(choices)
    work_ids = fulfillment.open_work(tx, assignments=assignments, decisions=decision_ids, at=now)
    pieces = [
        piece for work_id, each in zip(work_ids, assignments, strict=True) for piece in _pieces(work_id, each)
    ]
    inventory.reserve(tx, pieces=pieces, at=now)
    orders.allocate(
        tx,
        counts=_counts(choices),
        routed=_routed(decisions, decision_ids, locations),
        short={
            each.order_id: tuple(sorted({want.sku for want in each.short}))
            for each in decisions
            if each.short
        },
        now=now,
    )


def wake_short(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: stock came (counted, returned, let go by a cart or a cancelled order): orders that wait for it are routed."""
    named = {sku for each in deliveries for sku in _skus(each)}
    given_back = [OrderId(each.key) for each in deliveries if not _skus(each)]
    parts = named | order_views.skus(tx, order_ids=given_back)
    orders.wake_short(tx, skus=sorted(parts | catalog.made_of(tx, skus=parts)), now=world.clock.now())


def _skus(delivery: Delivery) -> list[str]:
    """The SKUs that a fact names; an order's fact names none, it stands for the order's own."""
    several = delivery.data.get("skus", ())
    return [str(delivery.data["sku"])] if "sku" in delivery.data else [str(sku) for sku in _listed(several)]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _demands(tx: WriteTx, order_ids: Sequence[OrderId], now: datetime) -> list[Demand]:
    excluded: dict[int, set[tuple[Sku, LocationId]]] = {}
    for each in routing_views.exclusions(tx, order_ids=order_ids, at=now):
        excluded.setdefault(each.order_id, set()).add((Sku(each.sku), LocationId(each.location_id)))
    return [
        Demand(
            OrderId(order.header.id),
            tuple(_wants(order)),
            order.shipping_address.latitude,
            order.shipping_address.longitude,
            frozenset(excluded.get(order.header.id, ())),
        )
        for order in order_views.orders(tx, order_ids=order_ids)
    ]


def _wants(order: order_views.Order) -> list[Want]:
    return [
        Want(line.line_no, line.sku, line.quantity - line.allocated - line.cancelled)
        for line in order.lines
        if line.requires_shipping and line.quantity > line.allocated + line.cancelled
    ]


def _place(location: Location) -> Place:
    return Place(
        location.id, location.code, location.name, location.latitude, location.longitude, ships=location.ships
    )


def _pieces(work_id: FulfillmentOrderId, each: Assignment) -> list[inventory.Piece]:
    return [
        inventory.Piece(
            cause(work_id, line.line_no), line.sku, each.location_id, line.quantity, order_id=each.order_id
        )
        for line in each.lines
    ]


def _assignments(choices: Sequence[tuple[OrderId, Choice]]) -> list[Assignment]:
    """One fulfillment order per order and location."""
    lines: dict[tuple[OrderId, LocationId], list[WorkLine]] = {}
    for order_id, choice in choices:
        lines.setdefault((order_id, choice.location_id), []).append(
            WorkLine(choice.line_no, choice.sku, choice.quantity)
        )
    return [Assignment(order_id, location_id, tuple(each)) for (order_id, location_id), each in lines.items()]


def _counts(choices: Sequence[tuple[OrderId, Choice]]) -> list[LineCount]:
    """Pieces per line (a line split by quantity has several choices)."""
    total: dict[tuple[OrderId, int], int] = {}
    for order_id, choice in choices:
        total[order_id, choice.line_no] = total.get((order_id, choice.line_no), 0) + choice.quantity
    return [LineCount(order_id, line_no, quantity) for (order_id, line_no), quantity in total.items()]


def _routed(
    decisions: Sequence[Decision], decision_ids: Mapping[int, int], locations: Mapping[LocationId, Location]
) -> dict[OrderId, order_events.Allocated]:
    return {
        each.order_id: order_events.Allocated(
            each.order_id,
            decision_ids.get(each.order_id, 0),
            tuple(sorted({locations[choice.location_id].code for choice in each.choices})),
        )
        for each in decisions
        if not each.short
    }
