"""The kinds of process (web, worker, command line) and the front doors that each opens."""

from __future__ import annotations

import contextlib
import functools
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Mount

from doorstep.bootstrap import App, open_app
from doorstep.delivery import api, cli, edge, health, hooks
from doorstep.delivery.console import app as console
from doorstep.delivery.worker import Supervisor, Worker
from doorstep.kernel import log, postgres, queues, settings
from doorstep.kernel.collector import collect_rarely
from doorstep.kernel.queues import EVERY, Queue
from doorstep.kernel.settings import Settings

_log = log.get("process")


def web(app: App) -> Starlette:
    """The whole web application of one process: hooks and health as raw routes, then API and console."""
    interface = api.create(app)

    @contextlib.asynccontextmanager
    async def lifespan(_web: Starlette) -> AsyncIterator[None]:
        _log.info("web ready", address=app.settings.public_url)
        yield

    routes = [
        *hooks.routes(app),
        *health.routes(app),
        *console.routes(app),
        Mount("/", interface),
    ]
    layers = [Middleware(edge.Limits, settings=app.settings)]
    return Starlette(routes=routes, lifespan=lifespan, middleware=layers)


@contextlib.contextmanager
def _process(**overrides: object) -> Iterator[App]:
    """Load settings, configure logs and open everything; a fresh embedded database is migrated first."""
    chosen: Settings = settings.load(**overrides)
    log.configure(style=chosen.log_format, level=chosen.log_level)
    with open_app(chosen, migrate=chosen.database_url is None) as app:
        health.remember_key(app)
        collect_rarely()
        yield app


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
) -> None:
    """Run the web process: webhooks, API, console, health and metrics. Start any number behind a load balancer."""
    overrides = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    with _process(**overrides) as app:
        config = uvicorn.Config(
            web(app),
            host=app.settings.host,
            port=app.settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            http=edge.guarded(app.settings.request_timeout_seconds),
            ws="none",
            proxy_headers=True,
            forwarded_allow_ips=app.settings.trusted_proxies,
            timeout_graceful_shutdown=10,
        )
        # The server sends its signal on once it has stopped: what is open is closed then, with status 0.
        _on_stop(lambda: None)
        uvicorn.Server(config).run()


def worker(
    queue: Annotated[
        list[str] | None,
        typer.Option(help="Serve only this queue, in one process (may be repeated): " + ", ".join(EVERY)),
    ] = None,
    metrics_port: Annotated[
        int, typer.Option(help="Also serve /metrics, on this port and one more per process (0: do not).")
    ] = 0,
) -> None:
    """Run the worker: one process per queue as DOORSTEP_WORKER_PROCESSES says. Start any number, on any machine."""
    chosen = settings.load()
    layout = [queues.named(queue)] if queue else queues.processes(chosen.worker_processes)
    if len(layout) == 1:
        with _process() as app:
            _work(app, metrics_port, layout[0], _on_stop)
        return
    with _prepared(chosen):
        Supervisor(layout, functools.partial(_process_of_queues, chosen, metrics_port)).run()


OnStop = Callable[[Callable[[], None]], None]


def _process_of_queues(
    chosen: Settings, metrics_port: int, served: Sequence[Queue], number: int, on_stop: OnStop
) -> None:
    """The life of one of several worker processes; everything is prepared."""
    with open_app(chosen) as app:
        _work(app, metrics_port and metrics_port + number, served, on_stop)


def _work(app: App, metrics_port: int, served: Sequence[Queue], on_stop: OnStop) -> None:
    app.registry.require_key()
    if metrics_port:
        health.serve_metrics(app, metrics_port)
    loop = Worker(app, served)
    on_stop(loop.stop)
    loop.run()


@contextlib.contextmanager
def _prepared(chosen: Settings) -> Iterator[None]:
    """What all processes need is there before they start, and what is wrong is said once, not by each of them.

    An embedded server runs on between this look at it and the first process that uses it.
    """
    log.configure(style=chosen.log_format, level=chosen.log_level)
    with postgres.open_or_connect(chosen):
        with open_app(chosen, migrate=chosen.database_url is None) as app:
            health.remember_key(app)
            app.registry.require_key()
            collect_rarely()
        yield


def _on_stop(stop: Callable[[], None]) -> None:
    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def main() -> None:
    """The command line: everything of delivery/cli, and the two serving processes."""
    commands = cli.create()
    commands.command(rich_help_panel="Processes")(serve)
    commands.command(rich_help_panel="Processes")(worker)
    cli.run(commands)
