"""Rate limiting and circuit breaking for outgoing calls."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime

import prometheus_client
import pybreaker
import pyrate_limiter

from doorstep.kernel.http import responses

_CIRCUIT = prometheus_client.Gauge(
    "doorstep_partner_circuit_open", "1 while calls to a partner are held back", ["connection"]
)


@dataclass(frozen=True, slots=True)
class Policy:
    """How a partner is called. Connectors set what its documentation says; the defaults suit most."""

    timeout_seconds: float = 20.0  # for the whole answer of one attempt
    connect_timeout_seconds: float = 5.0
    attempts: int = 3  # only where a repeat is safe
    backoff_seconds: float = 0.5  # first wait; doubles, with jitter
    longest_wait_seconds: float = 10.0  # longer waits are left to the job queue
    rate_calls: int = 0  # 0: no limit of our own
    rate_seconds: float = 1.0
    breaker_failures: int = 5  # failures in a row that open the circuit
    breaker_reset_seconds: float = 30.0  # then one trial call is allowed
    response_limit_bytes: int = 20_000_000
    idempotency_header: str = "Idempotency-Key"


class Throttle:
    """Rate limit and circuit breaker of one connection in this process; threads share it.

    Outcomes are reported to the breaker afterwards, because its own way of calling admits one call at a time.
    """

    def __init__(self, name: str, policy: Policy) -> None:
        self._name = name
        self._policy = policy
        self._storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
        self._breaker = pybreaker.CircuitBreaker(
            policy.breaker_failures,
            policy.breaker_reset_seconds,
            state_storage=self._storage,
            throw_new_error_on_trip=False,
        )
        self._trial = threading.Lock()
        self._limiter = _limiter(policy)

    def enter(self) -> bool:
        """Wait for a slot; true when this call is the trial of an open circuit. Raises Unanswered when it must not be sent."""
        trial = self._pass_breaker()
        try:
            self._wait_for_turn()
        except responses.Unanswered:
            if trial:
                self._trial.release()
            raise
        return trial

    def leave(self, *, trial: bool, healthy: bool) -> None:
        """Report the result of a call; any answer that shows the partner at work is healthy."""
        try:
            self._breaker.call(_report, healthy=healthy)
        except (_Unhealthy, pybreaker.CircuitBreakerError):
            pass  # counted; the caller knows the failure already
        finally:
            if trial:
                self._trial.release()
            _CIRCUIT.labels(self._name).set(self._storage.state != pybreaker.STATE_CLOSED)

    def _pass_breaker(self) -> bool:
        if self._storage.state == pybreaker.STATE_CLOSED:
            return False
        opened_at = self._storage.opened_at or datetime.now(UTC)
        left = self._policy.breaker_reset_seconds - (datetime.now(UTC) - opened_at).total_seconds()
        if left > 0 or not self._trial.acquire(blocking=False):
            raise responses.Unanswered(
                f"{self._name} failed {self._policy.breaker_failures} times in a row; calls are held back.",
                maybe_done=False,
                retry_after_seconds=max(left, 1.0),
            )
        return True

    def _wait_for_turn(self) -> None:
        wait = self._policy.longest_wait_seconds
        if self._limiter and not self._limiter.try_acquire(self._name, timeout=wait):
            raise responses.Unanswered(
                f"The rate limit of {self._name} is used up.",
                maybe_done=False,
                retry_after_seconds=self._policy.rate_seconds,
            )


class _Unhealthy(Exception):  # noqa: N818 - a signal to the breaker, never seen outside
    """The partner failed."""


def _report(*, healthy: bool) -> None:
    if not healthy:
        raise _Unhealthy


def _limiter(policy: Policy) -> pyrate_limiter.Limiter | None:
    if not policy.rate_calls:
        return None
    rate = pyrate_limiter.Rate(policy.rate_calls, round(policy.rate_seconds * 1000))
    bucket = pyrate_limiter.StateBucket([rate])  # a few numbers, no clean-up thread
    return pyrate_limiter.Limiter(
        pyrate_limiter.SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=5
    )
