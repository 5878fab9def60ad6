"""Reconstruct past stock and orders for a simulation, using today's network configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.views import history
from doorstep.domain.orders import views as order_views
from doorstep.domain.routing.model import StockKey, stock_key
from doorstep.domain.routing.model.lab import Arrival, Past, PastNetwork, StockChange
from doorstep.flows.allocation import demand, eligible_stock
from doorstep.flows.network import lanes
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, OrderId

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when; at most `most` orders, the first ones."""

    since: datetime
    until: datetime
    most: int = 200_000


def reconstruct(tx: ReadTx, *, window: Window) -> Past:
    """Everything that a replay needs. Canceled orders and canceled units are left out."""
    came = order_views.accepted(tx, since=window.since, until=window.until, limit=window.most)
    arrivals = [
        each
        for start in range(0, len(came), _AT_ONCE)
        for each in _arrivals(tx, came[start : start + _AT_ONCE])
    ]
    goods = eligible_stock.needs(tx, skus={want.sku for each in arrivals for want in each.demand.wants})
    wanted = set(goods.locked_parts)
    stock: dict[StockKey, dict[LocationId, int]] = {stock_key(*part): {} for part in wanted}
    for free in history.free_at(tx, at=window.since):
        if (free.sku, free.condition) in wanted:
            stock[stock_key(free.sku, free.condition)][free.location_id] = free.units
    changes = [
        StockChange(each.at, stock_key(each.sku, each.condition), each.location_id, each.units)
        for each in history.changes(tx, since=window.since, until=window.until)
        if (each.sku, each.condition) in wanted
    ]
    then = network_at(tx, at=window.until)
    return Past(stock, goods.recipes, arrivals, changes, then.codes, then.network, then.shift)


def network_at(tx: ReadTx, *, at: datetime) -> PastNetwork:
    """The network at past instants, by the configuration of this one."""
    return PastNetwork(lanes.configuration(tx, at=at).moments, lanes.network(tx, currency="", at=at))


def _arrivals(tx: ReadTx, came: Sequence[tuple[OrderId, datetime]]) -> list[Arrival]:
    """Orders as they were captured."""
    at = dict(came)
    found = demand.as_placed(tx, order_ids=list(at))
    placed = [Arrival.of(at[each.order_id], each) for each in found if each.wants]
    return sorted(placed, key=lambda each: (each.at, each.demand.order_id))
