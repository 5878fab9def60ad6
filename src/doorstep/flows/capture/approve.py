"""Run the order checks; approve the order or place a hold with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import model
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import Decided, New
from doorstep.flows.allocation import allocate, allocation, demand, stock_locks
from doorstep.flows.allocation.plan_result import PlanResult
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


def check_new(
    tx: WriteTx, *, new: Sequence[New], serviceable: Mapping[str, bool], now: datetime
) -> tuple[Decided, PlanResult]:
    """Check new orders and plan the ones that pass, before any is written. Stock is locked from here on."""
    known = catalog.attributes(tx, skus={line.sku for each in new for line in each.incoming.snapshot.lines})
    holds = {
        each.order_id: model.check(each.incoming.snapshot, known_skus=known, serviceable=serviceable)
        for each in new
    }
    passed = [each for each in new if not holds[each.order_id]]
    stopped = [each for each in new if holds[each.order_id]]
    routes = allocate.plan(
        tx, demands=demand.of_new(passed, traits=known), held=demand.of_new(stopped, traits=known), now=now
    )
    return Decided(holds, routes.counts, routes.routed, routes.short, routes.queued, routes.promised), routes


def approve(
    tx: WriteTx, *, order_ids: Sequence[OrderId], serviceable: Mapping[str, bool], now: datetime
) -> None:
    """Check stored orders and allocate the ones that pass, in the same transaction."""
    if not order_ids:
        return
    stock_locks.of_orders(tx, order_ids=order_ids)
    known = catalog.known(tx, skus=order_views.skus(tx, order_ids=order_ids))
    approved = orders.run_checks(tx, order_ids=order_ids, known_skus=known, serviceable=serviceable, now=now)
    allocate.allocate(tx, order_ids=approved, now=now)
    allocation.changed(tx, order_ids=sorted(set(order_ids) - set(approved)), now=now)


def hold(tx: WriteTx, *, order_id: OrderId, reason: str, now: datetime) -> None:
    """Hold an order."""
    orders.place_hold(tx, order_id=order_id, reason=reason, now=now)


def release(tx: WriteTx, *, order_id: OrderId, now: datetime) -> None:
    """Release an order; the checks run again."""
    orders.release_holds(tx, order_id=order_id, now=now)
