"""Options of a call, and request signing."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol, TypedDict, runtime_checkable

import httpx

from doorstep.kernel.limits import RateAnswer

Mode = Literal["off", "shadow", "live"]
Authorize = Callable[[httpx.Request], None]
ReadLimit = Callable[[Mapping[str, str]], RateAnswer | None]  # from the headers of an answer, in lower case


@runtime_checkable
class Renewable(Protocol):
    """Authorization by a token that can be fetched anew when the partner no longer accepts it."""

    def __call__(self, request: httpx.Request) -> None: ...

    def has_ended(self, refused: Mapping[str, object]) -> bool:
        """Whether a refusal (status, body) means that the token is no longer accepted."""
        ...

    def renew(self) -> bool:
        """Fetch another token; false if there is none to be had."""
        ...


_READS = {"GET", "HEAD", "OPTIONS"}


class Details(TypedDict, total=False):
    """The optional parts of a call."""

    json: object  # sent as JSON; Decimal is written as a number, to the last digit
    form: Mapping[str, str]
    data: bytes
    params: Mapping[str, str | int]
    headers: Mapping[str, str]
    idempotency_key: str | None  # from the stored intent
    repeatable: bool | None  # the partner promises that a repeat does no harm; reads always are
    operation: str  # the vendor's limit that the call counts for; "" for the connection's
    reads: bool | None  # changes nothing; known for GET and HEAD, to be said for a query sent by POST


@dataclass(frozen=True, slots=True)
class Call:
    """A call as the session receives it."""

    method: str
    path: str
    details: Details

    @property
    def reads(self) -> bool:
        said = self.details.get("reads")
        return self.method in _READS if said is None else said

    @property
    def operation(self) -> str:
        return self.details.get("operation", "")

    @property
    def repeatable(self) -> bool:
        return self.reads or bool(self.details.get("repeatable"))


def bearer(token: str) -> Authorize:
    """`Authorization: Bearer …`."""
    return header("Authorization", f"Bearer {token}")


def basic(user: str, password: str) -> Authorize:
    """HTTP basic authentication."""
    return header("Authorization", "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode())


def header(name: str, value: str) -> Authorize:
    """A fixed header such as X-Shopify-Access-Token; kept out of the session's headers because it is a secret."""

    def authorize(request: httpx.Request) -> None:
        request.headers[name] = value

    return authorize
