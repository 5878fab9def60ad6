"""Replan unreleased fulfillment orders after a location pause or carrier outage."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.orders import actions as orders
from doorstep.flows.allocation import allocation
from doorstep.flows.context import Context, event_int
from doorstep.flows.network import lanes
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, OrderId
from doorstep.kernel.jobs import Delivery

REPLANNED = "replanned"  # why the reservations of replanned work ended


def withdraw(tx: WriteTx, *, order_ids: Sequence[OrderId]) -> list[Work]:
    """Withdraw all planned work of these locked orders, so that each order is planned as a whole; returns that work.

    The caller undoes its allocation (`allocation.unallocate`), together with other work that ended.
    """
    planned = fulfillment.lock_planned(tx, order_ids=order_ids)
    if planned:
        fulfillment.withdraw(tx, works=planned)
    return planned


def location_paused(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Replan the work of paused or closed locations elsewhere."""
    _plan_again(tx, {LocationId(event_int(each, "location_id")) for each in deliveries}, context.clock.now())


def carrier_outage(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Replan the work that a carrier with an outage would have picked up."""
    now, out = context.clock.now(), {str(each.data["carrier"]) for each in deliveries}
    origins = lanes.configuration(tx, at=now).compiled.lane_table.origins
    _plan_again(tx, {each.id for each in origins if out.intersection(each.carriers)}, now)


def retry_unallocated(context: Context, tx: WriteTx, _deliveries: list[Delivery]) -> None:
    """Retry unallocated orders after a location, carrier or the network changed."""
    orders.retry_short(tx, now=context.clock.now())


def _plan_again(tx: WriteTx, location_ids: Collection[LocationId], now: datetime) -> None:
    order_ids = work_views.planned_at(tx, location_ids=sorted(location_ids))
    orders.lock_all(tx, order_ids=order_ids)
    planned = withdraw(tx, order_ids=order_ids)
    allocation.unallocate(tx, ended={REPLANNED: planned}, now=now)
    orders.reroute(tx, order_ids=order_ids, now=now)
