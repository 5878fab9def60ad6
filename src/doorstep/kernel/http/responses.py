"""Results of a partner call: a response, a refusal, or no answer, after which the outcome is unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import NoReturn

from doorstep.kernel import errors, log

SHOWN_BODY_CHARACTERS = 2000
_PARSED_BODY_BYTES = 100_000
_SHOWN_STRING = 1000
_REASON_CHARACTERS = 300
_REASON_KEYS = ("message", "error_description", "description", "detail", "error", "errors")
_TOO_EARLY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY}


class AuthFailed(errors.Refused):
    """The partner does not accept our credentials (401, 403): a person must look at the connection."""

    error_class = "auth"


class Rejected(errors.Invalid):
    """The partner rejected the request; its answer is in `data["body"]`, secrets removed."""


class SwitchedOff(errors.Refused):
    """The connection's mode is off."""

    error_class = "auth"


class Shadowed(errors.Refused):
    """The connection is in shadow mode: `data` has what would have been sent."""


class Unanswered(errors.Unavailable):
    """No usable answer. `maybe_done` says whether the partner may have processed the request.

    If true, look the outcome up at the partner by our own reference before repeating anything.
    """

    def __init__(
        self, message: str, *, maybe_done: bool, retry_after_seconds: float | None = None, **data: object
    ) -> None:
        super().__init__(message, retry_after_seconds=retry_after_seconds, maybe_done=maybe_done, **data)
        self.maybe_done = maybe_done


@dataclass(frozen=True, slots=True)
class Response:
    """A partner's answer with a status below 300."""

    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes
    reads: bool = False  # the call changed nothing at the partner

    def json(self) -> object:
        """The body as JSON with exact decimals; raises Unanswered if it is not JSON."""
        try:
            return json.loads(self.body, parse_float=Decimal, parse_constant=_no_number)
        except (ValueError, RecursionError) as problem:
            raise Unanswered(
                f"The answer is not JSON: {problem}", maybe_done=not self.reads, status=self.status
            ) from problem

    def is_json(self) -> bool:
        """Whether the content type is JSON."""
        return "json" in self.headers.get("content-type", "").lower()


def refusal(response: Response, *, partner: str, now: datetime) -> errors.DoorstepError | None:
    """The error that a response stands for, None for a good one, with the partner's reason where its answer has one.

    A 5xx may have been processed; a refusal was not. A 503 counts as a refusal only with Retry-After: without it, a gateway may answer for a server that did the work.
    """
    if response.status < HTTPStatus.MULTIPLE_CHOICES:
        return None
    problem = _problem(response, partner=partner, now=now)
    return explained(problem, _reason(problem.data["body"]))


def explained(problem: errors.DoorstepError, reason: str) -> errors.DoorstepError:
    """The error of a call with the partner's own sentence in its message; unchanged if there is none."""
    if reason:
        problem.data["reason"] = reason
        problem.message = f"{problem.message.rstrip('.')}: {reason.rstrip('.')}."
        problem.args = (problem.message,)
    return problem


def _problem(response: Response, *, partner: str, now: datetime) -> errors.DoorstepError:
    status, wait = response.status, retry_after(response, now)
    reported = {"status": status, "body": _shown(response)}
    if status == HTTPStatus.TOO_MANY_REQUESTS or (
        status == HTTPStatus.SERVICE_UNAVAILABLE and wait is not None
    ):
        return Unanswered(
            f"{partner} asks to wait (HTTP {status}).", maybe_done=False, retry_after_seconds=wait, **reported
        )
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in _TOO_EARLY:
        return Unanswered(
            f"{partner} failed (HTTP {status}).", maybe_done=True, retry_after_seconds=wait, **reported
        )
    kinds: dict[int, type[errors.DoorstepError]] = {
        HTTPStatus.UNAUTHORIZED: AuthFailed,
        HTTPStatus.FORBIDDEN: AuthFailed,
        HTTPStatus.NOT_FOUND: errors.NotFound,
        HTTPStatus.CONFLICT: errors.Conflict,
    }
    return kinds.get(status, Rejected)(f"{partner} rejected the request (HTTP {status}).", **reported)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _shown(response: Response) -> object:
    """The body for people: without secrets, as JSON with shortened strings if it is that."""
    if len(response.body) <= _PARSED_BODY_BYTES:
        try:
            shown = _shortened(log.redact(json.loads(response.body)))
        except (ValueError, RecursionError):
            pass  # not JSON: shown as text
        else:
            if len(str(shown)) <= 2 * SHOWN_BODY_CHARACTERS:
                return shown
    text = response.body[: 4 * SHOWN_BODY_CHARACTERS].decode(errors="replace")
    return log.redact_text(text)[:SHOWN_BODY_CHARACTERS]


def _shortened(value: object) -> object:
    """A JSON document whose long strings, such as tracebacks, are cut."""
    if isinstance(value, dict):
        return {key: _shortened(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_shortened(inner) for inner in value]
    return value[:_SHOWN_STRING] if isinstance(value, str) else value


def _reason(body: object) -> str:
    """The sentence in an answer, under the names that partners commonly use; empty if there is none."""
    if isinstance(body, dict):
        found = next(filter(None, (_reason(body.get(key)) for key in _REASON_KEYS)), "")
        fields = body["errors"] if isinstance(body.get("errors"), dict) else {} if found else body
        parts = [f"{key}: {_reason(value)}" for key, value in fields.items() if isinstance(value, list)]
        return "; ".join(filter(None, [found, *parts]))
    if isinstance(body, list):
        return "; ".join(filter(None, map(_reason, body[:3])))
    text = " ".join(body.split()) if isinstance(body, str) else ""
    return "" if "<" in text or "Traceback" in text else text[:_REASON_CHARACTERS]


def retry_after(response: Response, now: datetime) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date; None if there is none that can be read."""
    value = response.headers.get("retry-after")
    if not value:
        return None
    try:
        return max(0.0, float(value))
    except ValueError:
        pass  # then it is a date, or malformed
    try:
        return max(0.0, (parsedate_to_datetime(value).astimezone(UTC) - now).total_seconds())
    except ValueError:
        return None
