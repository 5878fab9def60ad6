"""Configure connections and switch them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from doorstep.domain.connections.model import Mode, check_key, unknown
from doorstep.domain.connections.model.choice import Serves
from doorstep.domain.connections.store import checks
from doorstep.domain.connections.store import connections as store
from doorstep.domain.connections.store.connections import ConnectionRow
from doorstep.kernel import errors
from doorstep.kernel.db import WriteTx


def configure(tx: WriteTx, *, row: ConnectionRow) -> int:
    """Create a connection, or replace one by its key (it keeps its mode); returns its id."""
    check_key(row.key)
    found = store.upsert_connection(tx, row)
    if found is None:
        raise errors.Conflict(f"The connection {row.key!r} has another type: choose another key.")
    checks.delete(tx, connection_id=found)
    return found


def switch(tx: WriteTx, *, key: str, mode: Mode) -> None:
    """Set a connection to off, shadow or live."""
    if not store.update_mode(tx, key=key, mode=mode.value):
        raise unknown(key, [row.key for row in store.select_connections(tx)])
    checks.delete(tx, connection_id=next(row.id for row in store.select_connections(tx) if row.key == key))


def limit(tx: WriteTx, *, key: str, serves: Mapping[str, Sequence[str]]) -> None:
    """Have a connection serve only these sales channels or legal entities; empty lists are no limit."""
    unknown_names = set(serves) - set(Serves)
    if unknown_names:
        raise errors.Invalid(
            f"A connection cannot be limited by {', '.join(sorted(unknown_names))}: use channels or legal_entities.",
            field="serves",
        )
    if not store.update_serves(tx, key=key, serves=serves):
        raise unknown(key, [row.key for row in store.select_connections(tx)])


def forget_tokens(tx: WriteTx, *, connection_id: int) -> None:
    """The settings have changed: fetch new tokens. A sign-in by a person stays."""
    store.delete_tokens(tx, connection_id=connection_id)


def keep_former_secrets(tx: WriteTx, *, connection_id: int, sealed: bytes, good_for: timedelta) -> None:
    """Take webhooks that are signed with the former secrets for a while."""
    store.upsert_former(tx, connection_id=connection_id, sealed=sealed, good_for=good_for)


def ask_again(tx: WriteTx, *, connection_id: int) -> None:
    """A person tries again: ask the vendor for a token even if it refused the last one."""
    store.update_refused_tokens(tx, connection_id=connection_id)
