"""Reconstruct past stock and orders for a simulation, using today's network configuration."""

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
            stock[stock_key(free.sku, free.condition)][free.location_id] = free.pieces
    changes = [
        Change(each.at, stock_key(each.sku, each.condition), each.location_id, each.pieces)
        for each in history.changes(tx, since=window.since, until=window.until)
        if (each.sku, each.condition) in wanted
    ]
    then = network_at(tx, at=window.until)
    return Past(stock, goods.recipes, arrivals, changes, then.codes, then.network, then.shift)


def network_at(tx: ReadTx, *, at: datetime) -> NetworkAt:
    """The network at an instant, by the configuration of that instant."""
    return NetworkAt(lanes.configuration(tx, at=at), lanes.network(tx, currency="", at=at))


@dataclass(frozen=True, slots=True)
class NetworkAt:
    """The network at a past instant: today's calendars, tariffs and shifts, without pauses or backlog."""

    known: Configuration
    today: Network

    @property
    def codes(self) -> Mapping[LocationId, str]:
        """Codes of the locations."""
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
        """The start of the shift that work decided then counts in."""
        running = self.known.moment(at).shifts.get(place)
        return None if running is None else running.starts_at


def _most(shift: Running | None) -> int | None:
    """How many orders a shift takes; a limit in lines or units is not applied here."""
    return None if shift is None or shift.shift.counts != "orders" else shift.shift.most


def _arrivals(tx: ReadTx, came: Sequence[tuple[OrderId, datetime]]) -> list[Arrival]:
    """Orders as they were captured."""
    at = dict(came)
    found = demand.as_placed(tx, order_ids=list(at))
    placed = [Arrival(at[each.order_id], _untried(each)) for each in found if each.wants]
    return sorted(placed, key=lambda each: (each.at, each.demand.order_id))


def _untried(order: Demand) -> Demand:
    """The order before it was routed."""
    return replace(order, facts=msgspec.structs.replace(order.facts, queue="", tries=0))
