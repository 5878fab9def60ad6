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

    def says_json(self) -> bool:
        """Whether the content type is JSON."""
        return "json" in self.headers.get("content-type", "").lower()


def refusal(response: Response, *, partner: str, now: datetime) -> errors.DoorstepError | None:
    """The error that a response stands for, None for a good one. A 5xx may have been processed; a refusal was not.

    A 503 counts as a refusal only with Retry-After: without it, a gateway may answer for a server that did the work.
    """
    status, wait = response.status, _retry_after(response.headers.get("retry-after"), now)
    if status < HTTPStatus.MULTIPLE_CHOICES:
        return None
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
    """The body for people: without secrets, pretty-printed if it is short JSON."""
    text = response.body[: 4 * SHOWN_BODY_CHARACTERS].decode(errors="replace")
    if len(response.body) <= SHOWN_BODY_CHARACTERS:
        try:
            return log.redact(json.loads(text))
        except (ValueError, RecursionError):
            pass  # not JSON: shown as text
    return log.redact_text(text)[:SHOWN_BODY_CHARACTERS]


def _retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header, which holds seconds or a date."""
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
