"""Lock a fulfillment order before it is changed, and see that whoever changes it may."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.connections.views import maps
from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.actions import Command
from doorstep.domain.fulfillment.actions.warehouse import is_there
from doorstep.domain.network import views as network
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId


class AtWarehouse(errors.Conflict):
    """A warehouse of a partner does this work and reports what it does: people here cannot."""


def locked_command(
    tx: WriteTx,
    fulfillment_order_id: FulfillmentOrderId,
    version: int | None,
    now: datetime,
    *,
    past_holds: bool = False,
    for_warehouse: bool = False,
) -> Command:
    """Lock the order and build the command. Raises Refused for a held order, unless `past_holds`; AtWarehouse for work
    at a warehouse of a partner, unless it is done `for_warehouse`.
    """
    order_id = fulfillment.order_of(tx, fulfillment_order_id=fulfillment_order_id)
    orders.lock(tx, order_id=order_id)
    holds = order_views.open_holds(tx, order_ids=[order_id])
    if holds and not past_holds:
        raise errors.Refused(f"The order is held: {holds[0].message.english()}")
    location_id = work_views.work(tx, fulfillment_order_id=fulfillment_order_id).location_id
    location = network.location(tx, location_id=location_id)
    if not for_warehouse:
        _check_ours(tx, fulfillment_order_id, location.code)
    return Command(fulfillment_order_id, location.code, now, version)


def _check_ours(tx: WriteTx, work_id: FulfillmentOrderId, code: str) -> None:
    """Raise AtWarehouse for work that a warehouse has, or is about to get."""
    order = work_views.at_warehouse(tx, fulfillment_order_ids=[work_id]).get(work_id)
    if is_there(order) or (order is None and code in maps.served_locations(tx)):
        raise AtWarehouse(f"The warehouse {code} does this work and reports it. Recall it to stop it.")
