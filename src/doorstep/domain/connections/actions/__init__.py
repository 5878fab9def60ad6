"""Verbs of connections: configure them, store and claim their messages."""

from __future__ import annotations

from doorstep.domain.connections.actions.configure import (
    ask_again,
    configure,
    forget_tokens,
    keep_former_secrets,
    limit,
    switch,
)
from doorstep.domain.connections.actions.inbox import (
    claim,
    discard,
    mark_read,
    read_again,
    receive,
    receive_here,
    reclaim,
    replace_rejected,
    retry_dead,
    set_aside,
)
from doorstep.domain.connections.store.connections import ConnectionRow
from doorstep.domain.connections.store.inbox import Arrival, NewMessage, Problem
from doorstep.domain.connections.store.messages import Selection

__all__ = [
    "Arrival",
    "ConnectionRow",
    "NewMessage",
    "Problem",
    "Selection",
    "ask_again",
    "claim",
    "configure",
    "discard",
    "forget_tokens",
    "keep_former_secrets",
    "limit",
    "mark_read",
    "read_again",
    "receive",
    "receive_here",
    "reclaim",
    "replace_rejected",
    "retry_dead",
    "set_aside",
    "switch",
]
