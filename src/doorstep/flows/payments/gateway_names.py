"""Which payment gateway a sales channel means by a name."""

from __future__ import annotations

from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.connections.views import maps
from doorstep.domain.orders import views as order_views
from doorstep.flows.context import Context
from doorstep.kernel.ids import OrderId


def ours(context: Context, *, order_id: OrderId, name: str) -> str:
    """The gateway's connector id, as it is mapped for the order's channel now; else the name as it came."""
    with context.db.read() as tx:
        order = order_views.order(tx, order_id=order_id)
        channel = order.header.connection_id
        found = maps.targets(tx, connection_id=channel, kind=MapKind.GATEWAY, sources=[name])
    return found.get(name, name)
