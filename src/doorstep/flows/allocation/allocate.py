"""Allocate orders to locations: lock the stock, plan, reserve and create fulfillment orders, in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.routing import actions as routing
from doorstep.domain.routing.actions import rules
from doorstep.domain.routing.model import Demand
from doorstep.domain.routing.model.rules import Run
from doorstep.flows.allocation import (
    allocation,
    capacity,
    demand,
    eligible_stock,
    exception_queues,
    inputs,
    plan_result,
    stock_locks,
    trial,
)
from doorstep.flows.allocation.capacity import NewWork
from doorstep.flows.allocation.eligible_stock import stock_lines
from doorstep.flows.allocation.plan_result import PlanResult
from doorstep.flows.context import Context
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Delivery


def allocate(
    tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime, run: Run | None = None
) -> PlanResult:
    """Allocate every unallocated line of these stored, locked orders, as far as stock allows.

    With a scheduled `run`, orders that the run does not select stay as they are.
    """
    stock_locks.of_orders(tx, order_ids=order_ids)
    demands = demand.of_stored(tx, order_ids=order_ids, now=now)
    found = plan(tx, demands=demands, now=now, run=run)
    orders.allocate(
        tx, counts=found.counts, routed=found.routed, short=found.short, queued=found.queued, now=now
    )
    apply(tx, found=found, now=now)
    fulfillment.release_unneeded(tx, order_ids=list(found.routed))
    allocation.changed(tx, order_ids=order_ids, now=now)
    return found


def plan(
    tx: WriteTx,
    *,
    demands: Sequence[Demand],
    now: datetime,
    held: Sequence[Demand] = (),
    run: Run | None = None,
) -> PlanResult:
    """Lock the stock that the demands may use, convert cart reservations, and plan. Nothing of the orders is written yet.

    Orders in `held` are not planned, but their cart reservations end here, too.
    """
    everybody = [*demands, *held]
    if not everybody:
        return plan_result.EMPTY
    goods = eligible_stock.needs(tx, skus={want.sku for each in everybody for want in each.wants})
    carts = _carts(everybody)
    inventory.lock_stock(tx, skus={*goods.parts, *(sku for sku, _ in goods.locked_parts)}, carts=carts)
    claims = inventory.consume(tx, parts=goods.locked_parts, carts=carts, at=now)
    capacity.lock(tx, at=now)
    found = inputs.load(tx, demands=demands, goods=goods, claims=claims, at=now)
    decisions = trial.plan(tx, inputs=found, now=now, run=run)
    rules.record_failures(tx, compiled_rules=found.compiled_rules, at=now)
    if run is not None:
        decisions = [each for each in decisions if each.routing]
    tries = {each.order_id: each.attributes.tries for each in demands}
    reported = [each for each in decisions if each.choices or not tries[each.order_id]]
    decision_ids = routing.reserve_ids(tx, decisions=reported)
    return plan_result.build(found, decisions, decision_ids, now=now)


def _carts(demands: Sequence[Demand]) -> dict[tuple[str, str], int]:
    return {(each.channel, each.cart): each.order_id for each in demands if each.cart}


def apply(tx: WriteTx, *, found: PlanResult, now: datetime) -> None:
    """Store explanations, create fulfillment orders, reserve their stock and use capacity. The orders are stored already."""
    routing.record(tx, decisions=found.decisions, ids=found.decision_ids, at=now)
    assignments = found.assignments
    work_ids = fulfillment.open_work(tx, assignments=assignments, decisions=found.decision_ids, at=now)
    works = list(zip(work_ids, assignments, strict=True))
    units = [line for work_id, each in works for line in stock_lines(work_id, each, found.goods)]
    inventory.reserve(tx, reservations=units, at=now)
    asked = [
        NewWork(work_id, each.location_id, len(each.lines), sum([line.quantity for line in each.lines]))
        for work_id, each in works
    ]
    capacity.use(tx, works=asked, at=now)
    exception_queues.cancel_ended(tx, decisions=found.decisions, now=now)


def retry_backorders(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Retry orders that wait for SKUs that came back into stock (counted, returned, released by a cart or a cancellation)."""
    named = {sku for each in deliveries for sku in _skus(each)}
    given_back = [OrderId(each.key) for each in deliveries if each.stream == "order"]
    sold = order_views.skus(tx, order_ids=given_back)
    parts = named | sold | {str(part.sku) for each in catalog.parts(tx, skus=sold).values() for part in each}
    orders.retry_backorders(tx, skus=sorted(parts | catalog.made_of(tx, skus=parts)), now=context.clock.now())


def _skus(delivery: Delivery) -> list[str]:
    """The SKUs that an event names; an order event names none and stands for the SKUs of its order."""
    several = delivery.data.get("skus", ())
    return [str(delivery.data["sku"])] if "sku" in delivery.data else [str(sku) for sku in _listed(several)]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []
