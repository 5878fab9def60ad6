"""Retry or discard dead letters; verify the stock ledger; delete expired sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.domain.connections import actions as connections
from doorstep.domain.connections import views as connection_views
from doorstep.domain.connections.actions import comparisons
from doorstep.domain.connections.model import Mode, unknown
from doorstep.domain.connections.model.comparison import Operation, Result
from doorstep.domain.connections.views import comparisons as comparison_views
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
    sent = jobs.send_shadowed(tx, connection=key)
    comparisons.end(tx, delivery_ids=sent, ended="sent")
    return len(sent)


def drop_shadowed(tx: WriteTx, *, key: str) -> int:
    """Drop the calls that a connection only logged in shadow mode; returns how many."""
    mode_of(tx, key)
    dropped = jobs.drop_shadowed(tx, connection=key)
    comparisons.end(tx, delivery_ids=dropped, ended="discarded")
    return len(dropped)


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """How many kept calls are sent now, were discarded because others had done them, and stay for a person to decide."""

    sent: int
    discarded: int
    left: int


def catch_up(tx: WriteTx, *, key: str) -> CaughtUp:
    """Send the calls that only we have, and discard those that others have done just so; raises Refused unless it is live.

    Stock levels are always sent, because only the newest counts. What differs or is not compared yet stays.
    """
    if mode_of(tx, key) is not Mode.LIVE:
        raise errors.Refused(f"{key} is not live: switch it to live first.")
    missing, done = _catching_up(tx, key)
    sent = jobs.send_shadowed(tx, connection=key, ids=missing)
    dropped = jobs.drop_shadowed(tx, connection=key, ids=done)
    comparisons.end(tx, delivery_ids=sent, ended="sent")
    comparisons.end(tx, delivery_ids=dropped, ended="discarded")
    return CaughtUp(len(sent), len(dropped), jobs.count_shadowed(tx).get(key, 0))


def preview_catch_up(tx: ReadTx, *, key: str) -> CaughtUp:
    """What `catch_up` would do now."""
    missing, done = _catching_up(tx, key)
    left = jobs.count_shadowed(tx).get(key, 0) - len(missing) - len(done)
    return CaughtUp(len(missing), len(done), left)


def _catching_up(tx: ReadTx, key: str) -> tuple[list[int], list[int]]:
    """The calls that only we have, and those that others have done just so."""
    missing, done = [], []
    for call in comparison_views.call_results(tx, connection_id=connection_of(tx, key).id):
        if call.operation is Operation.PUBLISH_STOCK or call.results == [Result.ONLY_OURS]:
            missing.append(call.delivery_id)
        elif call.results == [Result.SAME]:
            done.append(call.delivery_id)
    return missing, done


def mode_of(tx: ReadTx, key: str) -> Mode:
    """The mode of a connection. Raises NotFound."""
    return Mode(connection_of(tx, key).mode)


def connection_of(tx: ReadTx, key: str) -> connection_views.ConnectionRow:
    """A connection as it is stored. Raises NotFound."""
    rows = connection_views.all_connections(tx)
    for row in rows:
        if row.key == key:
            return row
    raise unknown(key, [row.key for row in rows])


def verify_ledger(context: Context) -> int:
    """Compare every stock counter with the sum of its movements; returns how many differ."""
    with context.db.read() as tx:
        drift = inventory.drift(tx)
    if drift:
        _log.error("stock counters differ from their ledger", counters=len(drift), first=str(drift[0]))
    return len(drift)


def delete_expired(context: Context) -> None:
    """Delete what has expired: sessions, failed sign-ins, stored answers of idempotent API calls, counts of past days."""
    context.db.transact(lambda tx: identity.delete_expired(tx, now=context.clock.now()), actor="system")
    context.db.transact(jobs.delete_old_minutes, actor="system")
