"""SQL of users, their sessions, failed sign-ins and API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from psycopg.types.json import Jsonb

from doorstep.domain.identity.model import Role
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, UserId


@dataclass(frozen=True, slots=True)
class NewUser:
    """A new user. Location staff need a location, others have none."""

    email: str
    name: str
    role: Role
    location_id: LocationId | None = None


@dataclass(frozen=True, slots=True)
class User:
    """A user, without password."""

    id: UserId
    email: str
    name: str
    role: Role
    location_id: LocationId | None
    active: bool
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """What a sign-in is checked against."""

    id: UserId
    password_hash: str
    active: bool


@dataclass(frozen=True, slots=True)
class Session:
    """An active session and its user."""

    user_id: UserId
    name: str
    role: Role
    location_id: LocationId | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key, without the key itself; `prefix` identifies it."""

    id: int
    name: str
    prefix: str
    role: Role
    location_id: LocationId | None
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class NewKey:
    """An API client. Location staff keys need a location."""

    name: str
    role: Role
    location_id: LocationId | None = None


def insert_user(tx: WriteTx, user: NewUser, *, password_hash: str, at: datetime) -> list[int]:
    """The new user's id; empty if the e-mail address is taken."""
    return tx.column(
        int,
        """
        INSERT INTO users (email, name, role, location_id, password_hash, created_at) VALUES (%s, %s, %s, %s, %s, %s)
        ON CONFLICT (lower(email)) DO NOTHING RETURNING id
        """,
        (user.email, user.name, user.role.value, user.location_id, password_hash, at),
    )


def update_password(tx: WriteTx, *, user_id: int, password_hash: str) -> int:
    """Returns how many users changed: 1, or 0 for an unknown id."""
    return tx.execute("UPDATE users SET password_hash = %s WHERE id = %s", (password_hash, user_id))


def update_active(tx: WriteTx, *, user_id: int, active: bool) -> int:
    """Returns how many users changed: 1, or 0 for an unknown id."""
    return tx.execute("UPDATE users SET active = %s WHERE id = %s", (active, user_id))


def select_users(tx: ReadTx) -> list[User]:
    """All users, by name."""
    return tx.all(
        User,
        "SELECT id, email, name, role, location_id, active, created_at FROM users ORDER BY lower(name), id",
    )


def select_login(tx: ReadTx, *, email: str) -> Login | None:
    """The password hash of this address."""
    return tx.one(
        Login, "SELECT id, password_hash, active FROM users WHERE lower(email) = lower(%s)", (email,)
    )


def lock_attempts(tx: WriteTx, *, email: str, source: str) -> None:
    """Serialize sign-ins per user and source, so that parallel guesses are counted, and nobody waits for others' guesses."""
    tx.execute(
        "SELECT pg_advisory_xact_lock(hashtext('sign-in'), hashtext(lower(%s) || ' ' || %s))", (email, source)
    )


@dataclass(frozen=True, slots=True)
class Failure:
    """A sign-in that failed: when, and where it came from."""

    failed_at: datetime
    source: str


def select_failures(tx: ReadTx, *, email: str, since: datetime) -> list[Failure]:
    """Sign-ins for this address that failed, oldest first."""
    return tx.all(
        Failure,
        "SELECT failed_at, source FROM login_failures WHERE email = lower(%s) AND failed_at > %s ORDER BY failed_at",
        (email, since),
    )


def insert_failure(tx: WriteTx, *, email: str, source: str, at: datetime) -> None:
    """Record a failed sign-in."""
    tx.execute(
        "INSERT INTO login_failures (email, source, failed_at) VALUES (lower(%s), %s, %s)",
        (email, source, at),
    )


def delete_failures(tx: WriteTx, *, email: str, source: str, before: datetime) -> None:
    """Delete the failures of this address from there, and all old ones."""
    tx.execute(
        "DELETE FROM login_failures WHERE email = lower(%s) AND source = %s OR failed_at < %s",
        (email, source, before),
    )


def delete_all_failures(tx: WriteTx, *, user_id: int) -> None:
    """Delete every failure of a user's address."""
    tx.execute(
        "DELETE FROM login_failures WHERE email = (SELECT lower(email) FROM users WHERE id = %s)", (user_id,)
    )


def insert_session(
    tx: WriteTx, *, token_digest: str, user_id: int, at: datetime, expires_at: datetime
) -> None:
    """Store a session."""
    tx.execute(
        "INSERT INTO sessions (token_digest, user_id, created_at, expires_at) VALUES (%s, %s, %s, %s)",
        (token_digest, user_id, at, expires_at),
    )


def select_session(tx: ReadTx, *, token_digest: str, now: datetime) -> Session | None:
    """The active session of an active user, or None."""
    return tx.one(
        Session,
        """
        SELECT u.id AS user_id, u.name, u.role, u.location_id, s.expires_at
          FROM sessions s JOIN users u ON u.id = s.user_id
         WHERE s.token_digest = %s AND s.expires_at > %s AND u.active
        """,
        (token_digest, now),
    )


def update_expiry(tx: WriteTx, *, token_digest: str, expires_at: datetime) -> None:
    """Extend a session."""
    tx.execute("UPDATE sessions SET expires_at = %s WHERE token_digest = %s", (expires_at, token_digest))


def delete_session(tx: WriteTx, *, token_digest: str) -> None:
    """Delete a session."""
    tx.execute("DELETE FROM sessions WHERE token_digest = %s", (token_digest,))


def delete_sessions(tx: WriteTx, *, user_id: int) -> None:
    """Delete all sessions of a user."""
    tx.execute("DELETE FROM sessions WHERE user_id = %s", (user_id,))


def delete_expired_sessions(tx: WriteTx, *, now: datetime) -> None:
    """Delete expired sessions."""
    tx.execute("DELETE FROM sessions WHERE expires_at <= %s", (now,))


def insert_key(tx: WriteTx, key: NewKey, *, prefix: str, key_digest: str, at: datetime) -> int:
    """Store a key's digest; returns its id."""
    return tx.value(
        int,
        """
        INSERT INTO api_keys (name, prefix, key_digest, role, location_id, created_at) VALUES (%s, %s, %s, %s, %s, %s)
        RETURNING id
        """,
        (key.name, prefix, key_digest, key.role.value, key.location_id, at),
    )


_KEY = "id, name, prefix, role, location_id, created_at, revoked_at"


def select_key(tx: ReadTx, *, key_digest: str) -> ApiKey | None:
    """The active key, or None."""
    return tx.one(
        ApiKey, f"SELECT {_KEY} FROM api_keys WHERE key_digest = %s AND revoked_at IS NULL", (key_digest,)
    )


def select_keys(tx: ReadTx) -> list[ApiKey]:
    """All keys, active ones first, then by name."""
    return tx.all(ApiKey, f"SELECT {_KEY} FROM api_keys ORDER BY revoked_at IS NOT NULL, lower(name), id")


def revoke_key(tx: WriteTx, *, key_id: int, at: datetime) -> int:
    """Revoke a key; returns 1, or 0 if none was active."""
    return tx.execute(
        "UPDATE api_keys SET revoked_at = %s WHERE id = %s AND revoked_at IS NULL", (at, key_id)
    )


@dataclass(frozen=True, slots=True)
class Kept:
    """The answer of an earlier call with the same key; None while that call is running."""

    request_digest: str
    response: dict[str, object] | None


def insert_call(tx: WriteTx, *, actor: str, key: str, request_digest: str) -> bool:
    """Claim an idempotency key; False if it is taken (waits for a running call)."""
    return bool(
        tx.execute(
            """
            INSERT INTO idempotency_keys (actor, key, request_digest) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
            """,
            (actor, key, request_digest),
        )
    )


def select_call(tx: ReadTx, *, actor: str, key: str) -> Kept | None:
    """A stored call."""
    return tx.one(
        Kept,
        "SELECT request_digest, response FROM idempotency_keys WHERE actor = %s AND key = %s",
        (actor, key),
    )


def update_call(tx: WriteTx, *, actor: str, key: str, response: dict[str, object]) -> None:
    """Store a call's answer."""
    tx.execute(
        "UPDATE idempotency_keys SET response = %s WHERE actor = %s AND key = %s",
        (Jsonb(response), actor, key),
    )


def delete_expired(tx: WriteTx, *, before: datetime) -> None:
    """Delete sessions, failed sign-ins and stored answers older than an instant."""
    tx.execute("DELETE FROM sessions WHERE expires_at < %s", (before,))
    tx.execute("DELETE FROM login_failures WHERE failed_at < %s", (before,))
    tx.execute("DELETE FROM idempotency_keys WHERE created_at < %s", (before,))
