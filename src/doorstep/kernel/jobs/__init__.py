"""Deliveries: one row per event and subscriber, ordered per stream, claimed in batches, retried, never lost.

Three kinds of subscriber share the table. A *handler* changes only our database: its rows are locked, processed and
deleted in one transaction. A *task* calls a partner: its row is leased, the call is made with no transaction open, and
the result is recorded together with the deletion of the row. A *batch task* does the same for many rows at once.
"""

from __future__ import annotations

from doorstep.kernel.jobs.backlog import (
    SubscriberBacklog,
    Work,
    by_subscriber,
    dead,
    discard,
    is_due,
    next_due_seconds,
    open_call,
    open_work,
    ready_subscribers,
    redrive,
    redrive_calls,
    rows_written,
    waiting,
)
from doorstep.kernel.jobs.deliveries import (
    fail,
    finish,
    give_back,
    lock_deliveries,
    lock_leased,
)
from doorstep.kernel.jobs.minutes import Rate, count_minute, delete_old_minutes, rates
from doorstep.kernel.jobs.model import Delivery, Failure, LostLease, RetryPolicy, State, plain
from doorstep.kernel.jobs.pending import keep_pending
from doorstep.kernel.jobs.schedules import claim_schedules, declare_schedules
from doorstep.kernel.jobs.shares import NOT_FOUND, assign, lease_tasks, unassigned
from doorstep.kernel.jobs.unsent import (
    OLDEST,
    SHADOWED,
    Shadowed,
    count_shadowed,
    drop_shadowed,
    keep_shadowed,
    kept,
    kept_subscribers,
    send_shadowed,
    shadowed,
)

__all__ = [
    "NOT_FOUND",
    "OLDEST",
    "SHADOWED",
    "Delivery",
    "Failure",
    "LostLease",
    "Rate",
    "RetryPolicy",
    "Shadowed",
    "State",
    "SubscriberBacklog",
    "Work",
    "assign",
    "by_subscriber",
    "claim_schedules",
    "count_minute",
    "count_shadowed",
    "dead",
    "declare_schedules",
    "delete_old_minutes",
    "discard",
    "drop_shadowed",
    "fail",
    "finish",
    "give_back",
    "is_due",
    "keep_pending",
    "keep_shadowed",
    "kept",
    "kept_subscribers",
    "lease_tasks",
    "lock_deliveries",
    "lock_leased",
    "next_due_seconds",
    "open_call",
    "open_work",
    "plain",
    "rates",
    "ready_subscribers",
    "redrive",
    "redrive_calls",
    "rows_written",
    "send_shadowed",
    "shadowed",
    "unassigned",
    "waiting",
]
