"""Choose the exception queue of an order that was not allocated in full, and what ends the waiting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from doorstep.domain.routing.model.plan import Decision
from doorstep.domain.routing.model.rules.document import Queue, Remainder
from doorstep.kernel.ids import OrderId
from doorstep.kernel.message import NOTHING, Message

_RETRY_MINUTES = (15,)  # minutes between tries of orders that are in no queue of the rule set
_NO_REMAINDER = Remainder()


@dataclass(frozen=True, slots=True)
class Placement:
    """A queue ("": none of the rule set's), with the reason. The order is retried at `retry_at` (None: no set time), when its
    SKUs come in if `wakes_on_stock`, and canceled at `auto_cancel_at` (None: an earlier date stays, unless `forgets_auto_cancel`).
    """

    queue: str
    reason: Message
    retry_at: datetime | None
    wakes_on_stock: bool
    auto_cancel_at: datetime | None
    forgets_auto_cancel: bool


def placements(
    decisions: Sequence[Decision], *, queues: Sequence[Queue], tries: Mapping[OrderId, int], now: datetime
) -> dict[OrderId, Placement]:
    """The queue of each order that is not fully allocated; `tries` counts earlier failed attempts."""
    named = {queue.name: queue for queue in queues}
    return {
        each.order_id: _placement(each, named, tries.get(each.order_id, 0), now)
        for each in decisions
        if each.short
    }


def _placement(decision: Decision, queues: Mapping[str, Queue], tries: int, now: datetime) -> Placement:
    remainder = decision.remainder or _NO_REMAINDER
    name = remainder.queue or ("" if remainder.then in {"next_rule", "queue"} else remainder.then)
    queue = queues.get(name)
    waits_for_people = queue is None and (remainder.then == "customer_care" or not decision.routing)
    steps = queue.retry_minutes if queue is not None else () if waits_for_people else _RETRY_MINUTES
    days = remainder.auto_cancel_after_days or (queue.auto_cancel_after_days if queue is not None else None)
    return Placement(
        name,
        missing_reason(decision),
        retry_at=now + timedelta(minutes=steps[min(tries, len(steps) - 1)]) if steps else None,
        wakes_on_stock=remainder.then != "customer_care" if queue is None else queue.wakes_on_stock,
        auto_cancel_at=None if days is None else now + timedelta(days=days),
        forgets_auto_cancel=remainder.forget_auto_cancel,
    )


def missing_reason(decision: Decision) -> Message:
    """Why the first missing line is missing."""
    missing = {want.line_no for want in decision.short}
    return next(
        (
            Message("%(sku)s: %(reason)s", sku=each.sku, reason=each.sentence)
            for each in decision.explanation.lines
            if each.line_no in missing
        ),
        NOTHING,
    )
