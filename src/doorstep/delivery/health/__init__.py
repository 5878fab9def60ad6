"""Health checks and metrics: is the process alive, is it ready, how is it doing."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.types import StartResponse, WSGIEnvironment

import prometheus_client
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doorstep.bootstrap import App
from doorstep.delivery.health.backlog import BacklogCollector
from doorstep.kernel import errors, jobs, schema, sealed
from doorstep.kernel.db import Database

Network = IPv4Network | IPv6Network
_PATIENCE_SECONDS = (
    1.0  # a load balancer asks every few seconds and must not wait for a database that is down
)
_waiting = prometheus_client.Gauge("doorstep_deliveries_waiting", "Deliveries that wait", ["subscriber"])
_dead = prometheus_client.Gauge("doorstep_dead_letters", "Dead letters", ["error_class"])


def routes(app: App) -> list[Route]:
    """/health/live, /health/ready and /metrics."""

    def live(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def ready(_request: Request) -> Response:
        checks = readiness(app)
        good = all(word == "ok" for word in checks.values())
        return JSONResponse(
            {"status": "ok" if good else "not ready", "checks": checks}, status_code=200 if good else 503
        )

    figures = prometheus_client.CollectorRegistry()
    figures.register(BacklogCollector(app))
    open_to = _networks(app.settings.metrics_addresses)

    def metrics(request: Request) -> Response:
        if not _may_read_metrics(request.client.host if request.client else "", open_to):
            return JSONResponse({"status": "not for this address"}, status_code=403)
        _measure(app.db)
        found = prometheus_client.generate_latest() + prometheus_client.generate_latest(figures)
        return Response(found, media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]


def _networks(addresses: str) -> list[Network]:
    return [ip_network(each) for each in filter(None, map(str.strip, addresses.split(",")))]


def _may_read_metrics(client: str, open_to: Sequence[Network]) -> bool:
    """Figures of a business are for this machine and for the addresses of the settings."""
    try:
        address = ip_address(client)
    except ValueError:
        return False
    return address.is_loopback or any(address in network for network in open_to)


def readiness(app: App) -> dict[str, str]:
    """Each thing that must be right before traffic comes: "ok", or what is wrong."""
    try:
        with app.db.connection(wait_seconds=_PATIENCE_SECONDS) as connection:
            state = schema.state_of(connection)
        if state.problem:
            return {"database": "ok", "schema": state.problem}
        app.registry.require_key()
    except errors.Unavailable:
        return {"database": "the database does not answer"}
    except sealed.WrongKey as problem:
        return {"database": "ok", "schema": "ok", "secret_key": problem.message}
    return {"database": "ok", "schema": "ok", "secret_key": "ok"}


def remember_key(app: App) -> None:
    """Store which key is in use, where an earlier version has sealed secrets and the schema is new enough to know."""
    with contextlib.suppress(errors.Unavailable):
        app.db.transact(lambda tx: sealed.remember_if_all_open(tx, app.vault), actor="system")


def _measure(db: Database) -> None:
    try:
        with db.read() as tx:
            waiting, dead = jobs.waiting(tx), jobs.dead(tx)
    except errors.Unavailable:
        return
    _waiting.clear()
    _dead.clear()
    for subscriber, count in waiting.items():
        _waiting.labels(subscriber).set(count)
    for error_class, count in dead.items():
        _dead.labels(error_class).set(count)


def serve_metrics(app: App, port: int) -> None:
    """Serve /metrics of a process that has no web application."""
    prometheus_client.REGISTRY.register(BacklogCollector(app))
    open_to, figures = _networks(app.settings.metrics_addresses), prometheus_client.make_wsgi_app()

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if _may_read_metrics(environ["REMOTE_ADDR"], open_to):
            body: Iterable[bytes] = figures(environ, start_response)
            return body
        start_response("403 Forbidden", [("Content-Type", "text/plain")])
        return [b"not for this address"]

    server = make_server(app.settings.host, port, answer, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()


class _Quiet(WSGIRequestHandler):
    """Does not write a line per request."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
        """Be quiet."""
