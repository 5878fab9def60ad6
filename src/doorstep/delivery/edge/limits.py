"""Refuse what is too large, too slow or malformed, whoever sends it, and add the headers that every answer has."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Mapping, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from doorstep.kernel.ids import whole_number
from doorstep.kernel.settings import Settings

_LONGEST_PATH = 4_000
_ENDLESS_NUMBER = re.compile(r"[0-9]{100}")
_LEAST_BYTES_PER_SECOND = 1_000
_MIB = 1024**2
_FILE = 1024 * _MIB
_PASSWORD_FORM = 16 * 1024
_FORM = 4 * _MIB


class Limits:
    """The outermost layer of the web application."""

    def __init__(self, inner: ASGIApp, settings: Settings) -> None:
        self._inner = inner
        self._timeout = settings.request_timeout_seconds
        self._is_https = settings.public_url.startswith("https://")
        # The first prefix that fits counts.
        self._largest: Sequence[tuple[str, int]] = (
            ("/hooks/", settings.webhook_body_limit_bytes),
            ("/api/v1/imports", _FILE),
            ("/console/files/import", _FILE),
            ("/console/login", _PASSWORD_FORM),
            ("/console/", _FORM),
            ("/", settings.api_body_limit_bytes),
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        sending = self._with_headers(send)
        largest = next(size for prefix, size in self._largest if scope["path"].startswith(prefix))
        refusal = _refusal(scope, largest)
        if refusal is not None:
            await refusal(scope, receive, sending)
            return
        await self._inner(scope, _Body(receive, largest, self._timeout), sending)

    def _with_headers(self, send: Send) -> Send:
        """What no answer must lack; the console and the pages of the documentation say more about themselves."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
                if self._is_https:
                    headers["Strict-Transport-Security"] = "max-age=31536000"
            await send(message)

        return sending


def _refusal(scope: Scope, largest: int) -> Response | None:
    """The answer to a request that needs no reading."""
    path, query = scope["path"], scope["query_string"]
    if len(path) > _LONGEST_PATH or len(query) > 4 * _LONGEST_PATH:
        return _problem(414, "The address is too long.")
    if "\0" in path:
        return _problem(400, "The address has a NUL character.")
    if _ENDLESS_NUMBER.search(path):
        return _problem(404, "Nothing has a number of that many digits.")
    length = Headers(scope=scope).get("content-length", "0")
    size = whole_number(length)
    if size is None or size > largest:
        return _problem(413, f"The body is too large: at most {largest:,} bytes.", {"Connection": "close"})
    return None


def _problem(status: int, title: str, headers: Mapping[str, str] | None = None) -> Response:
    body = {"type": "about:blank", "title": title, "status": status}
    return JSONResponse(body, status_code=status, headers=headers, media_type="application/problem+json")


class _Body:
    """The parts of a body as they come; raises HTTPException for one that is too large or too slow."""

    def __init__(self, receive: Receive, largest: int, timeout_seconds: float) -> None:
        self._receive = receive
        self._largest = largest
        self._timeout = timeout_seconds
        self._size = 0
        self._began = time.monotonic()
        self._has_more = True

    async def __call__(self) -> Message:
        if not self._has_more:
            return await self._receive()  # waits for the end of the connection
        try:
            message = await asyncio.wait_for(self._receive(), self._timeout)
        except TimeoutError:
            raise HTTPException(408) from None
        self._has_more = message["type"] == "http.request" and message.get("more_body", False)
        self._size += len(message.get("body", b""))
        if self._size > self._largest:
            raise HTTPException(413)
        seconds = time.monotonic() - self._began
        if self._has_more and seconds > self._timeout and self._size < seconds * _LEAST_BYTES_PER_SECOND:
            raise HTTPException(408)
        return message
