"""Represent a vendor call: the request, its route, and a handler's error."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Awaitable, Callable, Iterable

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.routing import compile_path

from doorstep_sandbox.frame.wire import Json, parse_object


class VendorError(Exception):
    """Raised by a handler to respond with the vendor's own error."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


@dataclasses.dataclass(slots=True)
class Call:
    """A request with its complete body. `params` are the values of the route's path parameters."""

    method: str
    path: str
    query: dict[str, str]
    headers: Headers
    body: bytes
    base_url: str
    route: str = ""
    params: dict[str, str] = dataclasses.field(default_factory=dict)

    def json(self) -> Json:
        """The body as an object; raises ValueError if it is not one."""
        return parse_object(self.body)


Handler = Callable[[Call], Response | Awaitable[Response]]


@dataclasses.dataclass(frozen=True, slots=True)
class Route:
    """A method and a path template such as /orders/{order_id}; trailing slashes are ignored."""

    method: str
    template: str
    handler: Handler
    pattern: re.Pattern[str]


def route(method: str, template: str, handler: Handler) -> Route:
    return Route(method, template, handler, compile_path(template)[0])


def find(routes: Iterable[Route], call: Call) -> Route | None:
    """The first matching route; its template and parameters are stored on the call."""
    path = call.path.rstrip("/") or "/"
    for candidate in routes:
        match = candidate.pattern.match(path)
        if match and candidate.method == call.method:
            call.route, call.params = candidate.template, match.groupdict()
            return candidate
    return None
