"""Requests as they left, checked against Amazon's official models (Swagger 2)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import httpx
from tests.adapters.amazon.documents import check, model

MODELS = ("orders_2026-01-01", "ordersV0", "feeds_2021-06-30", "notifications", "sellers")


@dataclass(frozen=True)
class Sent:
    """A request and the status of its answer."""

    method: str
    url: str
    headers: httpx.Headers
    body: bytes
    status: int

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query))


@contextmanager
def recorded() -> Iterator[list[Sent]]:
    """All requests that leave through httpx in this block."""
    found: list[Sent] = []
    send = httpx.Client.send

    def note(self: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        response = send(self, request, **options)
        content = request.read()
        found.append(Sent(request.method, str(request.url), request.headers, content, response.status_code))
        return response

    with mock.patch.object(httpx.Client, "send", note):
        yield found


def check_request(sent: Sent) -> str:
    """Raise unless an official model has this operation with these parameters and this body; returns its name."""
    for name in MODELS:
        for template, operations in model(name)["paths"].items():
            pattern = re.sub(r"\{[^}]+\}", "[^/]+", template)
            operation = operations.get(sent.method.lower())
            if operation and re.fullmatch(pattern, sent.path):
                _check_parameters(
                    sent, [*operations.get("parameters", []), *operation.get("parameters", [])], name
                )
                return str(operation["operationId"])
    message = f"no model has {sent.method} {sent.path}"
    raise AssertionError(message)


def _check_parameters(sent: Sent, declared: list[Any], name: str) -> None:
    query = {each["name"]: each for each in declared if each.get("in") == "query"}
    assert sent.query.keys() <= query.keys(), sent.url
    for parameter in query.values():
        assert not parameter.get("required") or parameter["name"] in sent.query, parameter["name"]
    for key, value in sent.query.items():
        allowed = (query[key].get("items") or {}).get("enum") or query[key].get("enum")
        assert not allowed or set(value.split(",")) <= set(allowed), key
        if query[key].get("type") == "integer":
            assert query[key].get("minimum", 0) <= int(value) <= query[key].get("maximum", int(value))
    bodies = [each for each in declared if each.get("in") == "body"]
    assert bool(sent.body) == bool(bodies)
    for each in bodies:
        check(name, each["schema"]["$ref"].rsplit("/", 1)[1], json.loads(sent.body))
