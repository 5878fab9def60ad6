"""Manage users, sign-ins, sessions and API keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from doorstep.domain.identity import store
from doorstep.domain.identity.model import Principal, Role
from doorstep.domain.identity.store import NewKey, NewUser
from doorstep.kernel import errors, secrets
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId, UserId

__all__ = ["NewKey", "NewUser"]

SESSION_LASTS = timedelta(hours=12)
SESSION_IS_RENEWED_AFTER = timedelta(minutes=5)
FAILURES_ALLOWED = 10  # from one place
FAILURES_OF_ALL_STRANGERS = 200  # from everywhere but the user's own browsers
FAILURES_COUNT_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD = 12
PREFIX_LENGTH = 12


@cache
def _dummy_hash() -> str:
    """The hash that unknown addresses are checked against, so that the answer takes equally long. Computed when needed:
    a hash is slow by design, and most processes never need it.
    """
    return secrets.hash_password("nobody has this password")


class TooManyFailures(errors.Refused):
    """Sign-ins for this address are blocked for a while; `data.retry_after_seconds` says how long."""


def create_user(tx: WriteTx, *, user: NewUser, password: str, now: datetime) -> UserId:
    """Create a user; raises Invalid with the wrong field, Conflict for a known address."""
    if "@" not in user.email:
        raise errors.Invalid("Enter a complete e-mail address, such as name@example.com.", field="email")
    if not user.name.strip():
        raise errors.Invalid("Enter a name.", field="name")
    _check_location(user.role, user.location_id)
    ids = store.insert_user(tx, user, password_hash=_hashed(password), at=now)
    if not ids:
        raise errors.Conflict(f"A user with the address {user.email} exists already.")
    return UserId(ids[0])


def _check_location(role: Role, location_id: LocationId | None) -> None:
    if (role is Role.LOCATION_STAFF) != (location_id is not None):
        raise errors.Invalid(
            "Choose a location for location staff, and no location for other roles.",
            field="location_id",
        )


def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise errors.Invalid(f"Use a password of at least {SHORTEST_PASSWORD} characters.", field="password")
    return secrets.hash_password(password)


def set_password(tx: WriteTx, *, user_id: UserId, password: str) -> None:
    """Set a new password; sessions with the old one end."""
    if not store.update_password(tx, user_id=user_id, password_hash=_hashed(password)):
        raise errors.NotFound(f"There is no user {user_id}.")
    store.delete_sessions(tx, user_id=user_id)
    store.delete_all_failures(tx, user_id=user_id)


def set_active(tx: WriteTx, *, user_id: UserId, active: bool) -> None:
    """Activate or deactivate a user."""
    if not store.update_active(tx, user_id=user_id, active=active):
        raise errors.NotFound(f"There is no user {user_id}.")
    if not active:
        store.delete_sessions(tx, user_id=user_id)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A try to sign in. `device` is a mark of a browser in which this user signed in before; empty for any other."""

    email: str
    password: str
    address: str = ""
    device: str = ""

    @property
    def source(self) -> str:
        """Where failures are counted: strangers cannot use up the tries of a user's own browser."""
        return f"device {self.device}" if self.device else f"address {self.address}"


def sign_in(tx: WriteTx, *, attempt: SignIn, now: datetime) -> str | None:
    """Sign in: a session token for the browser; None if address or password is wrong (counted, so commit).

    Raises TooManyFailures after ten failures from the same place within a quarter of an hour, whether or not the address
    exists.
    """
    email, password = attempt.email.strip(), attempt.password
    store.lock_attempts(tx, email=email, source=attempt.source)
    _refuse_guessing(tx, email, attempt, now)
    login = store.select_login(tx, email=email)
    is_right = secrets.verify_password(password, login.password_hash if login else _dummy_hash())
    if login is None or not is_right or not login.active:
        store.insert_failure(tx, email=email, source=attempt.source, at=now)
        return None
    if secrets.needs_rehash(login.password_hash):
        store.update_password(tx, user_id=login.id, password_hash=secrets.hash_password(password))
    store.delete_failures(tx, email=email, source=attempt.source, before=now - FAILURES_COUNT_FOR)
    store.delete_expired_sessions(tx, now=now)
    token, token_digest = secrets.new_token("ds_session")
    store.insert_session(
        tx, token_digest=token_digest, user_id=login.id, at=now, expires_at=now + SESSION_LASTS
    )
    return token


def _refuse_guessing(tx: WriteTx, email: str, attempt: SignIn, now: datetime) -> None:
    failures = store.select_failures(tx, email=email, since=now - FAILURES_COUNT_FOR)
    here = [each.failed_at for each in failures if each.source == attempt.source]
    strangers = [] if attempt.device else [each.failed_at for each in failures]
    if len(here) >= FAILURES_ALLOWED:
        since = here[-FAILURES_ALLOWED]
    elif len(strangers) >= FAILURES_OF_ALL_STRANGERS:
        since = strangers[-FAILURES_OF_ALL_STRANGERS]
    else:
        return
    wait = since + FAILURES_COUNT_FOR - now
    minutes = -(-int(wait.total_seconds()) // 60)
    raise TooManyFailures(
        f"Too many wrong sign-ins for {email}. Try again in {minutes} minute{'' if minutes == 1 else 's'}, "
        "or ask an administrator for a new password.",
        retry_after_seconds=int(wait.total_seconds()),
    )


def sign_out(tx: WriteTx, *, token: str) -> None:
    """End a session."""
    store.delete_session(tx, token_digest=secrets.digest(token))


def principal_of_session(tx: WriteTx, *, token: str, now: datetime) -> Principal | None:
    """The user of a session, or None if it ended; using it extends it."""
    token_digest = secrets.digest(token)
    session = store.select_session(tx, token_digest=token_digest, now=now)
    if session is None:
        return None
    if session.expires_at < now + SESSION_LASTS - SESSION_IS_RENEWED_AFTER:
        store.update_expiry(tx, token_digest=token_digest, expires_at=now + SESSION_LASTS)
    return Principal(f"user:{session.user_id}", session.name, session.role, session.location_id)


def create_api_key(tx: WriteTx, *, key: NewKey, now: datetime) -> str:
    """Create an API key, shown once; only its digest is stored."""
    if not key.name.strip():
        raise errors.Invalid("Enter what the key is for.", field="name")
    _check_location(key.role, key.location_id)
    token, key_digest = secrets.new_token("ds_api")
    store.insert_key(tx, key, prefix=token[:PREFIX_LENGTH], key_digest=key_digest, at=now)
    return token


def revoke_api_key(tx: WriteTx, *, key_id: int, now: datetime) -> None:
    """Revoke an API key."""
    if not store.revoke_key(tx, key_id=key_id, at=now):
        raise errors.NotFound("There is no such key, or it is revoked already.")


def delete_expired(tx: WriteTx, *, now: datetime) -> None:
    """Delete what ended a day ago: sessions, failed sign-ins, stored answers of idempotent calls."""
    store.delete_expired(tx, before=now - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Call:
    """A write of an API client that carries an idempotency key."""

    actor: str
    key: str
    request_digest: str


def recall(tx: WriteTx, *, call: Call) -> dict[str, object] | None:
    """The stored answer of this key; None if the work is to be done now. Raises Invalid for a different request."""
    if store.insert_call(tx, actor=call.actor, key=call.key, request_digest=call.request_digest):
        return None
    kept = store.select_call(tx, actor=call.actor, key=call.key)
    if kept is not None and kept.request_digest != call.request_digest:
        raise errors.Invalid(
            "This Idempotency-Key was used for another request: use a new one.", field="Idempotency-Key"
        )
    return kept.response if kept else None


def keep(tx: WriteTx, *, call: Call, answer: dict[str, object]) -> None:
    """Store the answer for repeated calls."""
    store.update_call(tx, actor=call.actor, key=call.key, response=answer)
