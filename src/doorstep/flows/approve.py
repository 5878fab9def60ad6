"""Check orders: each check passes, or holds the order with a reason that a person can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.flows import source
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


def approve(
    tx: WriteTx, *, order_ids: Sequence[OrderId], serviceable: Mapping[str, bool], now: datetime
) -> None:
    """Check these orders and route the ones that pass, in the same transaction."""
    if not order_ids:
        return
    known = catalog.known(tx, skus=order_views.skus(tx, order_ids=order_ids))
    approved = orders.judge(tx, order_ids=order_ids, known_skus=known, serviceable=serviceable, now=now)
    source.source(tx, order_ids=approved, now=now)


def hold(tx: WriteTx, *, order_id: OrderId, message: str, now: datetime) -> None:
    """A person stops an order."""
    orders.place_hold(tx, order_id=order_id, message=message, now=now)


def release(tx: WriteTx, *, order_id: OrderId, now: datetime) -> None:
    """A person lets an order go on; the checks run again."""
    orders.release_holds(tx, order_id=order_id, now=now)
