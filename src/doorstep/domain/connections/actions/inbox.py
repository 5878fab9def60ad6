"""Store, claim, retry and discard messages of partners."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.connections.model import InboxMessage
from doorstep.domain.connections.store import inbox as store
from doorstep.domain.connections.store import messages
from doorstep.domain.connections.store.inbox import Arrival, NewMessage, Problem
from doorstep.domain.connections.store.messages import Selection
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx
from doorstep.kernel.queues import Queue


def receive(tx: WriteTx, *, arrivals: Sequence[Arrival]) -> int:
    """Store verified messages, each once; returns how many were new. Workers are notified."""
    new = store.insert_inbox(tx, arrivals)
    if new:
        tx.wake_workers(Queue.ORDERS)
    return new


def receive_here(tx: WriteTx, *, arrivals: Sequence[Arrival]) -> list[NewMessage]:
    """Store verified messages, each once, to be read in this transaction; returns the new ones."""
    return store.insert_messages(tx, arrivals)


def replace_rejected(tx: WriteTx, *, arrivals: Sequence[Arrival]) -> None:
    """A corrected document replaces the rejected or discarded one with its event id; call it before storing these."""
    store.rename_rejected(tx, arrivals)


def claim(tx: WriteTx, *, limit: int) -> list[InboxMessage]:
    """Claim the oldest due messages, locked for this transaction."""
    return store.lock_due(tx, limit=limit)


def reclaim(tx: WriteTx, *, ids: Sequence[int]) -> list[InboxMessage]:
    """Claim a part of a failed batch again."""
    return store.lock_messages(tx, ids=ids)


def mark_read(tx: WriteTx, *, messages: Sequence[InboxMessage]) -> None:
    """Mark messages as applied in this transaction."""
    store.mark_read(tx, ids=[message.id for message in messages])


def set_aside(tx: WriteTx, *, problem: Problem) -> None:
    """Postpone a message, or make it a dead letter."""
    store.mark_failed(tx, problem)


def retry_dead(tx: WriteTx, *, ids: Sequence[int] | None = None, error_class: str | None = None) -> int:
    """Retry dead letters: these ids, or a whole error class."""
    tx.wake_workers(Queue.ORDERS)
    return store.retry_dead(tx, ids=ids, error_class=error_class)


def discard(tx: WriteTx, *, ids: Sequence[int]) -> int:
    """Discard dead letters; their bytes are kept."""
    return store.delete_dead(tx, ids=ids)


def read_again(tx: WriteTx, *, selection: Selection) -> int:
    """Parse stored messages again with today's connector and apply them; returns how many.

    They are read after all live messages. What they report is applied as if it came once more: the newest version of an
    order counts, and what is known already has no effect.
    """
    if selection.ids is None and not selection.topic and selection.since is None:
        raise errors.Invalid("Choose messages, a topic or a time: not every message is read again at once.")
    if selection.since and selection.until and selection.until <= selection.since:
        raise errors.Invalid("The range ends before it begins: give the earlier time first.", field="until")
    count = messages.update_due(tx, selection=selection)
    tx.wake_workers()
    return count
