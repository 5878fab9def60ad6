"""Backorders: stock committed to lines that wait for it, and the dates those lines are promised."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import events as inventory_events
from doorstep.domain.inventory.actions import promises
from doorstep.domain.inventory.model import Commitment
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.promises import Need
from doorstep.domain.inventory.views import promises as promise_views
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.flows.allocation import demand, eligible_stock
from doorstep.flows.context import Context, event_int
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Delivery


def update(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> None:
    """Commit exactly what these stored, locked orders still wait for, and end the promises of lines that wait no longer.

    Committed units are promised to nobody else; they are not reserved at any location.
    """
    if not order_ids:
        return
    demands = demand.of_stored(tx, order_ids=order_ids, now=now)
    known = catalog.known(tx, skus={want.sku for each in demands for want in each.wants})
    wants = [
        (each.order_id, want)
        for each in demands
        for want in each.wants
        if want.sku in known and want.quantity > 0
    ]
    parts = eligible_stock.needs(tx, skus={want.sku for _, want in wants}).parts
    wanted = [
        Commitment(order_id, want.line_no, sku, condition, units * want.quantity)
        for order_id, want in wants
        for (sku, condition), units in parts[want.sku].items()
    ]
    inventory.set_commitments(tx, order_ids=order_ids, wanted=wanted, at=now)
    _end_promises(
        tx, order_ids=order_ids, waiting={(each.order_id, each.line_no) for each in wanted}, now=now
    )


def _end_promises(
    tx: WriteTx, *, order_ids: Sequence[OrderId], waiting: Iterable[tuple[int, int]], now: datetime
) -> None:
    """End the promises of lines (order, line) that no longer wait: kept if the line has its stock, else canceled."""
    over = promise_views.open_lines(tx, order_ids=order_ids) - set(waiting)
    if not over:
        return
    found = order_views.orders(tx, order_ids=sorted({order_id for order_id, _ in over}))
    served = {(each.header.id, line.line_no) for each in found for line in each.lines if line.allocated}
    promises.keep(tx, lines=over & served, at=now)
    promises.cancel(tx, lines=over - served, at=now)


def promise_short_orders(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Promise lines that routing found short from incoming supply, where their SKUs may be sold ahead."""
    _promise(tx, order_ids=sorted({OrderId(each.key) for each in deliveries}), now=context.clock.now())


def promise_from_new_supply(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Promise unpromised backorders after more supply is announced or a SKU may be sold ahead."""
    skus = promise_views.sold_ahead(tx, skus={str(each.data["sku"]) for each in deliveries})
    found = promise_views.unpromised(tx, skus=skus) if skus else []
    _promise(tx, order_ids=[OrderId(each) for each in found], now=context.clock.now())


def _promise(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> None:
    skus = order_views.skus(tx, order_ids=order_ids) if order_ids else set()
    made_of = catalog.parts(tx, skus=skus)
    if not promise_views.sold_ahead(tx, skus={part.sku for each in made_of.values() for part in each}):
        return
    orders.lock_all(tx, order_ids=order_ids)
    needs = [
        Need(each.order_id, want.line_no, part.sku, part.quantity * want.quantity)
        for each in demand.of_stored(tx, order_ids=order_ids, now=now)
        for want in each.wants
        if all(part.condition == Condition.NEW for part in made_of[want.sku])
        for part in made_of[want.sku]
    ]
    promises.promise(tx, lines=needs, at=now)


def record_promise_changes(context: Context, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Record on the orders that their promised dates moved with the supply.

    Lock order: orders before stock. Whoever changes supply holds SKU locks, so this runs in a step of its own.
    """
    orders.lock_all(tx, order_ids={OrderId(event_int(each, "order_id")) for each in deliveries})
    changes = [
        inventory_events.PromiseChanged(
            order_id=event_int(each, "order_id"),
            line_no=event_int(each, "line_no"),
            sku=str(each.data["sku"]),
            old_date=_date(each, "old_date"),
            new_date=_date(each, "new_date"),
        )
        for each in deliveries
    ]
    promises.record_changes(tx, changes=changes, at=context.clock.now())


def _date(delivery: Delivery, name: str) -> date | None:
    value = delivery.data[name]
    return None if value is None else date.fromisoformat(str(value))
