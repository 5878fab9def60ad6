"""What orders still wait for: committed, so that nobody is promised it, and never pinned to a location."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.model import Commitment
from doorstep.flows import demand, promise, terms
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


def settle(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> None:
    """Commit exactly what these stored, locked orders wait for now; called wherever that may have changed."""
    if not order_ids:
        return
    demands = demand.of_stored(tx, order_ids=order_ids, now=now)
    known = catalog.known(tx, skus={want.sku for each in demands for want in each.wants})
    wants = [
        (each.order_id, want)
        for each in demands
        for want in each.wants
        if want.sku in known and want.quantity > 0
    ]
    parts = terms.goods(tx, skus={want.sku for _, want in wants}).parts
    wanted = [
        Commitment(order_id, want.line_no, sku, condition, pieces * want.quantity)
        for order_id, want in wants
        for (sku, condition), pieces in parts[want.sku].items()
    ]
    inventory.set_commitments(tx, order_ids=order_ids, wanted=wanted, at=now)
    lines = {(each.order_id, each.line_no) for each in wanted}
    promise.settle(tx, order_ids=order_ids, waiting=lines, now=now)
