"""What orders want from routing: every line that goes into a parcel and has no location yet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from doorstep.domain.inventory.model.rules import audiences
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import New
from doorstep.domain.orders.model import Address
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.model import Demand, Want
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, OrderId, Sku

_CUSTOMER_GROUPS = frozenset({"vip", "b2b"})


def of_new(new: Sequence[New]) -> list[Demand]:
    """Of orders that are not written yet: all of it, and nobody has rejected anything."""
    return [_of_new(each) for each in new]


def _of_new(each: New) -> Demand:
    order = each.incoming.observation
    wants = tuple(
        Want(number, line.sku, line.quantity)
        for number, line in enumerate(order.lines, start=1)
        if line.requires_shipping
    )
    place = order.shipping_address or Address()
    return Demand(
        each.order_id,
        wants,
        place.latitude,
        place.longitude,
        channel=each.incoming.channel,
        buyer=buyer(each.incoming.channel, order.tags),
        cart=order.cart_reference,
    )


def of_stored(tx: ReadTx, *, order_ids: Sequence[OrderId], now: datetime) -> list[Demand]:
    """Of stored orders: what is left, without the locations that rejected it."""
    excluded: dict[int, set[tuple[Sku, LocationId]]] = {}
    for each in routing.exclusions(tx, order_ids=order_ids, at=now):
        excluded.setdefault(each.order_id, set()).add((Sku(each.sku), LocationId(each.location_id)))
    return [
        Demand(
            OrderId(order.header.id),
            tuple(_left(order)),
            order.shipping_address.latitude,
            order.shipping_address.longitude,
            frozenset(excluded.get(order.header.id, ())),
            channel=order.header.channel,
            buyer=buyer(order.header.channel, order.header.tags),
        )
        for order in order_views.orders(tx, order_ids=order_ids)
    ]


def buyer(channel: str, tags: Sequence[str]) -> frozenset[str]:
    """Whose pools an order may draw on: its channel's, and those of the customer's groups, as the channel tags them."""
    groups = _CUSTOMER_GROUPS & {tag.lower() for tag in tags} if tags else frozenset()
    return _audiences(channel, groups)


@lru_cache(maxsize=1_000)
def _audiences(channel: str, groups: frozenset[str]) -> frozenset[str]:
    """The same few answers for all orders of a channel."""
    return frozenset().union(*(audiences(channel=channel, group=group) for group in ("", *groups)))


def _left(order: order_views.Order) -> list[Want]:
    return [
        Want(line.line_no, line.sku, line.quantity - line.allocated - line.cancelled)
        for line in order.lines
        if line.requires_shipping and line.quantity > line.allocated + line.cancelled
    ]
