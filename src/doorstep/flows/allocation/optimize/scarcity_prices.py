"""Opportunity cost of scarce stock: last weeks' orders are repeated and served from today's stock."""

from __future__ import annotations

from datetime import datetime, timedelta

from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import NetworkClaims
from doorstep.domain.orders import views as order_views
from doorstep.domain.routing.actions import runs
from doorstep.domain.routing.actions.runs import NewRun
from doorstep.domain.routing.model import Demand, prices
from doorstep.domain.routing.model.prices import Expected
from doorstep.domain.routing.model.runs import RunKind
from doorstep.domain.routing.views import rules
from doorstep.flows.allocation import demand, eligible_stock, inputs
from doorstep.flows.context import Context
from doorstep.kernel.db import ReadTx, WriteTx

_HISTORY = timedelta(days=28)
_MOST_ORDERS = 3_000
MORE_STOCK_AFTER = timedelta(days=7)
_DAY = timedelta(days=1)


def update(context: Context) -> int:
    """Compute scarcity prices; returns how many stock positions have one.

    Rule sets that do not use them, and networks without tariffs, have no prices.
    """
    began = context.clock.now()
    with context.db.read() as tx:
        compiled_rules = rules.compiled_rules(tx)
        found, orders = _prices(tx, began) if compiled_rules.document.scarcity_prices else ({}, 0)

    def work(tx: WriteTx) -> None:
        runs.set_prices(tx, prices=found, at=began)
        if found:
            done = NewRun(
                "scarcity prices",
                RunKind.PRICES,
                compiled_rules.version,
                began,
                context.clock.now(),
                attempted=orders,
                changed=len(found),
                result=f"Scarce for the next {MORE_STOCK_AFTER.days} days: {len(found)}",
            )
            runs.record(tx, run=done)

    context.db.transact(work, actor="system")
    return len(found)


def _prices(tx: ReadTx, now: datetime) -> tuple[dict[prices.Key, int], int]:
    order_ids = order_views.recent(tx, since=now - _HISTORY, limit=_MOST_ORDERS)
    came = demand.as_placed(tx, order_ids=order_ids)
    if not came:
        return {}, 0
    goods = eligible_stock.needs(tx, skus={want.sku for each in came for want in each.wants})
    claims = NetworkClaims(stock.requested(tx, parts=goods.locked_parts), frozenset())
    found = inputs.load(tx, demands=came, goods=goods, claims=claims, at=now)
    weight = MORE_STOCK_AFTER / _span(came, now)
    expected = [Expected(each, weight) for each in came]
    return prices.scarcity_prices(
        expected, found.supply, found.network, found.compiled_rules.document.costs
    ), len(came)


def _span(came: list[Demand], now: datetime) -> timedelta:
    """The time in which these orders came, at least one day."""
    first = min(
        (each.attributes.placed_at for each in came if each.attributes.placed_at is not None), default=now
    )
    return max(_DAY, now - first)
