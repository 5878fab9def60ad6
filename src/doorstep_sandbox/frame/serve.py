"""Start partners on their ports in one event loop and stop them cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from doorstep_sandbox.frame.app import Application
from doorstep_sandbox.frame.partner import Partner
from doorstep_sandbox.frame.wire import Json

HOST = "127.0.0.1"


class Connection(H11Protocol):
    """Pass the application its connection, so that a fault can close it without an answer."""

    def __init__(
        self,
        config: uvicorn.Config,
        server_state: ServerState,
        app_state: Json,
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, {**app_state, "connection": self}, _loop)


class Server(uvicorn.Server):
    """uvicorn without signal handling: one process runs several servers. `listening` is set when it accepts calls."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class Fleet:
    """Running partners. `ready` is the content of the ready file."""

    def __init__(self, partners: Sequence[Partner], *, token: str | None = None) -> None:
        self.partners = {partner.name: partner for partner in partners}
        self.token = token or secrets.token_urlsafe(24)
        self.ready: Json = {"control_token": self.token}
        self._servers: list[Server] = []
        self._serving: list[asyncio.Task[None]] = []
        self._sending: list[asyncio.Task[None]] = []

    async def start(self, base_port: int = 0) -> None:
        """Consecutive ports from `base_port`, or free ones if it is 0. Returns when all listen."""
        for position, partner in enumerate(self.partners.values()):
            listener = _listen(base_port + position if base_port else 0)
            port = listener.getsockname()[1]
            partner.base_url = f"http://{HOST}:{port}"
            config = uvicorn.Config(
                Application(partner, self.token),
                http=Connection,
                ws="none",
                lifespan="off",
                log_level="warning",
                access_log=False,
                timeout_graceful_shutdown=1,
            )
            server = Server(config)
            self._servers.append(server)
            self._serving.append(asyncio.create_task(server.serve(sockets=[listener])))
            self._sending.append(asyncio.create_task(partner.hooks.run()))
            extra = await partner.open()
            self.ready[partner.name] = {"url": partner.base_url, **extra, **partner.credentials()}
        for server in self._servers:
            await server.listening.wait()

    async def stop(self) -> None:
        for server in self._servers:
            server.should_exit = True
        for partner in self.partners.values():
            await partner.close()
        await asyncio.gather(*self._serving)
        for task in self._sending:
            task.cancel()
        await asyncio.gather(*self._sending, return_exceptions=True)


def write_ready(path: Path, ready: Json) -> None:
    """Write the file atomically, readable by its owner only: it holds credentials."""
    draft = path.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(json.dumps(ready, indent=1), encoding="utf-8")
    draft.replace(path)


def _listen(port: int) -> socket.socket:
    # The protocol is named because asyncio disables Nagle's algorithm only for sockets that are declared as TCP.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((HOST, port))
    listener.listen(128)
    listener.setblocking(False)
    return listener
