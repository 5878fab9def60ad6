"""Access tokens of a connection: kept until they end, fetched once for all who wait.

A grant is the call that fetches a token. It gets the stored token, whose refresh token may be single-use: whatever the
grant returns is committed before anybody uses it, so a process that dies afterwards loses nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Protocol

import httpx

_SPARE = timedelta(seconds=60)  # a token is renewed this long before it ends


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its server gave it; `expires_at` None: it does not end. `extra` has what the vendor adds.

    `refresh_ends_at`: when the refresh token ends, if the vendor says so; a person must sign in again by then.
    """

    access_token: str = field(repr=False)
    expires_at: datetime | None = None
    refresh_token: str = field(default="", repr=False)
    extra: Mapping[str, str] = field(default_factory=dict, repr=False)
    scope: str = ""
    refresh_ends_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it can be used for a while."""
        return bool(self.access_token) and (self.expires_at is None or now + _SPARE < self.expires_at)


Grant = Callable[[Token | None], Token]


class Tokens(Protocol):
    """The tokens of one connection, by scope."""

    def get(self, grant: Grant, *, scope: str = "") -> Token:
        """A good token: the stored one, or a new one from `grant`. Raises what the grant raises."""
        ...

    def renew(self, rejected: str, grant: Grant, *, scope: str = "") -> Token:
        """Another token than the one that the partner rejected; another process may have fetched it already."""
        ...

    def put(self, token: Token, *, scope: str = "") -> None:
        """Store a token that a person obtained, by signing in at the vendor."""
        ...


class Bearer:
    """Signs requests with the current token; satisfies call.Renewable."""

    def __init__(
        self,
        tokens: Tokens,
        grant: Grant,
        *,
        scope: str = "",
        header: str = "",
        ended: Callable[[Mapping[str, object]], bool] | None = None,
    ) -> None:
        """`header` names the header that takes the bare token, where it is not `Authorization: Bearer …`.

        `ended` says which refusals mean that the token has ended, where that is not the status 401.
        """
        self._tokens = tokens
        self._grant = grant
        self._scope = scope
        self._header = header
        self._ended = ended
        self._used = threading.local()

    def __call__(self, request: httpx.Request) -> None:
        token = self._tokens.get(self._grant, scope=self._scope)
        self._used.token = token.access_token
        if self._header:
            request.headers[self._header] = token.access_token
        else:
            request.headers["Authorization"] = f"Bearer {token.access_token}"

    def has_ended(self, refused: Mapping[str, object]) -> bool:
        """See Renewable."""
        return self._ended(refused) if self._ended else refused.get("status") == HTTPStatus.UNAUTHORIZED

    def renew(self) -> bool:
        """Fetch another token than the one that this thread used last."""
        rejected = str(getattr(self._used, "token", ""))
        fresh = self._tokens.renew(rejected, self._grant, scope=self._scope)
        return fresh.access_token != rejected


@dataclass(slots=True)
class MemoryTokens:
    """Tokens in this process, for sessions without a database."""

    _held: dict[str, Token] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def get(self, grant: Grant, *, scope: str = "") -> Token:
        """See Tokens."""
        with self._lock:
            held = self._held.get(scope)
            if held is None or not held.is_good(datetime.now(UTC)):
                held = self._held[scope] = grant(held)
            return held

    def renew(self, rejected: str, grant: Grant, *, scope: str = "") -> Token:
        """See Tokens."""
        with self._lock:
            held = self._held.get(scope)
            if held is not None and held.access_token == rejected:
                self._held[scope] = replace(held, access_token="")
            return self.get(grant, scope=scope)

    def put(self, token: Token, *, scope: str = "") -> None:
        """See Tokens."""
        with self._lock:
            self._held[scope] = token
