"""Access tokens that all processes share: fetched by one process at a time, sealed, stored before anybody uses them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, datetime

from doorstep.kernel import errors
from doorstep.kernel.db import Connection, Database, to_type
from doorstep.kernel.http import AuthFailed, Grant, Token
from doorstep.kernel.secrets import Vault

_LONGEST_REUSE = 30.0  # seconds for which a process uses its copy without looking


class SharedTokens:
    """Tokens in the database. One process fetches at a time (an advisory lock on the connection and scope)."""

    def __init__(self, db: Database, vault: Vault, connection: str) -> None:
        self._db = db
        self._vault = vault
        self._connection = connection
        self._copies: dict[str, tuple[Token, float]] = {}

    def get(self, grant: Grant, *, scope: str = "") -> Token:
        """See Tokens. A token that cannot be renewed (a person must sign in again) is not asked for again and again."""
        copy, until = self._copies.get(scope, (None, 0.0))
        if copy is not None and time.monotonic() < until and copy.is_good(datetime.now(UTC)):
            return copy
        return self._stored_or_new(grant, scope, rejected="")

    def renew(self, rejected: str, grant: Grant, *, scope: str = "") -> Token:
        """See Tokens."""
        self._copies.pop(scope, None)
        return self._stored_or_new(grant, scope, rejected=rejected)

    def put(self, token: Token, *, scope: str = "") -> None:
        """See Tokens."""
        with self._alone(scope) as connection:
            self._store(connection, scope, token, by_person=True)

    def _stored_or_new(self, grant: Grant, scope: str, *, rejected: str) -> Token:
        with self._db.connection() as connection:
            held = self._read(connection, scope)
        if held is None or not held.is_good(datetime.now(UTC)) or held.access_token == rejected:
            held = self._fetch(grant, scope, rejected)
        self._copies[scope] = (held, time.monotonic() + _LONGEST_REUSE)
        return held

    def _fetch(self, grant: Grant, scope: str, rejected: str) -> Token:
        """Fetch a token while the others wait; one that was faster has done it already."""
        with self._alone(scope) as connection:
            held = self._read(connection, scope)
            connection.commit()
            if held is not None and held.is_good(datetime.now(UTC)) and held.access_token != rejected:
                return held
            try:
                fresh = grant(held)
            except (AuthFailed, errors.Invalid) as refusal:
                self._store_refusal(connection, scope, refusal.message)
                raise
            self._store(connection, scope, fresh)
            return fresh

    @contextlib.contextmanager
    def _alone(self, scope: str) -> Iterator[Connection]:
        """This process alone, until the block ends or the process dies."""
        name = f"token:{self._connection}:{scope}"
        with self._db.connection() as connection:
            connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", (name,))
            connection.commit()
            try:
                yield connection
            finally:
                connection.rollback()
                connection.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", (name,))
                connection.commit()

    def _read(self, connection: Connection, scope: str) -> Token | None:
        row = connection.execute(
            """
            SELECT sealed, error FROM connection_tokens t JOIN connections c ON c.id = t.connection_id
             WHERE c.key = %s AND scope = %s
            """,
            (self._connection, scope),
        ).fetchone()
        if row is None:
            return None
        if row["error"]:
            raise AuthFailed(f"{self._connection} must be connected again: {row['error']}")
        return to_type(self._vault.open_(to_type(row["sealed"], bytes)), Token)

    def _store(self, connection: Connection, scope: str, token: Token, *, by_person: bool = False) -> None:
        moments = {"expires_at": token.expires_at, "refresh_ends_at": token.refresh_ends_at}
        record = asdict(token) | {name: at.isoformat() if at else None for name, at in moments.items()}
        connection.execute(
            """
            INSERT INTO connection_tokens AS t
                (connection_id, scope, sealed, expires_at, refresh_ends_at, refreshed_at, by_person)
            SELECT id, %s, %s, %s, %s, now(), %s FROM connections WHERE key = %s
            ON CONFLICT (connection_id, scope) DO UPDATE SET sealed = excluded.sealed, expires_at = excluded.expires_at,
               refresh_ends_at = excluded.refresh_ends_at, refreshed_at = excluded.refreshed_at,
               by_person = t.by_person OR excluded.by_person, error = NULL
            """,
            (
                scope,
                self._vault.seal(record),
                token.expires_at,
                token.refresh_ends_at,
                by_person,
                self._connection,
            ),
        )
        connection.commit()
        self._copies.pop(scope, None)

    def _store_refusal(self, connection: Connection, scope: str, error: str) -> None:
        """The vendor refuses to give a token: a person must act, and nobody asks again until then."""
        connection.execute(
            """
            INSERT INTO connection_tokens (connection_id, scope, sealed, refreshed_at, error)
            SELECT id, %s, %s, now(), %s FROM connections WHERE key = %s
            ON CONFLICT (connection_id, scope) DO UPDATE SET error = excluded.error
            """,
            (scope, self._vault.seal(asdict(Token(""))), error, self._connection),
        )
        connection.commit()
