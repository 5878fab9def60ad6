"""The kinds of work whose backlog is shown: on /metrics, on Home and by `doorstep status`, from one view."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.analytics.views import backlog
from doorstep.domain.analytics.views.backlog import Backlog
from doorstep.flows.map import MAP
from doorstep.kernel.db import ReadTx
from doorstep.kernel.queues import Queue

__all__ = ["Backlog"]

# Each kind of work in the order of an order's life, and the queue whose processes do it.
QUEUES = {
    "inbox": Queue.ORDERS,
    "orders": Queue.ORDERS,
    "steps": Queue.STEPS,
    "labels": Queue.CALLS,
    "documents": Queue.CALLS,
    "channel_updates": Queue.CALLS,
    "refunds": Queue.CALLS,
    "feeds": Queue.CALLS,
    "calls": Queue.CALLS,
    "messages": Queue.MESSAGES,
    "files": Queue.FILES,
    "simulations": Queue.CALCULATIONS,
    "jobs": None,
}
_BY_PREFIX = {
    "shipping": "labels",
    "billing": "documents",
    "channel": "channel_updates",
    "payments": "refunds",
}
_OF_QUEUE = {Queue.STEPS: "steps", Queue.MESSAGES: "messages"}


def name_of(subscriber: str, queue: Queue) -> str:
    """To which kind of work a subscriber belongs; calls are split by what they are about."""
    return _OF_QUEUE.get(queue) or _BY_PREFIX.get(subscriber.partition(".")[0], "calls")


NAME_OF = {row.name: name_of(row.name, row.queue) for row in MAP}


def every(tx: ReadTx, *, now: datetime) -> list[Backlog]:
    """The figures of every kind of work."""
    return backlog.every(tx, names=list(QUEUES), name_of=NAME_OF, now=now)
