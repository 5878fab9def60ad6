"""A network link to a partner on this machine that can be cut: connections end at once and new ones are refused, whatever runs over it."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any
from urllib.parse import urlsplit

_SECONDS = 120.0
_BLOCK = 65_536


class Link:
    """Forwards a port of its own to `port`."""

    def __init__(self, port: int) -> None:
        self._target = port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=f"link {port}")
        self._thread.start()
        self._server: asyncio.Server | None = None
        self._pipes: set[asyncio.StreamWriter] = set()
        self._forwarding: set[asyncio.Task[None]] = set()
        self.port = 0
        self.restore()

    def restore(self) -> None:
        """Take connections, on the same port as before."""
        self._run(self._listen())

    def cut(self) -> None:
        """Refuse connections, and reset those that are there."""
        self._run(self._hang_up())

    def close(self) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_SECONDS)
        self._loop.close()

    def _run(self, work: Any) -> None:
        done: Future[None] = asyncio.run_coroutine_threadsafe(work, self._loop)
        done.result(_SECONDS)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._forward, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for each in self._pipes:
            each.transport.abort()
        await asyncio.gather(*self._forwarding, return_exceptions=True)

    async def _forward(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._forwarding.add(task)
        task.add_done_callback(self._forwarding.discard)
        far, there = await asyncio.open_connection("127.0.0.1", self._target)
        self._pipes |= {back, there}
        try:
            await asyncio.gather(_copy(near, there), _copy(far, back))
        finally:
            self._pipes -= {back, there}


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while block := await source.read(_BLOCK):
            target.write(block)
            await target.drain()
    target.close()


@contextlib.contextmanager
def links(*addresses: str) -> Iterator[list[tuple[Link, str]]]:
    """A link to the server of each address, and the address that goes over it."""
    made = []
    with contextlib.ExitStack() as undo:
        for address in addresses:
            parts = urlsplit(address)
            assert parts.port is not None
            link = Link(parts.port)
            undo.callback(link.close)
            made.append((link, parts._replace(netloc=f"127.0.0.1:{link.port}").geturl()))
        yield made
