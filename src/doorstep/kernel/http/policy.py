"""How a partner is called: time limits, repeats, and when calls to it are held back."""

from __future__ import annotations

import contextlib
import contextvars
from collections.abc import Iterator
from dataclasses import dataclass

_background = contextvars.ContextVar("background", default=False)


@dataclass(frozen=True, slots=True)
class Policy:
    """How a partner is called. Connectors set what its documentation says; the defaults suit most."""

    timeout_seconds: float = 20.0  # for the whole answer of one attempt
    connect_timeout_seconds: float = 5.0
    attempts: int = 3  # only where a repeat is safe
    backoff_seconds: float = 0.5  # first wait; doubles, with jitter
    longest_wait_seconds: float = 10.0  # longer waits are left to the job queue
    breaker_failures: int = 5  # failures in a row that open the circuit
    breaker_reset_seconds: float = 30.0  # then one trial call is allowed
    response_limit_bytes: int = 20_000_000
    documents_from_anywhere: bool = False  # for development: documents by http and from private networks
    idempotency_header: str = "Idempotency-Key"


@contextlib.contextmanager
def in_background() -> Iterator[None]:
    """Calls made in this block leave half of every limit to live work."""
    token = _background.set(True)
    try:
        yield
    finally:
        _background.reset(token)


def is_background() -> bool:
    """Whether this thread's calls come after live work."""
    return _background.get()
