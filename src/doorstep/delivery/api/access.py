"""Authenticate clients, and run idempotent writes: what every route needs."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar, cast

from fastapi import Depends, Header, Request, Security
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic_core import to_jsonable_python

from doorstep.bootstrap import App
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.model import Principal
from doorstep.kernel import log
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId

T = TypeVar("T")
_bearer = HTTPBearer(auto_error=False, description="An API key.")


def _opened(request: Request) -> App:
    app: App = request.app.state.app
    return app


async def _principal(
    request: Request,
    _shown: Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)],  # for the documentation
) -> Principal:
    """The client that identity.py has identified before the body was read."""
    principal: Principal = request.state.principal
    return principal


@dataclass(frozen=True, slots=True)
class Caller:
    """The app as one authenticated client uses it, for one request."""

    app: App
    principal: Principal
    trace_id: str
    idempotency_key: str
    request_digest: str

    @property
    def scope(self) -> LocationId | None:
        """The only location whose records this client may read; None: all."""
        return self.principal.location_id if self.principal.is_bound else None

    def read(self, work: Callable[[ReadTx], T]) -> T:
        """Open one read transaction."""
        with self.app.db.read() as tx:
            return work(tx)

    def write(self, work: Callable[[WriteTx], T]) -> T:
        """Run one transaction. With an Idempotency-Key the work is done once, and its answer is kept for a day."""

        def once(tx: WriteTx) -> T:
            if not self.idempotency_key:
                return work(tx)
            call = identity.Call(self.principal.actor, self.idempotency_key, self.request_digest)
            kept = identity.recall(tx, call=call)
            if kept is not None:
                return cast("T", kept)  # the same answer as JSON: the framework reads its shape from it
            answer = work(tx)
            identity.keep(tx, call=call, answer=to_jsonable_python(answer))
            return answer

        return self.app.db.transact(once, actor=self.principal.actor, trace_id=self.trace_id)


async def _caller(
    request: Request,
    app: Annotated[App, Depends(_opened)],
    principal: Annotated[Principal, Depends(_principal)],
    idempotency_key: Annotated[
        str, Header(max_length=200, description="Makes a write run only once; the answer is kept for a day.")
    ] = "",
) -> Caller:
    trace_id = log.parse_traceparent(request.headers.get("traceparent")) or ""
    digest = hashlib.sha256(
        f"{request.method} {request.url.path}\n".encode() + await request.body()
    ).hexdigest()
    return Caller(app, principal, trace_id, idempotency_key, digest)


Calling = Annotated[Caller, Depends(_caller)]


def _uploader(
    request: Request,
    app: Annotated[App, Depends(_opened)],
    principal: Annotated[Principal, Depends(_principal)],
    idempotency_key: Annotated[
        str,
        Header(
            max_length=200,
            description="A file with the same key is imported only once, without a time limit.",
        ),
    ] = "",
) -> Caller:
    """Authenticate the sender of a file. The body is not read here: it may be larger than our memory."""
    trace_id = log.parse_traceparent(request.headers.get("traceparent")) or ""
    return Caller(app, principal, trace_id, idempotency_key, "")


Uploading = Annotated[Caller, Depends(_uploader)]
