"""A stretch of the past, rebuilt for the lab: stock from the ledger, orders as they came, the network as it is said today."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from doorstep.domain.inventory.views import history
from doorstep.domain.orders import views as order_views
from doorstep.domain.routing.model import Demand, Network, StockKey, stock_key
from doorstep.domain.routing.model.lab import Arrival, Change, Past
from doorstep.domain.routing.model.pacing import Running
from doorstep.flows.allocation import demand, eligible_stock
from doorstep.flows.network import lanes
from doorstep.flows.network.lanes import Configuration
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, OrderId

_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Window:
    """From when until when; `most` orders at most, the first ones."""

    since: datetime
    until: datetime
    most: int = 200_000


def reconstruct(tx: ReadTx, *, window: Window) -> Past:
    """Everything that a replay needs. Orders that were canceled are left out, and so is what was canceled of others."""
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
            stock[stock_key(free.sku, free.condition)][free.location_id] = free.pieces
    changes = [
        Change(each.at, stock_key(each.sku, each.condition), each.location_id, each.pieces)
        for each in history.changes(tx, since=window.since, until=window.until)
        if (each.sku, each.condition) in wanted
    ]
    then = network_at(tx, at=window.until)
    return Past(stock, goods.recipes, arrivals, changes, then.codes, then.network, then.shift)


def network_at(tx: ReadTx, *, at: datetime) -> NetworkAt:
    """The network of any instant, as it is said at that one."""
    return NetworkAt(lanes.configuration(tx, at=at), lanes.network(tx, currency="", at=at))


@dataclass(frozen=True, slots=True)
class NetworkAt:
    """The network of an instant of the past: calendars, tariffs and shifts as they are said today, nobody paused or behind."""

    known: Configuration
    today: Network

    @property
    def codes(self) -> Mapping[LocationId, str]:
        """What people call the places."""
        return {each.id: each.code for each in self.today.places.values()}

    def network(self, at: datetime) -> Network:
        """Every shift is empty."""
        moment = self.known.moment(at)
        places = {
            place: replace(
                each,
                is_open=moment.is_open[place],
                room=_most(moment.shifts.get(place)),
                backlog_hours=0.0,
                paused="",
            )
            for place, each in self.today.places.items()
        }
        return replace(self.today, places=places, ways=moment.ways[True], prices={})

    def shift(self, place: LocationId, at: datetime) -> datetime | None:
        """When the shift began that work decided then counts in."""
        running = self.known.moment(at).shifts.get(place)
        return None if running is None else running.starts_at


def _most(shift: Running | None) -> int | None:
    """How many orders it takes; one that counts something else is not held to it here."""
    return None if shift is None or shift.shift.counts != "orders" else shift.shift.most


def _arrivals(tx: ReadTx, came: Sequence[tuple[OrderId, datetime]]) -> list[Arrival]:
    """Orders as they came: when they were taken in, as routing saw them then."""
    at = dict(came)
    found = demand.as_placed(tx, order_ids=list(at))
    placed = [Arrival(at[each.order_id], _untried(each)) for each in found if each.wants]
    return sorted(placed, key=lambda each: (each.at, each.demand.order_id))


def _untried(order: Demand) -> Demand:
    """As it was before anybody had routed it."""
    return replace(order, facts=msgspec.structs.replace(order.facts, queue="", tries=0))
