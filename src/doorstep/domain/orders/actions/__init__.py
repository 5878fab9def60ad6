"""Verbs of orders: the only way to change one."""

from __future__ import annotations

from doorstep.domain.orders.actions.accept import Accepted, Decided, Incoming, New, Told, accept, recognise
from doorstep.domain.orders.actions.judge import (
    claim_again,
    claim_due,
    judge,
    place_hold,
    put_off,
    release_holds,
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
    route_again,
    unpick,
    wake_short,
    wake_waiting,
)

__all__ = [
    "Accepted",
    "Decided",
    "Incoming",
    "New",
    "Told",
    "accept",
    "add_note",
    "allocate",
    "cancel",
    "claim_again",
    "claim_due",
    "claim_overdue",
    "claim_waiting",
    "complete",
    "count",
    "deallocate",
    "judge",
    "lock",
    "lock_free",
    "place_hold",
    "put_off",
    "recognise",
    "release_holds",
    "replan",
    "route_again",
    "unpick",
    "wake_short",
    "wake_waiting",
]
