"""Record that an allocation changed, or undo one. No other code may do either."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from doorstep.domain.fulfillment.model import Work
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import ReservationEnd
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.model import LineCount
from doorstep.flows.allocation import backorders, capacity, pools, stock_locks
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId


def changed(
    tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime, just_allocated: Collection[OrderId] = ()
) -> None:
    """Bring what depends on the allocation of these stored, locked orders up to date. Repeating it changes nothing.

    Commitments and promised dates follow what their lines still wait for; pools what is allocated. Orders in
    `just_allocated` are new and have all their stock: they never waited, so only their pools can have changed.
    """
    backorders.update(tx, order_ids=order_ids, now=now)
    pools.draw(tx, order_ids=sorted({*order_ids, *just_allocated}))


def unallocate(tx: WriteTx, *, ended: Mapping[str, Sequence[Work]], now: datetime) -> None:
    """Undo the allocation of fulfillment orders that were just ended: give back stock, line counters and capacity.

    `ended` has them by the reason, as they were before they ended: what was picked is put back in stock, too.
    All of them in one call, so that stock is locked before pools.
    """
    order_ids = sorted({work.order_id for works in ended.values() for work in works})
    if not order_ids:
        return
    stock_locks.of_orders(tx, order_ids=order_ids)
    for reason, works in ended.items():
        release(tx, works=works, reason=reason, now=now)
    changed(tx, order_ids=order_ids, now=now)


def release(tx: WriteTx, *, works: Sequence[Work], reason: str, now: datetime) -> None:
    """Give back what ended fulfillment orders used, without `changed`: only for a caller that allocates again at once."""
    if not works:
        return
    order_ids = sorted({work.order_id for work in works})
    causes = [cause for work in works for cause in work.causes]
    inventory.release(tx, ending=ReservationEnd(causes, order_ids, reason), at=now)
    lines = [(work.order_id, line) for work in works for line in work.lines]
    orders.unpick(
        tx, counts=[LineCount(order_id, line.line_no, line.picked) for order_id, line in lines if line.picked]
    )
    orders.deallocate(
        tx, counts=[LineCount(order_id, line.line_no, line.quantity) for order_id, line in lines]
    )
    capacity.release(tx, work_ids=[work.id for work in works])
