"""Read the queues of the active rules with their orders, and older queues that still have orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.analytics.store import queues as store
from doorstep.domain.analytics.store.queues import Waiting
from doorstep.domain.routing.views import rules
from doorstep.kernel.db import ReadTx

__all__ = ["Waiting"]


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue: its owner and its orders. `is_known`: the active rules name it."""

    name: str
    owner: str
    customer_message: str
    retry_minutes: Sequence[int]
    auto_cancel_after_days: int | None
    waiting: Waiting
    is_known: bool


def queues(tx: ReadTx, *, now: datetime) -> list[QueueRow]:
    """Queues in the order of the rule set, then orders that are in none of them."""
    waiting = {each.queue: each for each in store.select_waiting(tx, now=now)}
    found = [
        QueueRow(
            each.name,
            each.owner,
            each.customer_message,
            each.retry_minutes,
            each.auto_cancel_after_days,
            waiting.pop(each.name, Waiting(each.name, 0, 0, None, None, 0)),
            is_known=True,
        )
        for each in rules.compiled_rules(tx).document.queues
    ]
    return found + [QueueRow(each.queue, "", "", (), None, each, is_known=False) for each in waiting.values()]
