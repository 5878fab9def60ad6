"""Retry or discard dead letters; verify the stock ledger; delete expired sessions."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections import views as connection_views
from doorstep.domain.connections.model import Mode, unknown
from doorstep.domain.identity import actions as identity
from doorstep.domain.inventory import views as inventory
from doorstep.flows.context import Context
from doorstep.kernel import errors, jobs, log
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import Keyset

_log = log.get("reconcile")


def retry(
    tx: WriteTx,
    *,
    deliveries: Sequence[int] | None = None,
    messages: Sequence[int] | None = None,
    error_class: str | None = None,
) -> int:
    """Retry dead letters: these deliveries and messages, or all of an error class; returns how many."""
    if error_class is not None:
        return jobs.redrive(tx, error_class=error_class) + connections.retry_dead(tx, error_class=error_class)
    return jobs.redrive(tx, ids=deliveries or []) + connections.retry_dead(tx, ids=messages or [])


def discard(tx: WriteTx, *, deliveries: Sequence[int] = (), messages: Sequence[int] = ()) -> int:
    """Discard dead letters; events and bytes are kept. Returns how many."""
    return jobs.discard(tx, ids=deliveries) + connections.discard(tx, ids=messages)


def unsent(tx: ReadTx, *, key: str, page: Keyset) -> list[jobs.Shadowed]:
    """A page of the calls that a connection only logged in shadow mode. Raises NotFound."""
    mode_of(tx, key)
    return jobs.shadowed(tx, connection=key, page=page)


def send_shadowed(tx: WriteTx, *, key: str) -> int:
    """Make the calls that a connection only logged in shadow mode; returns how many. Raises Refused unless it is live."""
    if mode_of(tx, key) is not Mode.LIVE:
        raise errors.Refused(f"{key} is not live: switch it to live first.")
    return jobs.send_shadowed(tx, connection=key)


def drop_shadowed(tx: WriteTx, *, key: str) -> int:
    """Drop the calls that a connection only logged in shadow mode; returns how many."""
    mode_of(tx, key)
    return jobs.drop_shadowed(tx, connection=key)


def mode_of(tx: ReadTx, key: str) -> Mode:
    """The mode of a connection. Raises NotFound."""
    rows = connection_views.all_connections(tx)
    for row in rows:
        if row.key == key:
            return Mode(row.mode)
    raise unknown(key, [row.key for row in rows])


def verify_ledger(context: Context) -> int:
    """Compare every stock counter with the sum of its movements; returns how many differ."""
    with context.db.read() as tx:
        drift = inventory.drift(tx)
    if drift:
        _log.error("stock counters differ from their ledger", counters=len(drift), first=str(drift[0]))
    return len(drift)


def delete_expired(context: Context) -> None:
    """Delete what has expired: sessions, failed sign-ins, stored answers of idempotent API calls."""
    with context.db.write(actor="system") as tx:
        identity.delete_expired(tx, now=context.clock.now())
