"""Orders for tests of stock: stored as a channel told them, and nothing done with them yet."""

from __future__ import annotations

from tests import builders

from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Incoming
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


def place(tx: WriteTx, count: int = 1, *, sku: str = "A", quantity: int = 1) -> list[OrderId]:
    """So many orders of one line each."""
    channel = builders.channel(tx)
    incoming = [
        Incoming(channel, "shop", builders.observation(builders.line(sku, quantity)), f"trace-{number}")
        for number in range(count)
    ]
    return [
        accepted.order_id
        for accepted in orders.upsert(tx, reported=orders.classify(tx, incoming=incoming), now=builders.NOON)
    ]
