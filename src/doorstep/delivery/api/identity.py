"""Identify the client before anything of its body is read, and limit how often it calls."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from doorstep.bootstrap import App
from doorstep.delivery.api.problems import TooManyRequests, Unauthenticated, problem
from doorstep.domain.identity import views
from doorstep.domain.identity.model import Principal
from doorstep.kernel import errors, secrets
from doorstep.kernel.rates import Rates

PREFIX = "/api/v1"
_BURST_SECONDS = 10
_MOST_KNOWN = 10_000


class Identified:
    """Puts the principal of the API key into the state of each request below `PREFIX`, or answers with a problem.

    Clients without a valid key share a limit per address; one that has identified itself lately is not affected by others
    behind the same address.
    """

    def __init__(self, inner: ASGIApp, app: App) -> None:
        self._inner = inner
        self._app = app
        chosen = app.settings
        self._accounts = Rates(chosen.requests_per_second, chosen.requests_per_second * _BURST_SECONDS)
        self._strangers = Rates(chosen.strangers_per_second, chosen.strangers_per_second * _BURST_SECONDS)
        self._known: dict[str, None] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"].startswith(PREFIX):
            scheme, _space, token = Headers(scope=scope).get("authorization", "").partition(" ")
            client = scope.get("client")
            try:
                principal = await run_in_threadpool(
                    self._who,
                    token.strip() if scheme.lower() == "bearer" else "",
                    client[0] if client else "",
                )
            except errors.DoorstepError as refusal:
                answer = problem(Request(scope), refusal)
                answer.headers["Connection"] = "close"  # the body is not read
                await answer(scope, receive, send)
                return
            scope.setdefault("state", {})["principal"] = principal
        await self._inner(scope, receive, send)

    def _who(self, token: str, address: str) -> Principal:
        digest = secrets.digest(token)
        if self._strangers.is_exhausted(address) and digest not in self._known:
            raise TooManyRequests("Too many calls without a valid API key from this address.")
        principal = self._principal(token)
        if principal is None:
            self._strangers.take(address)
            raise Unauthenticated(
                "This API key is not known, or was revoked."
                if token
                else "Send an API key: Authorization: Bearer …"
            )
        self._remember(digest)
        if not self._accounts.take(principal.actor):
            raise TooManyRequests("Too many calls of this API key: send fewer per second.")
        return principal

    def _principal(self, token: str) -> Principal | None:
        if not token:
            return None
        with self._app.db.read() as tx:
            return views.principal_of_key(tx, key=token)

    def _remember(self, digest: str) -> None:
        self._known[digest] = None
        if len(self._known) > _MOST_KNOWN:
            self._known.pop(next(iter(self._known)), None)
