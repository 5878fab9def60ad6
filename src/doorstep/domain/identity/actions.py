"""Verbs of identity: users, their sign-ins and sessions, and the keys of API clients."""

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
FAILURES_ALLOWED = 10
FAILURES_COUNT_FOR = timedelta(minutes=15)
SHORTEST_PASSWORD = 12
PREFIX_LENGTH = 12


@cache
def _nobody() -> str:
    """What an unknown address is checked against, so that its answer takes as long as a known one's. Made when it is needed:
    a hash is slow by design, and most processes never ask.
    """
    return secrets.hash_password("nobody has this password")


class TooManyFailures(errors.Refused):
    """Sign-ins for this address are refused for a while; `data.retry_after_seconds` says how long."""


def create_user(tx: WriteTx, *, user: NewUser, password: str, now: datetime) -> UserId:
    """Somebody may sign in from now on; raises Invalid with the field that is to blame, Conflict for a known address."""
    if "@" not in user.email:
        raise errors.Invalid("Write the whole e-mail address, as in name@example.com.", field="email")
    if not user.name.strip():
        raise errors.Invalid("Write the person's name.", field="name")
    _check_place(user.role, user.location_id)
    ids = store.insert_user(tx, user, password_hash=_hashed(password), at=now)
    if not ids:
        raise errors.Conflict(f"There is a user with the address {user.email} already.")
    return UserId(ids[0])


def _check_place(role: Role, location_id: LocationId | None) -> None:
    if (role is Role.LOCATION_STAFF) != (location_id is not None):
        raise errors.Invalid(
            "Location staff need a location, and only they have one: choose one, or another role.",
            field="location_id",
        )


def _hashed(password: str) -> str:
    if len(password) < SHORTEST_PASSWORD:
        raise errors.Invalid(f"A password has at least {SHORTEST_PASSWORD} characters.", field="password")
    return secrets.hash_password(password)


def set_password(tx: WriteTx, *, user_id: UserId, password: str) -> None:
    """A new password; whoever is signed in with the old one is signed out."""
    if not store.update_password(tx, user_id=user_id, password_hash=_hashed(password)):
        raise errors.NotFound(f"There is no user {user_id}.")
    store.delete_sessions(tx, user_id=user_id)


def set_active(tx: WriteTx, *, user_id: UserId, active: bool) -> None:
    """Let somebody in again, or keep somebody out at once."""
    if not store.update_active(tx, user_id=user_id, active=active):
        raise errors.NotFound(f"There is no user {user_id}.")
    if not active:
        store.delete_sessions(tx, user_id=user_id)


def sign_in(tx: WriteTx, *, email: str, password: str, now: datetime) -> str | None:
    """A session token to give to the browser; None if address or password is wrong (which is counted, so commit it).

    Raises TooManyFailures after ten wrong ones in a quarter of an hour, whoever guesses and whether or not the
    address exists.
    """
    email = email.strip()
    store.lock_attempts(tx, email=email)
    _refuse_guessing(tx, email, now)
    login = store.select_login(tx, email=email)
    is_right = secrets.verify_password(password, login.password_hash if login else _nobody())
    if login is None or not is_right or not login.active:
        store.insert_failure(tx, email=email, at=now)
        return None
    if secrets.needs_rehash(login.password_hash):
        store.update_password(tx, user_id=login.id, password_hash=secrets.hash_password(password))
    store.delete_failures(tx, email=email, before=now - FAILURES_COUNT_FOR)
    store.delete_expired_sessions(tx, now=now)
    token, token_digest = secrets.new_token("ds_session")
    store.insert_session(
        tx, token_digest=token_digest, user_id=login.id, at=now, expires_at=now + SESSION_LASTS
    )
    return token


def _refuse_guessing(tx: WriteTx, email: str, now: datetime) -> None:
    failures = store.select_failures(tx, email=email, since=now - FAILURES_COUNT_FOR)
    if len(failures) < FAILURES_ALLOWED:
        return
    wait = failures[-FAILURES_ALLOWED] + FAILURES_COUNT_FOR - now
    minutes = -(-int(wait.total_seconds()) // 60)
    raise TooManyFailures(
        f"Too many wrong sign-ins for {email}. Try again in {minutes} minute{'' if minutes == 1 else 's'}, "
        "or ask an administrator for a new password.",
        retry_after_seconds=int(wait.total_seconds()),
    )


def sign_out(tx: WriteTx, *, token: str) -> None:
    """The token is worth nothing any more."""
    store.delete_session(tx, token_digest=secrets.digest(token))


def principal_of_session(tx: WriteTx, *, token: str, now: datetime) -> Principal | None:
    """Who has this session, or None if it is over; using it keeps it alive."""
    token_digest = secrets.digest(token)
    session = store.select_session(tx, token_digest=token_digest, now=now)
    if session is None:
        return None
    if session.expires_at < now + SESSION_LASTS - SESSION_IS_RENEWED_AFTER:
        store.update_expiry(tx, token_digest=token_digest, expires_at=now + SESSION_LASTS)
    return Principal(f"user:{session.user_id}", session.name, session.role, session.location_id)


def create_api_key(tx: WriteTx, *, key: NewKey, now: datetime) -> str:
    """The key, to be shown this once; only its digest is kept."""
    if not key.name.strip():
        raise errors.Invalid("Say what the key is for, so that it can be recognised later.", field="name")
    _check_place(key.role, key.location_id)
    token, key_digest = secrets.new_token("ds_api")
    store.insert_key(tx, key, prefix=token[:PREFIX_LENGTH], key_digest=key_digest, at=now)
    return token


def revoke_api_key(tx: WriteTx, *, key_id: int, now: datetime) -> None:
    """The key is worth nothing any more."""
    if not store.revoke_key(tx, key_id=key_id, at=now):
        raise errors.NotFound("There is no such key, or it was revoked already.")


def delete_expired(tx: WriteTx, *, now: datetime) -> None:
    """Delete what is a day old: ended sessions, failed sign-ins, and answers of API calls kept for repeats."""
    store.delete_expired(tx, before=now - timedelta(days=1))


@dataclass(frozen=True, slots=True)
class Call:
    """A write of an API client that carries an idempotency key."""

    actor: str
    key: str
    request_digest: str


def recall(tx: WriteTx, *, call: Call) -> dict[str, object] | None:
    """The answer that this key gave before; None if the work is to be done now. Raises Invalid for another request."""
    if store.insert_call(tx, actor=call.actor, key=call.key, request_digest=call.request_digest):
        return None
    kept = store.select_call(tx, actor=call.actor, key=call.key)
    if kept is not None and kept.request_digest != call.request_digest:
        raise errors.Invalid(
            "This Idempotency-Key was used for another request: choose a new one.", field="Idempotency-Key"
        )
    return kept.response if kept else None


def keep(tx: WriteTx, *, call: Call, answer: dict[str, object]) -> None:
    """Keep the answer for when the same call comes again."""
    store.update_call(tx, actor=call.actor, key=call.key, response=answer)
