"""Read users and API keys."""

from __future__ import annotations

from doorstep.domain.identity import store
from doorstep.domain.identity.model import Principal
from doorstep.domain.identity.store import ApiKey, User
from doorstep.kernel import secrets
from doorstep.kernel.db import ReadTx

__all__ = ["ApiKey", "User"]


def users(tx: ReadTx) -> list[User]:
    """All users, by name."""
    return store.select_users(tx)


def api_keys(tx: ReadTx) -> list[ApiKey]:
    """All keys, active ones first."""
    return store.select_keys(tx)


def principal_of_key(tx: ReadTx, *, key: str) -> Principal | None:
    """The API client of this key, or None if it is unknown or revoked."""
    found = store.select_key(tx, key_digest=secrets.digest(key))
    return None if found is None else Principal(f"api:{found.id}", found.name, found.role, found.location_id)
