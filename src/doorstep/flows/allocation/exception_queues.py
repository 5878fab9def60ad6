"""Exception queues for orders that no rule can allocate: owner, retry time, automatic cancellation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import QueuePlacement
from doorstep.domain.routing.model import Decision
from doorstep.domain.routing.model.rules import Queue, Remainder, RuleSet
from doorstep.flows.allocation import allocation
from doorstep.flows.context import Context
from doorstep.kernel import log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

_log = log.get("parking")
_RETRY_MINUTES = (15,)  # minutes between tries of orders that are in no queue of the rule set
_AT_ONCE = 200
_NO_REST = Remainder()


def assign(
    decisions: Sequence[Decision], *, document: RuleSet, tries: Mapping[int, int], now: datetime
) -> dict[OrderId, QueuePlacement]:
    """The queue of each order that is not fully allocated; `tries` counts earlier failed attempts."""
    queues = {queue.name: queue for queue in document.queues}
    return {
        each.order_id: _parking(each, queues, tries.get(each.order_id, 0), now)
        for each in decisions
        if each.short
    }


def _parking(decision: Decision, queues: Mapping[str, Queue], tries: int, now: datetime) -> QueuePlacement:
    rest = decision.rest or _NO_REST
    name = rest.queue or ("" if rest.then in {"next_rule", "park"} else rest.then)
    queue = queues.get(name)
    waits_for_people = queue is None and (rest.then == "customer_care" or not decision.routing)
    steps = queue.retry_minutes if queue is not None else () if waits_for_people else _RETRY_MINUTES
    days = rest.auto_cancel_after_days or (queue.auto_cancel_after_days if queue is not None else None)
    return QueuePlacement(
        name,
        _reason(decision),
        now,
        retry_at=now + timedelta(minutes=steps[min(tries, len(steps) - 1)]) if steps else None,
        wakes_on_stock=rest.then != "customer_care" if queue is None else queue.wakes_on_stock,
        auto_cancel_at=None if days is None else now + timedelta(days=days),
        forgets_auto_cancel=rest.forget_auto_cancel,
    )


def _reason(decision: Decision) -> str:
    """The reason of the first missing line."""
    missing = {want.line_no for want in decision.short}
    return next(
        (f"{each.sku}: {each.sentence}" for each in decision.receipt.lines if each.line_no in missing), ""
    )


def cancel_ended(tx: WriteTx, *, decisions: Sequence[Decision], now: datetime) -> None:
    """Cancel what is left of orders whose rule says so."""
    for each in decisions:
        if each.short and each.rest is not None and each.rest.then == "cancel":
            _cancel(tx, each.order_id, f"canceled by rule: {_reason(each)}", now)


def cancel_overdue(context: Context) -> int:
    """Cancel orders that waited as long as their queue allows, as far as they are unallocated; returns how many."""
    now = context.clock.now()
    with context.db.write(actor="system") as tx:
        overdue = orders.claim_overdue(tx, now=now, limit=_AT_ONCE)
        for order_id in overdue:
            (header,) = [each.header for each in order_views.orders(tx, order_ids=[order_id])]
            since = "" if header.queued_at is None else f" since {header.queued_at:%d %b %Y}"
            _cancel(tx, order_id, f"not filled{since}: {header.queue_reason}", now)
    if overdue:
        _log.warning("orders canceled after waiting too long", orders=len(overdue))
    return len(overdue)


def _cancel(tx: WriteTx, order_id: OrderId, reason: str, now: datetime) -> None:
    """Cancel only what is not allocated: the rest is on its way."""
    orders.cancel(tx, order_id=order_id, reason=reason, now=now)
    fulfillment.release_unneeded(tx, order_ids=[order_id])
    allocation.changed(tx, order_ids=[order_id], now=now)
