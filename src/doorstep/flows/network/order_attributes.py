"""Order attributes that routing rules may test, from a new snapshot or a stored order."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from doorstep.domain.inventory.model.rules import audiences
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import Address, OrderSnapshot
from doorstep.domain.routing.model import OrderAttributes
from doorstep.kernel import geography

_CUSTOMER_GROUPS = frozenset({"vip", "b2b"})
_ON_DELIVERY, _PREPAID = "on_delivery", "prepaid"


def of_snapshot(channel: str, order: OrderSnapshot) -> OrderAttributes:
    """Attributes of an order snapshot."""
    address = order.shipping_address or Address()
    return OrderAttributes(
        placed_at=order.placed_at,
        promised_at=order.promised_at,
        ship_after=order.ship_after,
        method=order.shipping_method,
        priority=order.priority,
        origin=order.origin,
        tags=order.tags,
        value_minor=order.total_minor,
        payment=_ON_DELIVERY if order.payment.on_delivery else _PREPAID,
        country=address.country,
        region=geography.region(address.country, address.state_code),
        customer=_customer(channel, order.customer_external_id),
        pickup=order.pickup,
    )


def of_stored(order: order_views.Order) -> OrderAttributes:
    """Attributes of a stored order, including its queue."""
    header, address = order.header, order.shipping_address
    return OrderAttributes(
        placed_at=header.placed_at,
        promised_at=header.promised_at,
        ship_after=header.ship_after,
        queue=header.queue,
        method=header.shipping_method,
        priority=header.priority,
        origin=header.origin,
        tags=tuple(header.tags),
        value_minor=header.total_minor,
        payment=_ON_DELIVERY if header.on_delivery else _PREPAID,
        country=address.country,
        region=geography.region(address.country, address.state_code),
        customer=_customer(header.channel, header.customer_external_id),
        pickup=header.pickup,
        tries=header.tries,
    )


def _customer(channel: str, external_id: str) -> str:
    """The customer's key within its channel; empty if the channel gives none."""
    return f"{channel}/{external_id}" if external_id else ""


def pool_audiences(channel: str, tags: Sequence[str]) -> frozenset[str]:
    """The pools an order may draw on: its channel's, and those of the customer groups in its tags."""
    groups = _CUSTOMER_GROUPS & {tag.lower() for tag in tags} if tags else frozenset()
    return _audiences(channel, groups)


@lru_cache(maxsize=1_000)
def _audiences(channel: str, groups: frozenset[str]) -> frozenset[str]:
    """Cached: orders of a channel have few distinct answers."""
    return frozenset().union(*(audiences(channel=channel, group=group) for group in ("", *groups)))
