"""A partner that returns what a test prepared, over real HTTP, and records the requests."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import pydantic

from doorstep.kernel import http

Settings = TypeVar("Settings", bound=pydantic.BaseModel)


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass
class Script:
    """Answers in order, each (status, document) or (status, bytes); and the requests so far."""

    url: str = ""
    answers: deque[tuple[int, object]] = field(default_factory=deque)
    asked: list[Asked] = field(default_factory=list)

    def will_say(self, *answers: object, status: int = 200) -> None:
        self.answers.extend((status, answer) for answer in answers)

    @property
    def paths(self) -> list[str]:
        return [f"{asked.method} {asked.path}" for asked in self.asked]


@contextmanager
def partner() -> Iterator[Script]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            raw = self.rfile.read(length)
            parts = urlsplit(self.path)
            script.asked.append(
                Asked(
                    self.command,
                    parts.path,
                    dict(parse_qsl(parts.query)),
                    {name.lower(): value for name, value in self.headers.items()},
                    json.loads(raw) if raw else None,
                )
            )
            status, document = script.answers.popleft()
            is_bytes = isinstance(document, bytes)
            content = document if isinstance(document, bytes) else json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/pdf" if is_bytes else "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
            """Be quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield script
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def settings(shape: type[Settings], **values: object) -> Settings:
    """Settings as they come from storage: plain values, checked and sealed by the model."""
    return shape.model_validate(values)


def session(script: Script, *, base: str = "", mode: http.Mode = "live") -> http.Session:
    """A session that does not wait between attempts."""
    policy = http.Policy(
        timeout_seconds=5,
        attempts=2,
        backoff_seconds=0.001,
        breaker_failures=1000,
        documents_from_anywhere=True,
    )
    return http.Session("partner", script.url + base, mode=mode, policy=policy)
