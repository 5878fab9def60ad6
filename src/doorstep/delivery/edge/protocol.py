"""Close connections that send endless or slow headers: the server library waits for them without a limit."""

from __future__ import annotations

import asyncio
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_HEADER_BYTES = 64 * 1024


def guarded(timeout_seconds: float) -> type[asyncio.Protocol]:
    """The HTTP protocol of the web process: headers must be complete within the time-out and below a size."""

    class Guarded(HttpToolsProtocol):
        """One connection."""

        _header_bytes = 0
        _waits_for_headers = True
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as the library has it
            super().connection_made(transport)
            self._expect_headers()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self._waits_for_headers:
                self._header_bytes += len(data)
                if self._header_bytes > _MOST_HEADER_BYTES:
                    self.transport.close()

        def on_message_begin(self) -> None:
            super().on_message_begin()
            self._expect_headers()

        def on_headers_complete(self) -> None:
            self._waits_for_headers = False
            self._forget_deadline()
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            self._forget_deadline()
            super().connection_lost(exc)

        def _expect_headers(self) -> None:
            self._forget_deadline()
            self._waits_for_headers, self._header_bytes = True, 0
            self._deadline = self.loop.call_later(timeout_seconds, self.transport.close)

        def _forget_deadline(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

    return cast("type[asyncio.Protocol]", Guarded)
