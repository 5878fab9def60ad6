"""Map error kinds to RFC 9457 problems. No other module knows both."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from doorstep.domain.identity.model import NotAllowed
from doorstep.kernel import errors

PROBLEM_TYPE = "application/problem+json"
# The first kind that matches counts: NotAllowed is Refused too.
_STATUS: tuple[tuple[type[errors.DoorstepError], int], ...] = (
    (NotAllowed, 403),
    (errors.Invalid, 422),
    (errors.NotFound, 404),
    (errors.Conflict, 409),
    (errors.Refused, 409),
    (errors.Unavailable, 503),
)
_FRAMEWORK = {
    HTTPStatus.NOT_FOUND: "This path does not exist. See the operations at /api/docs.",
    HTTPStatus.REQUEST_TIMEOUT: "The body came too slowly. Send it again.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is too large: send less at once.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This path does not accept this method. See the operations at /api/docs.",
}


class Unauthenticated(errors.Refused):
    """The API key is missing or unknown."""


class TooManyRequests(errors.Refused):
    """The client calls more often than it may."""


class WrongField(BaseModel):
    """An invalid field of the request."""

    field: str
    message: str


class Problem(BaseModel):
    """The answer of every error (RFC 9457, application/problem+json); more fields may describe its subject."""

    type: str = Field(description="/api/docs#invalid, #notfound, #conflict, #refused, #unavailable …")
    title: str = Field(description="What is wrong and what to do, in one sentence.")
    status: int
    field: str | None = Field(None, description="The invalid field of the request, if there is one.")
    problems: list[WrongField] | None = Field(None, description="All invalid fields, if there are several.")


# For the OpenAPI document: every route may answer with a problem.
RESPONSES: dict[int | str, dict[str, object]] = {
    422: {"model": Problem, "description": "The request is invalid."},
    "4XX": {"model": Problem, "description": "Not found, a conflict, not allowed or refused."},
    "5XX": {
        "model": Problem,
        "description": "A partner or the database does not answer, or an internal error.",
    },
}


def problem(_request: Request, failure: Exception) -> Response:
    """Map an expected error to a problem; its kind is the type."""
    if not isinstance(failure, errors.DoorstepError):
        raise failure
    if isinstance(failure, Unauthenticated):
        return _answer(401, "unauthenticated", failure.message, {}, {"WWW-Authenticate": "Bearer"})
    if isinstance(failure, TooManyRequests):
        return _answer(429, "toomanyrequests", failure.message, {}, {"Retry-After": "1"})
    kind, status = next((kind, status) for kind, status in _STATUS if isinstance(failure, kind))
    headers = {}
    if isinstance(failure, errors.Unavailable):
        headers["Retry-After"] = str(round(failure.retry_after_seconds or 5))
    return _answer(status, kind.__name__.lower(), failure.message, failure.data, headers)


def invalid_request(request: Request, failure: Exception) -> Response:
    """Map a request that does not match the schema: every invalid field with its error."""
    if not isinstance(failure, RequestValidationError):
        raise failure
    wrong = [
        {"field": field, "message": each["msg"]}
        for each in failure.errors()
        for field in _fields(request, each["loc"])
    ]
    return _answer(
        422, "invalid", "The request does not match the schema: see `problems`.", {"problems": wrong}, {}
    )


def _fields(request: Request, loc: tuple[str | int, ...]) -> list[str]:
    """The invalid field; of a missing body, the fields that it must have."""
    if loc != ("body",):
        return [".".join(map(str, loc[1:]))]
    body = request.scope["route"].body_field
    shape = body.field_info.annotation if body is not None else None
    if not (isinstance(shape, type) and issubclass(shape, BaseModel)):
        return ["body"]
    return [name for name, field in shape.model_fields.items() if field.is_required()] or ["body"]


def http_problem(_request: Request, failure: Exception) -> Response:
    """Map the framework's errors (no such path, wrong method) to the same shape."""
    if not isinstance(failure, HTTPException):
        raise failure
    status = HTTPStatus(failure.status_code)
    kind = status.name.lower().replace("_", "")
    title = _FRAMEWORK.get(status, f"{status.phrase.capitalize()}.")
    return _answer(failure.status_code, kind, title, {}, failure.headers or {})


def nested_too_deeply(_request: Request, _failure: Exception) -> Response:
    """A document that no reader can follow to its end."""
    return _answer(422, "invalid", "The document is nested too deeply.", {"field": "body"}, {})


def _answer(
    status: int, kind: str, title: str, data: Mapping[str, object], headers: Mapping[str, str]
) -> JSONResponse:
    extra = msgspec.to_builtins(dict(data), enc_hook=str)
    body = {**extra, "type": f"/api/docs#{kind}", "title": title, "status": status}
    return JSONResponse(body, status_code=status, headers=dict(headers), media_type=PROBLEM_TYPE)
