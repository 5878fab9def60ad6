"""The gate before a partner: waits for a rate limit's turn, and holds calls back while the partner keeps failing.

A connection has one gate for all processes (kernel.shared_calls); `MemoryGate` keeps declared limits and the circuit in one
process, for sessions without a database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import prometheus_client

from doorstep.kernel.http import responses
from doorstep.kernel.http.policy import Policy, is_background
from doorstep.kernel.limits import Limit, RateAnswer, slot

CIRCUIT = prometheus_client.Gauge(
    "doorstep_partner_circuit_open", "1 while calls to a partner are held back", ["connection"]
)


class Gate(Protocol):
    """Asked before every call, and given its result."""

    def enter(self, operation: str) -> bool:
        """Wait for a turn; true if this call is the trial of an open circuit. Raises Unanswered if it must not leave."""
        ...

    def leave(self, *, trial: bool, healthy: bool) -> None:
        """Report the result; any answer that shows the partner at work is healthy."""
        ...

    def report(self, operation: str, answer: RateAnswer) -> None:
        """Follow what the vendor says about its limit."""
        ...

    def interval(self, operation: str) -> float:
        """Seconds after which the slowest limit of this operation, as the vendor last named it, gives back a call; 0 without one."""
        ...


def held_back(name: str, failures: int, left: float) -> responses.Unanswered:
    """The error of a call while the circuit is open."""
    return responses.Unanswered(
        f"{name} failed {failures} times in a row; calls are held back.",
        maybe_done=False,
        retry_after_seconds=max(left, 1.0),
    )


def used_up(name: str, operation: str, wait: float) -> responses.Unanswered:
    """The error of a call that would have to wait longer than a thread should."""
    of = f" for {operation}" if operation else ""
    return responses.Unanswered(
        f"The rate limit of {name}{of} is used up.", maybe_done=False, retry_after_seconds=wait
    )


def applicable(limits: Sequence[Limit], operation: str) -> list[Limit]:
    """The limits of a call: that of the whole connection and that of its operation."""
    return [each for each in limits if each.operation in {"", operation}]


def slowest(limits: Sequence[Limit], operation: str, named: Mapping[str, float]) -> float:
    """The longest interval of the limits of a call; `named` are those that the vendor's answers named, by operation."""
    intervals = (named.get(each.operation, each.interval_seconds) for each in applicable(limits, operation))
    return max(intervals, default=0.0)


def burst_of(limit: Limit) -> float:
    """How many calls may leave at once now: background work leaves half of them to live work."""
    return max(1.0, limit.held / 2) if is_background() else float(limit.held)


@dataclass(slots=True)
class MemoryGate:
    """A gate in this process; threads share it."""

    name: str
    policy: Policy
    limits: Sequence[Limit] = ()
    clock: Callable[[], float] = time.monotonic
    _next_at: dict[str, float] = field(default_factory=dict)
    _blocked_until: dict[str, float] = field(default_factory=dict)
    _intervals: dict[str, float] = field(default_factory=dict)
    _failures: int = 0
    _open_until: float = 0.0
    _is_open: bool = False
    _trial: threading.Lock = field(default_factory=threading.Lock)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def enter(self, operation: str) -> bool:
        """See Gate."""
        trial = self._pass_circuit()
        try:
            for limit in applicable(self.limits, operation):
                time.sleep(self._turn(limit))
        except responses.Unanswered:
            if trial:
                self._trial.release()
            raise
        return trial

    def _pass_circuit(self) -> bool:
        if not self._is_open:
            return False
        left = self._open_until - self.clock()
        if left > 0 or not self._trial.acquire(blocking=False):
            raise held_back(self.name, self.policy.breaker_failures, left)
        return True

    def _turn(self, limit: Limit) -> float:
        with self._lock:
            now, key = self.clock(), limit.operation
            wait, following = slot(
                self._next_at.get(key, 0.0),
                now,
                interval=self._intervals.get(key, limit.interval_seconds),
                burst=burst_of(limit),
                patience=self.policy.longest_wait_seconds,
            )
            wait = max(wait, self._blocked_until.get(key, 0.0) - now)
            if wait > self.policy.longest_wait_seconds:
                raise used_up(self.name, key, wait)
            self._next_at[key] = following
        return wait

    def leave(self, *, trial: bool, healthy: bool) -> None:
        """See Gate."""
        with self._lock:
            self._failures = 0 if healthy else self._failures + 1
            if healthy:
                self._is_open = False
            elif trial or self._failures >= self.policy.breaker_failures:
                self._is_open = True
                self._open_until = self.clock() + self.policy.breaker_reset_seconds
            CIRCUIT.labels(self.name).set(self._is_open)
        if trial:
            self._trial.release()

    def report(self, operation: str, answer: RateAnswer) -> None:
        """See Gate."""
        with self._lock:
            if answer.interval_seconds is not None:
                self._intervals[operation] = answer.interval_seconds
            if answer.pause_seconds is not None:
                until = self.clock() + answer.pause_seconds
                self._blocked_until[operation] = max(until, self._blocked_until.get(operation, 0.0))

    def interval(self, operation: str) -> float:
        """See Gate."""
        return slowest(self.limits, operation, self._intervals)
