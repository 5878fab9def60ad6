"""Planned work is taken back, so that it can be planned again: nobody at its location knows of it yet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Ending
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import LineCount
from doorstep.flows import capacity, lanes, waiting
from doorstep.flows.world import World, number
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, OrderId
from doorstep.kernel.jobs import Delivery


def withdraw(tx: WriteTx, *, works: Sequence[Work], now: datetime) -> None:
    """Cancel planned, locked work; its stock, its pieces on the order's lines and its place in the shift are given back."""
    if not works:
        return
    fulfillment.withdraw(tx, works=works)
    causes = [cause for work in works for cause in work.causes]
    order_ids = sorted({work.order_id for work in works})
    inventory.release(tx, ending=Ending(causes, order_ids, "planned again"), at=now)
    counts = [LineCount(work.order_id, line.line_no, line.quantity) for work in works for line in work.lines]
    orders.deallocate(tx, counts=counts)
    capacity.give_back(tx, work_ids=[work.id for work in works])


def withdraw_of(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> None:
    """Whatever of these locked orders is planned: the rest of an order is planned together with what came back."""
    withdraw(tx, works=fulfillment.lock_planned(tx, order_ids=order_ids), now=now)


def location_paused(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: a location gets no work now: what is planned for it is planned again, elsewhere."""
    _plan_again(tx, {LocationId(number(each, "location_id")) for each in deliveries}, world.clock.now())


def carrier_out(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: a carrier gets no parcels now: what is planned where it would fetch them is planned again."""
    now, out = world.clock.now(), {str(each.data["carrier"]) for each in deliveries}
    origins = lanes.configuration(tx, at=now).said.atlas.origins
    _plan_again(tx, {each.id for each in origins if out.intersection(each.carriers)}, now)


def look_again(world: World, tx: WriteTx, _deliveries: list[Delivery]) -> None:
    """Step: locations or carriers work again, or otherwise: orders that wait are routed again."""
    orders.wake_waiting(tx, now=world.clock.now())


def _plan_again(tx: WriteTx, location_ids: Collection[LocationId], now: datetime) -> None:
    order_ids = work_views.planned_at(tx, location_ids=sorted(location_ids))
    for order_id in order_ids:
        orders.lock(tx, order_id=order_id)
    withdraw_of(tx, order_ids=order_ids, now=now)
    orders.route_again(tx, order_ids=order_ids, now=now)
    waiting.settle(tx, order_ids=order_ids, now=now)
