"""What orders want from routing: every line that goes into a parcel and has no location yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import lru_cache

from doorstep.domain.catalog import views as catalog
from doorstep.domain.catalog.views import Traits
from doorstep.domain.inventory.model.rules import audiences
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.actions import New
from doorstep.domain.orders.model import Address
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.model import Demand, Facts, Want
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, OrderId, Sku

_CUSTOMER_GROUPS = frozenset({"vip", "b2b"})


def of_new(new: Sequence[New], *, traits: Mapping[Sku, Traits]) -> list[Demand]:
    """Of orders that are not written yet: all of it, and nobody has rejected anything."""
    return [_of_new(each, traits) for each in new]


def _of_new(each: New, traits: Mapping[Sku, Traits]) -> Demand:
    order = each.incoming.observation
    wants = tuple(
        [
            _want(number, line.sku, line.quantity, line.unit_price_minor, traits)
            for number, line in enumerate(order.lines, start=1)
            if line.requires_shipping
        ]
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
        facts=Facts(
            placed_at=order.placed_at,
            promised_at=order.promised_at,
            ship_after=order.ship_after,
            method=order.shipping_method,
            priority=order.priority,
            origin=order.origin,
            tags=order.tags,
            value_minor=order.total_minor,
            payment="on_delivery" if order.payment.on_delivery else "prepaid",
            country=place.country,
            region=region(place),
            customer=order.customer_external_id and f"{each.incoming.channel}/{order.customer_external_id}",
            pickup=order.pickup,
        ),
    )


def _want(number: int, sku: Sku, quantity: int, price_minor: int, traits: Mapping[Sku, Traits]) -> Want:
    of = traits.get(sku)
    if of is None:
        return Want(number, sku, quantity, value_minor=price_minor)
    return Want(number, sku, quantity, of.weight_grams, price_minor, of.category, of.style)


def region(place: Address) -> str:
    """The state as ISO 3166-2 writes it, or the country if there is none."""
    return f"{place.country}-{place.state_code}" if place.state_code else place.country


def of_stored(tx: ReadTx, *, order_ids: Sequence[OrderId], now: datetime) -> list[Demand]:
    """Of stored orders: what is left, without the locations that rejected it."""
    found = order_views.orders(tx, order_ids=order_ids)
    traits = catalog.traits(tx, skus={line.sku for order in found for line in order.lines})
    excluded = _excluded(tx, found, now)
    return [_of_stored(order, traits, excluded.get(order.header.id, frozenset())) for order in found]


def _of_stored(
    order: order_views.Order, traits: Mapping[Sku, Traits], excluded: frozenset[tuple[Sku, LocationId]]
) -> Demand:
    header, place = order.header, order.shipping_address
    return Demand(
        OrderId(header.id),
        tuple(_left(order, traits)),
        place.latitude,
        place.longitude,
        excluded,
        channel=header.channel,
        buyer=buyer(header.channel, header.tags),
        facts=Facts(
            placed_at=header.placed_at,
            promised_at=header.promised_at,
            ship_after=header.ship_after,
            queue=header.queue,
            method=header.shipping_method,
            priority=header.priority,
            origin=header.origin,
            tags=tuple(header.tags),
            value_minor=header.total_minor,
            payment="on_delivery" if header.on_delivery else "prepaid",
            country=place.country,
            region=region(place),
            customer=header.customer_external_id and f"{header.channel}/{header.customer_external_id}",
            pickup=header.pickup,
        ),
    )


def _excluded(
    tx: ReadTx, found: Sequence[order_views.Order], now: datetime
) -> dict[int, frozenset[tuple[Sku, LocationId]]]:
    """Who must not be asked: for a line's SKU of the order, for all of the order (no SKU), or for a SKU by anybody."""
    mine: dict[int, set[tuple[Sku, LocationId]]] = {}
    skus = {order.header.id: {line.sku for line in order.lines} for order in found}
    for each in routing.exclusions(tx, order_ids=list(skus), at=now):
        named = {Sku(each.sku)} if each.sku else skus[each.order_id]
        mine.setdefault(each.order_id, set()).update((sku, LocationId(each.location_id)) for sku in named)
    return {order_id: frozenset(each) for order_id, each in mine.items()}


def buyer(channel: str, tags: Sequence[str]) -> frozenset[str]:
    """Whose pools an order may draw on: its channel's, and those of the customer's groups, as the channel tags them."""
    groups = _CUSTOMER_GROUPS & {tag.lower() for tag in tags} if tags else frozenset()
    return _audiences(channel, groups)


@lru_cache(maxsize=1_000)
def _audiences(channel: str, groups: frozenset[str]) -> frozenset[str]:
    """The same few answers for all orders of a channel."""
    return frozenset().union(*(audiences(channel=channel, group=group) for group in ("", *groups)))


def _left(order: order_views.Order, traits: Mapping[Sku, Traits]) -> list[Want]:
    return [
        _want(
            line.line_no,
            line.sku,
            line.quantity - line.allocated - line.cancelled,
            line.unit_price_minor,
            traits,
        )
        for line in order.lines
        if line.requires_shipping and line.quantity > line.allocated + line.cancelled
    ]
