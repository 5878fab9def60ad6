"""SQL of sign-ins at vendors: those that were started, and how connections are signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class StartedSignIn:
    """A sign-in that was started; without a session, every session with the permission may finish it."""

    connection_id: int
    session_digest: str | None
    started_by: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class SignInRow:
    """The token of a connection as far as people may know it; like all tokens, it ends by the machine's clock."""

    connection_id: int
    by_person: bool
    connected_at: datetime | None
    connected_by: str
    account: str
    scopes: str
    expires_at: datetime | None
    refresh_ends_at: datetime | None
    error: str | None
    is_over: bool
    ends_soon: bool


def insert(tx: WriteTx, *, row: StartedSignIn, state_digest: str, at: datetime) -> None:
    """Store what was started."""
    tx.execute(
        """
        INSERT INTO connection_sign_ins (connection_id, state_digest, session_digest, started_by, started_at, expires_at)
        VALUES (%s, %s, %s, %s, %s, %s)
        """,
        (row.connection_id, state_digest, row.session_digest, row.started_by, at, row.expires_at),
    )


def delete_old(tx: WriteTx, *, before: datetime) -> None:
    """Delete those that ended before then."""
    tx.execute("DELETE FROM connection_sign_ins WHERE expires_at < %s", (before,))


def use(tx: WriteTx, *, state_digest: str, at: datetime) -> StartedSignIn | None:
    """Use a state up: of several at once, one gets it. None: there is none, or it was used."""
    return tx.one(
        StartedSignIn,
        """
        UPDATE connection_sign_ins SET used_at = %s WHERE state_digest = %s AND used_at IS NULL
        RETURNING connection_id, session_digest, started_by, expires_at
        """,
        (at, state_digest),
    )


def select(tx: ReadTx, *, state_digest: str) -> StartedSignIn | None:
    """What was started under a state."""
    return tx.one(
        StartedSignIn,
        "SELECT connection_id, session_digest, started_by, expires_at FROM connection_sign_ins WHERE state_digest = %s",
        (state_digest,),
    )


def update_connected(
    tx: WriteTx, *, connection_id: int, account: str, scopes: str, by: str, at: datetime
) -> None:
    """Record who connected a connection."""
    tx.execute(
        """
        UPDATE connection_tokens SET connected_at = %s, connected_by = %s, account = %s, scopes = %s
         WHERE connection_id = %s AND scope = ''
        """,
        (at, by, account, scopes, connection_id),
    )


def select_all(tx: ReadTx) -> list[SignInRow]:
    """How every connection that has a token, or was refused one, is signed in."""
    return tx.all(
        SignInRow,
        """
        SELECT connection_id, by_person, connected_at, connected_by, account, scopes, expires_at, refresh_ends_at, error,
               coalesce(refresh_ends_at <= now(), false) AS is_over,
               coalesce(refresh_ends_at <= now() + interval '14 days', false) AS ends_soon
          FROM connection_tokens WHERE scope = ''
        """,
    )
