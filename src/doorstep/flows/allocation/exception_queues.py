"""Exception queues for orders that no rule can allocate: owner, retry time, automatic cancellation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import QueuePlacement
from doorstep.domain.routing.model import Decision, queues
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.flows.allocation import allocation, stock_locks
from doorstep.flows.context import Context
from doorstep.kernel import log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

_log = log.get("exception_queues")
_AT_ONCE = 200


def assign(
    decisions: Sequence[Decision], *, document: RuleSet, tries: Mapping[OrderId, int], now: datetime
) -> dict[OrderId, QueuePlacement]:
    """The queue of each order that is not fully allocated; `tries` counts earlier failed attempts."""
    found = queues.placements(decisions, queues=document.queues, tries=tries, now=now)
    return {
        order_id: QueuePlacement(
            each.queue,
            each.reason,
            now,
            each.retry_at,
            each.wakes_on_stock,
            each.auto_cancel_at,
            each.forgets_auto_cancel,
        )
        for order_id, each in found.items()
    }


def cancel_ended(tx: WriteTx, *, decisions: Sequence[Decision], now: datetime) -> None:
    """Cancel what is left of orders whose rule says so."""
    for each in decisions:
        if each.short and each.remainder is not None and each.remainder.then == "cancel":
            _cancel(tx, each.order_id, f"canceled by rule: {queues.missing_reason(each).english()}", now)


def cancel_overdue(context: Context) -> int:
    """Cancel orders that waited as long as their queue allows, as far as they are unallocated; returns how many."""
    now = context.clock.now()

    def work(tx: WriteTx) -> int:
        overdue = orders.claim_overdue(tx, now=now, limit=_AT_ONCE)
        stock_locks.of_orders(tx, order_ids=overdue)
        for order_id in overdue:
            (header,) = [each.header for each in order_views.orders(tx, order_ids=[order_id])]
            since = "" if header.queued_at is None else f" since {header.queued_at:%d %b %Y}"
            _cancel(tx, order_id, f"not filled{since}: {header.queue_reason.english()}", now)
        return len(overdue)

    canceled = context.db.transact(work, actor="system")
    if canceled:
        _log.warning("orders canceled after waiting too long", orders=canceled)
    return canceled


def _cancel(tx: WriteTx, order_id: OrderId, reason: str, now: datetime) -> None:
    """Cancel only what is not allocated: the rest is on its way."""
    orders.cancel(tx, order_id=order_id, reason=reason, now=now)
    fulfillment.release_unneeded(tx, order_ids=[order_id])
    allocation.changed(tx, order_ids=[order_id], now=now)
