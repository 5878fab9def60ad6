"""Read how connections are signed in at their vendors."""

from __future__ import annotations

from doorstep.domain.connections.model import SignInState, Standing
from doorstep.domain.connections.store import sign_ins as store
from doorstep.domain.connections.store.sign_ins import SignInRow
from doorstep.kernel.db import ReadTx

__all__ = ["SignInRow"]


def rows(tx: ReadTx) -> dict[int, SignInRow]:
    """What is known of the token of each connection, by its id."""
    return {each.connection_id: each for each in store.select_all(tx)}


def state(row: SignInRow | None, *, has_token_in_settings: bool) -> SignInState:
    """How a connection is signed in."""
    if row is None or not (row.by_person or has_token_in_settings):
        return SignInState(Standing.SETTINGS if has_token_in_settings else Standing.NEVER)
    ended = row.error or row.is_over
    if not row.by_person and not ended:
        return SignInState(Standing.SETTINGS)
    return SignInState(
        Standing.ENDED if ended else Standing.CONNECTED,
        connected_at=row.connected_at,
        connected_by=row.connected_by,
        account=row.account,
        scopes=row.scopes,
        expires_at=row.expires_at,
        ends_at=row.refresh_ends_at,
        error=row.error or "",
    )
