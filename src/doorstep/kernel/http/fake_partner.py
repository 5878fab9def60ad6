"""A fake partner without a network, for the in-memory connectors: answers, and fails on demand."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from enum import StrEnum
from typing import TypeVar

from doorstep.kernel import transactions
from doorstep.kernel.http.responses import Rejected, Shadowed, SwitchedOff, Unanswered
from doorstep.kernel.http.session import Session

Answer = TypeVar("Answer")


class Fault(StrEnum):
    """Faults of a call. After a time-out and a malformed answer the work has been done."""

    ERROR = "error"
    RATE_LIMIT = "rate_limit"
    TIME_OUT = "time_out"
    MALFORMED = "malformed"


class Partner:
    """Follows the connection's mode and does the work, except for the faults that are due."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._due: deque[tuple[Fault, bool]] = deque()

    def fail(self, fault: Fault, *, reads: bool = False) -> None:
        """Make the next call of this kind (write or read) fail."""
        self._due.append((fault, reads))

    def call(self, work: Callable[[], Answer], *, reads: bool = False) -> Answer:
        """The work's result, or the fault that is due for this kind of call."""
        name = self._session.name
        transactions.refuse_in_transaction(name)
        if self._session.mode == "off":
            raise SwitchedOff(f"{name} is switched off.", connection=name)
        if self._session.mode == "shadow" and not reads:
            raise Shadowed(f"{name} is in shadow mode: the call was not made.", connection=name)
        fault = self._due.popleft()[0] if self._due and self._due[0][1] is reads else None
        if fault is Fault.ERROR:
            raise Rejected(f"{name} rejected the request.", connection=name)
        if fault is Fault.RATE_LIMIT:
            raise Unanswered(f"{name} asks to wait.", maybe_done=False, retry_after_seconds=1.0)
        answer = work()
        if fault is not None:
            raise Unanswered(f"{name} sent an unexpected answer.", maybe_done=not reads)
        return answer
