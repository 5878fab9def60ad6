"""What a delivery is, and when a failed one is retried. Pure."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

from doorstep.kernel import errors


class State(IntEnum):
    """State of a delivery; finished deliveries are deleted."""

    READY = 0
    LEASED = 1
    DEAD = 3
    SHADOWED = 4


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery with its event. `attempts` counts this one and is the token that fences late workers off.

    `handle` is what a pending call is asked for; `forgiven` attempts were before that and count as no failure.
    `stream` and `key` say what the event happened to: ("order", 7), ("location", 7).
    """

    id: int
    subscriber: str
    stream: str
    key: int
    attempts: int
    event_position: int
    event_type: str
    data: dict[str, object]
    actor: str
    trace_id: str
    occurred_at: datetime
    connection_id: int = 0
    handle: str | None = None
    forgiven: int = 0


class LostLease(errors.Conflict):
    """The lease expired and another worker took over. Do not record the result."""


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a delivery failed, and when to retry (None: never, it is a dead letter)."""

    error: str
    error_class: str
    retry_in_seconds: float | None


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon to retry; waits double, with jitter, up to an hour."""

    max_attempts: int
    base_seconds: float
    longest_seconds: float = 3600.0

    def failure(self, problem: Exception, *, attempts: int, jitter: float) -> Failure:
        """The result of a failed attempt: only failures that may pass are retried. `jitter` is in 0 … 1."""
        error_class = problem.error_class if isinstance(problem, errors.DoorstepError) else "bug"
        text = _words(problem)
        if not isinstance(problem, errors.Unavailable) or attempts >= self.max_attempts:
            return Failure(text, error_class, None)
        wait = min(self.longest_seconds, self.base_seconds * 2 ** min(attempts - 1, 20)) * (0.75 + jitter / 2)
        return Failure(
            text, error_class, max(wait, min(problem.retry_after_seconds or 0.0, self.longest_seconds))
        )


def _words(problem: Exception) -> str:
    """What happened, with the partner's answer where its reason is not part of the sentence."""
    text = str(problem) or type(problem).__name__
    data = problem.data if isinstance(problem, errors.DoorstepError) else {}
    answer = None if data.get("reason") else data.get("body")
    said = f"{text} It answered: {plain(answer)[:600]}" if answer else text
    # What the sender wrote may be in the sentence, and no text of the database takes these.
    return said.encode(errors="replace").decode().replace("\0", "\N{REPLACEMENT CHARACTER}")


def plain(value: object) -> str:
    """A value of a call as text: a document as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
