"""The kinds of process (web, worker, command line) and the front doors that each opens."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from types import FrameType
from typing import Annotated

import typer
import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from doorstep.bootstrap import App, open_app
from doorstep.delivery import api, cli, health, hooks
from doorstep.delivery.console import app as console
from doorstep.delivery.worker import Worker
from doorstep.kernel import log, settings
from doorstep.kernel.collector import collect_rarely
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
    return Starlette(routes=routes, lifespan=lifespan)


@contextlib.contextmanager
def _process(**overrides: object) -> Iterator[App]:
    """Load settings, configure logs and open everything; a fresh embedded database is migrated first."""
    chosen: Settings = settings.load(**overrides)
    log.configure(style=chosen.log_format, level=chosen.log_level)
    with open_app(chosen, migrate=chosen.database_url is None) as app:
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
            timeout_graceful_shutdown=10,
        )
        uvicorn.Server(config).run()


def worker(
    metrics_port: Annotated[int, typer.Option(help="Also serve /metrics here (0: do not).")] = 0,
) -> None:
    """Run a worker process: applies webhooks, allocates orders, buys labels, sends updates. Start any number."""
    with _process() as app:
        if metrics_port:
            health.serve_metrics(app.settings.host, metrics_port)
        loop = Worker(app)
        _on_stop(loop.stop)
        loop.run()


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
