"""/hooks/{connection}: the only route that partners call."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import prometheus_client
import pyrate_limiter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doorstep.bootstrap import App
from doorstep.delivery.hooks.commits import GroupCommit
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import Arrival
from doorstep.domain.connections.model import Ack, Connection, InboundRequest, Mode, Verdict, WeakSecret
from doorstep.kernel import errors, log

_log = log.get("hooks")
_received = prometheus_client.Counter("doorstep_webhooks", "Webhooks by result", ["connection", "outcome"])
_SHARE = 0.8  # of a vendor's time limit: the rest is for the network
# Headers that prove the sender are not stored: they are as good as the secret.
_NOT_STORED = frozenset({"authorization", "cookie", "x-api-key", "anx-api-key", "proxy-authorization"})


def routes(app: App) -> list[Route]:
    """The route of all hooks, to be placed in the web application."""
    hooks = Hooks(app)
    return [Route("/hooks/{connection}", hooks.receive, methods=["GET", "POST"])]


class Hooks:
    """Receives webhooks of all connections of one process."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._commits = GroupCommit(self._write)
        self._limiters: dict[str, pyrate_limiter.Limiter] = {}

    def _write(self, arrivals: Sequence[Arrival]) -> None:
        self._app.db.transact(lambda tx: connections.receive(tx, arrivals=arrivals), actor="hooks")

    async def receive(self, request: Request) -> Response:
        """Verify, store, acknowledge. Messages with a wrong signature are counted and not stored."""
        key = request.path_params["connection"]
        try:
            connection = self._app.registry.known(key)
            if connection is None:
                connection = await asyncio.to_thread(self._app.registry.by_key, key)
            self._app.registry.require_strong_secret(connection.id)
        except errors.NotFound:
            _received.labels("unknown", "unknown").inc()
            return _problem(404, "There is no such connection.")
        except WeakSecret as problem:
            _received.labels(key, "weak_secret").inc()
            _log.error("webhooks are refused", connection=key, error=problem.message)
            return _problem(503, "This connection cannot verify webhooks.", {"Retry-After": "600"})
        except errors.Unavailable as problem:
            return _come_again(key, problem)
        if connection.mode is Mode.OFF:
            return _problem(503, "This connection is switched off.", {"Retry-After": "600"})
        if not self._admit(key):
            _received.labels(key, "too_many").inc()
            return _problem(429, "Too many messages this second: send it again.", {"Retry-After": "1"})
        body = await self._body(request)
        if body is None:
            _received.labels(key, "too_large").inc()
            return _problem(413, "The body is too large.")
        headers = {name.lower(): value for name, value in request.headers.items()}
        inbound = InboundRequest(headers, body, request.method, self._public_url(request))
        ack = self._app.registry.acknowledge(connection.id, inbound, self._app.clock)
        if ack.verdict is Verdict.REFUSED:
            _received.labels(key, "wrong_signature").inc()
            _log.warning("a webhook has a wrong signature", connection=key)
            return _problem(401, "The signature is wrong.")
        if ack.verdict is Verdict.ANSWERED:
            _received.labels(key, "answered").inc()
            return _answer(ack)
        if request.method != "POST":
            return _problem(405, "Send messages by POST.", {"Allow": "POST"})
        return await self._store(connection, inbound, ack)

    def _public_url(self, request: Request) -> str:
        """The address as the partner called it, which some vendors sign; behind a proxy only the setting knows it."""
        query = f"?{request.url.query}" if request.url.query else ""
        return f"{self._app.settings.public_url.rstrip('/')}{request.url.path}{query}"

    def _admit(self, key: str) -> bool:
        """Whether a connection may send one more message this second; a runaway sender must not block the others."""
        limiter = self._limiters.get(key)
        if limiter is None:
            limiter = self._limiters[key] = _limiter(self._app.settings.webhook_rate_per_second)
        return bool(limiter.try_acquire(key, blocking=False))

    async def _body(self, request: Request) -> bytes | None:
        """The raw bytes, or None as soon as there are too many."""
        limit, parts, size = self._app.settings.webhook_body_limit_bytes, [], 0
        try:
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    return None
                parts.append(part)
        except ClientDisconnect:
            return None
        return b"".join(parts)

    async def _store(self, connection: Connection, request: InboundRequest, ack: Ack) -> Response:
        trace_id = log.parse_traceparent(request.headers.get("traceparent")) or log.new_trace_id()
        envelope = self._app.registry.inbound(connection.id).envelope(request)
        arrival = Arrival(
            connection_id=connection.id,
            external_event_id=envelope.event_id,
            topic=envelope.topic,
            headers={name: value for name, value in request.headers.items() if name not in _NOT_STORED},
            body=request.body,
            trace_id=trace_id,
        )
        try:
            await self._commits.add(arrival, within_seconds=self._patience(connection))
        except errors.Unavailable as problem:
            return _come_again(connection.key, problem)
        _received.labels(connection.key, "stored").inc()
        return _answer(ack)

    def _patience(self, connection: Connection) -> float:
        """How long a message may wait to be stored, so that its sender still gets the answer in time."""
        vendor = self._app.registry.connector(connection.kind, connection.connector_id)
        return min(self._app.settings.webhook_longest_wait_seconds, vendor.answer_within_seconds * _SHARE)


def _answer(ack: Ack) -> Response:
    return Response(ack.body, status_code=ack.status, headers=dict(ack.headers))


def _limiter(per_second: int) -> pyrate_limiter.Limiter:
    bucket = pyrate_limiter.StateBucket(
        [pyrate_limiter.Rate(per_second, 1_000)]
    )  # a few numbers, no clean-up thread
    return pyrate_limiter.Limiter(
        pyrate_limiter.SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=0
    )


def _come_again(key: str, problem: errors.Unavailable) -> Response:
    _received.labels(key, "unavailable").inc()
    wait = str(round(problem.retry_after_seconds or 5))
    return _problem(503, "Messages cannot be stored now: send it again.", {"Retry-After": wait})


def _problem(status: int, title: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": title, "status": status}
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")
