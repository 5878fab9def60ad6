"""Order lines that still need an allocation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.catalog.views import SkuAttributes
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import New
from doorstep.domain.orders.model import Address
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.model import Demand, DemandLine
from doorstep.flows.network import order_attributes
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, OrderId, Sku


def of_new(new: Sequence[New], *, traits: Mapping[Sku, SkuAttributes]) -> list[Demand]:
    """Demand of new orders: all their lines, without rejecting locations."""
    return [_of_new(each, traits) for each in new]


def _of_new(each: New, traits: Mapping[Sku, SkuAttributes]) -> Demand:
    order = each.incoming.snapshot
    wants = tuple(
        [
            _want(number, line.sku, line.quantity, line.unit_price_minor, traits)
            for number, line in enumerate(order.stored_lines, start=1)
            if line.requires_shipping
        ]
    )
    address = order.shipping_address or Address()
    return Demand(
        each.order_id,
        wants,
        address.latitude,
        address.longitude,
        channel=each.incoming.channel,
        buyer=order_attributes.pool_audiences(each.incoming.channel, order.tags),
        cart=order.cart_reference,
        attributes=order_attributes.of_snapshot(each.incoming.channel, order),
    )


def _want(
    number: int, sku: Sku, quantity: int, price_minor: int, traits: Mapping[Sku, SkuAttributes]
) -> DemandLine:
    of, value_minor = traits.get(sku), quantity * price_minor
    if of is None:
        return DemandLine(number, sku, quantity, value_minor=value_minor)
    return DemandLine(number, sku, quantity, of.weight_grams, value_minor, of.category, of.style)


def of_stored(tx: ReadTx, *, order_ids: Sequence[OrderId], now: datetime) -> list[Demand]:
    """Demand of stored orders: unallocated units, without the locations that rejected them."""
    found = order_views.orders(tx, order_ids=order_ids)
    traits = catalog.attributes(tx, skus={line.sku for order in found for line in order.lines})
    excluded = _excluded(tx, found, now)
    return [
        _of_stored(order, _left(order, traits), excluded.get(order.header.id, frozenset())) for order in found
    ]


def as_placed(tx: ReadTx, *, order_ids: Sequence[OrderId]) -> list[Demand]:
    """Demand of stored orders as placed: all units that are not canceled, ignoring rejects."""
    found = order_views.orders(tx, order_ids=order_ids)
    traits = catalog.attributes(tx, skus={line.sku for order in found for line in order.lines})
    return [_of_stored(order, _whole(order, traits), frozenset()) for order in found]


def _of_stored(
    order: order_views.Order, wants: Sequence[DemandLine], excluded: frozenset[tuple[Sku, LocationId]]
) -> Demand:
    header, address = order.header, order.shipping_address
    return Demand(
        OrderId(header.id),
        tuple(wants),
        address.latitude,
        address.longitude,
        excluded,
        channel=header.channel,
        buyer=order_attributes.pool_audiences(header.channel, header.tags),
        attributes=order_attributes.of_stored(order),
    )


def _excluded(
    tx: ReadTx, found: Sequence[order_views.Order], now: datetime
) -> dict[int, frozenset[tuple[Sku, LocationId]]]:
    """Excluded locations: for a SKU of one order, for a whole order (no SKU), or for a SKU of any order."""
    mine: dict[int, set[tuple[Sku, LocationId]]] = {}
    skus = {order.header.id: {line.sku for line in order.lines} for order in found}
    for each in routing.exclusions(tx, order_ids=list(skus), at=now):
        named = {Sku(each.sku)} if each.sku else skus[each.order_id]
        mine.setdefault(each.order_id, set()).update((sku, LocationId(each.location_id)) for sku in named)
    return {order_id: frozenset(each) for order_id, each in mine.items()}


def _left(order: order_views.Order, traits: Mapping[Sku, SkuAttributes]) -> list[DemandLine]:
    return [
        _want(
            line.line_no,
            line.sku,
            line.quantity - line.allocated - line.canceled,
            line.unit_price_minor,
            traits,
        )
        for line in order.lines
        if line.requires_shipping and line.quantity > line.allocated + line.canceled
    ]


def _whole(order: order_views.Order, traits: Mapping[Sku, SkuAttributes]) -> list[DemandLine]:
    return [
        _want(line.line_no, line.sku, line.quantity - line.canceled, line.unit_price_minor, traits)
        for line in order.lines
        if line.requires_shipping and line.quantity > line.canceled
    ]
