"""Verbs of orders."""

from __future__ import annotations

from doorstep.domain.orders.actions.accept import (
    Accepted,
    Classified,
    Decided,
    Incoming,
    New,
    classify,
    upsert,
)
from doorstep.domain.orders.actions.channel_updates import (
    ChannelUpdate,
    intend_channel_update,
    record_channel_update,
)
from doorstep.domain.orders.actions.order_checks import (
    claim_due,
    place_hold,
    postpone,
    reclaim,
    release_holds,
    run_checks,
)
from doorstep.domain.orders.actions.progress import (
    add_note,
    allocate,
    cancel,
    claim_overdue,
    claim_waiting,
    complete,
    count,
    deallocate,
    lock,
    lock_free,
    replan,
    reroute,
    retry_backorders,
    retry_short,
    unpick,
)

__all__ = [
    "Accepted",
    "ChannelUpdate",
    "Classified",
    "Decided",
    "Incoming",
    "New",
    "add_note",
    "allocate",
    "cancel",
    "claim_due",
    "claim_overdue",
    "claim_waiting",
    "classify",
    "complete",
    "count",
    "deallocate",
    "intend_channel_update",
    "lock",
    "lock_free",
    "place_hold",
    "postpone",
    "reclaim",
    "record_channel_update",
    "release_holds",
    "replan",
    "reroute",
    "retry_backorders",
    "retry_short",
    "run_checks",
    "unpick",
    "upsert",
]
