"""Health checks and metrics: is the process alive, is it ready, how is it doing."""

from __future__ import annotations

import prometheus_client
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from doorstep.bootstrap import App
from doorstep.kernel import errors, jobs, schema
from doorstep.kernel.db import Database

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

    def metrics(_request: Request) -> Response:
        _measure(app.db)
        return Response(prometheus_client.generate_latest(), media_type=prometheus_client.CONTENT_TYPE_LATEST)

    return [Route("/health/live", live), Route("/health/ready", ready), Route("/metrics", metrics)]


def readiness(app: App) -> dict[str, str]:
    """Each thing that must be right before traffic comes: "ok", or what is wrong."""
    if not app.db.ping():
        return {"database": "the database does not answer"}
    found, needed = schema.current(app.server.url), schema.newest()
    return {
        "database": "ok",
        "schema": "ok"
        if found == needed
        else f"the schema is at {found or 'nothing'}, {needed} is needed: doorstep migrate",
    }


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


def serve_metrics(host: str, port: int) -> None:
    """Serve /metrics of a process that has no web application."""
    prometheus_client.start_http_server(port, addr=host)
