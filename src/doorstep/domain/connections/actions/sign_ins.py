"""Start a sign-in at a vendor, use its state up, and record who connected a connection."""

from __future__ import annotations

from datetime import datetime, timedelta

from doorstep.domain.connections import events
from doorstep.domain.connections.model import Failure
from doorstep.domain.connections.model.sign_in import GOOD_FOR
from doorstep.domain.connections.store import sign_ins as store
from doorstep.domain.connections.store.sign_ins import StartedSignIn
from doorstep.kernel import event_log, secrets
from doorstep.kernel.db import WriteTx

__all__ = ["StartedSignIn"]

_KEPT_FOR = timedelta(days=1)  # so that a state that comes again is known as used


def start(
    tx: WriteTx, *, connection_id: int, session_digest: str | None, by: str, now: datetime
) -> tuple[str, datetime]:
    """The state for the vendor's page, and until when it counts."""
    store.delete_old(tx, before=now - _KEPT_FOR)
    state, state_digest = secrets.new_token("st")
    row = StartedSignIn(connection_id, session_digest, by, now + GOOD_FOR)
    store.insert(tx, row=row, state_digest=state_digest, at=now)
    return state, row.expires_at


def use(
    tx: WriteTx, *, state: str, session_digest: str, now: datetime
) -> tuple[StartedSignIn | None, Failure | None]:
    """What was started under a state, which is used up now whatever follows (so commit), and why it does not count."""
    state_digest = secrets.digest(state)
    found = store.use(tx, state_digest=state_digest, at=now)
    if found is None:
        known = store.select(tx, state_digest=state_digest)
        return known, Failure.USED if known else Failure.UNKNOWN
    if found.expires_at <= now:
        return found, Failure.EXPIRED
    if found.session_digest is not None and not secrets.constant_time_equal(
        found.session_digest, session_digest
    ):
        return found, Failure.OTHER_SESSION
    return found, None


def record(tx: WriteTx, *, connected: events.Connected, by: str, at: datetime) -> None:
    """Record that a person connected a connection."""
    store.update_connected(
        tx,
        connection_id=connected.connection_id,
        account=connected.account,
        scopes=connected.scopes,
        by=by,
        at=at,
    )
    event_log.append(tx, [connected], at=at)
