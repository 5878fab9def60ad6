"""Configure connections; store, claim, retry and discard their messages."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.connections import store
from doorstep.domain.connections.model import InboxMessage, Mode, check_key, unknown
from doorstep.domain.connections.store import Arrival, ConnectionRow, NewMessage, Problem
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx

__all__ = ["Arrival", "ConnectionRow", "NewMessage", "Problem"]


def configure(tx: WriteTx, *, row: ConnectionRow) -> int:
    """Create a connection, or replace one by its key (it keeps its mode); returns its id."""
    check_key(row.key)
    found = store.upsert_connection(tx, row)
    if found is None:
        raise errors.Conflict(f"The connection {row.key!r} has another type: choose another key.")
    return found


def switch(tx: WriteTx, *, key: str, mode: Mode) -> None:
    """Set a connection to off, shadow or live."""
    if not store.update_mode(tx, key=key, mode=mode.value):
        raise unknown(key, [row.key for row in store.select_connections(tx)])


def receive(tx: WriteTx, *, arrivals: Sequence[Arrival]) -> int:
    """Store verified messages, each once; returns how many were new. Workers are notified."""
    new = store.insert_inbox(tx, arrivals)
    if new:
        tx.wake_workers()
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
    tx.wake_workers()
    return store.retry_dead(tx, ids=ids, error_class=error_class)


def discard(tx: WriteTx, *, ids: Sequence[int]) -> int:
    """Discard dead letters; their bytes are kept."""
    return store.delete_dead(tx, ids=ids)
