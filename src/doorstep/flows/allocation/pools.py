"""Stock pools reserved for channels or customer groups: record what orders drew from them."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.inventory.actions import pools
from doorstep.domain.orders import views as order_views
from doorstep.flows.network import order_attributes
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


def draw(tx: WriteTx, *, order_ids: Sequence[OrderId]) -> None:
    """Draw what is allocated to these stored orders; canceled units return to their pool."""
    if not pools.concern(tx, order_ids=order_ids):
        return
    lines = [
        pools.PoolLine(
            OrderId(order.header.id),
            line.line_no,
            line.sku,
            order_attributes.pool_audiences(order.header.channel, order.header.tags),
            line.allocated,
        )
        for order in order_views.orders(tx, order_ids=order_ids)
        for line in order.lines
    ]
    pools.draw_pools(tx, lines=lines)
