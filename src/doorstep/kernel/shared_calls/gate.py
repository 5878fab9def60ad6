"""One gate for all processes: rate limits and the circuit of a connection are rows that every process shares."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence

from doorstep.kernel.db import Database
from doorstep.kernel.http.gate import CIRCUIT, applicable, burst_of, held_back, slowest, used_up
from doorstep.kernel.http.policy import Policy
from doorstep.kernel.limits import Limit, RateAnswer

_LOOK_AGAIN_SECONDS = 1.0
_NEVER = float("-inf")
_TAKE = """
    INSERT INTO call_budgets AS b (connection, operation, next_at, holder)
    VALUES (%(connection)s, %(operation)s, clock_timestamp() + make_interval(secs => %(interval)s), %(holder)s)
    ON CONFLICT (connection, operation) DO UPDATE SET
       holder = CASE WHEN {start} <= clock_timestamp() + make_interval(secs => %(patience)s) THEN %(holder)s ELSE b.holder END,
       next_at = CASE WHEN {start} <= clock_timestamp() + make_interval(secs => %(patience)s)
                      THEN greatest(b.next_at, clock_timestamp()) + {interval} ELSE b.next_at END
    RETURNING b.holder = %(holder)s AS granted,
       greatest(0, extract(epoch FROM greatest(b.blocked_until, b.next_at
          - CASE WHEN b.holder = %(holder)s THEN {interval} ELSE interval '0' END
          - %(spare)s * {interval}) - clock_timestamp()))::float8 AS wait
"""
_INTERVAL = "make_interval(secs => coalesce(b.interval_seconds, %(interval)s))"
_START = "greatest(b.blocked_until, greatest(b.next_at, clock_timestamp()) - %(spare)s * " + _INTERVAL + ")"
_TAKE = _TAKE.replace("{start}", _START).replace("{interval}", _INTERVAL)


class SharedGate:
    """The gate of one connection. The state of the circuit is looked up once a second; a failure is written at once."""

    def __init__(self, db: Database, name: str, policy: Policy, limits: Sequence[Limit]) -> None:
        self._db = db
        self._name = name
        self._policy = policy
        self._limits = limits
        self._lock = threading.Lock()
        self._looked_at = _NEVER
        self._failures = 0
        self._blocked_until: dict[str, float] = {}  # by operation, on this process's clock

    def enter(self, operation: str) -> bool:
        """See Gate."""
        trial = self._pass_circuit()
        self._wait_for_vendor(operation)
        for limit in applicable(self._limits, operation):
            time.sleep(self._turn(limit))
        return trial

    def _wait_for_vendor(self, operation: str) -> None:
        """Send nothing while the vendor asks for a pause."""
        left = max(self._blocked_until.get(each, _NEVER) for each in ("", operation)) - time.monotonic()
        if left > self._policy.longest_wait_seconds:
            raise used_up(self._name, operation, left)
        time.sleep(max(left, 0.0))

    def _turn(self, limit: Limit) -> float:
        """Take the next free slot of a limit; seconds until it."""
        with self._db.connection() as connection:
            row = connection.execute(
                _TAKE,
                {
                    "connection": self._name,
                    "operation": limit.operation,
                    "interval": limit.interval_seconds,
                    "spare": burst_of(limit) - 1,
                    "patience": self._policy.longest_wait_seconds,
                    "holder": uuid.uuid4(),
                },
            ).fetchone()
        if row is None:
            raise LookupError("a budget without a row")
        wait = float(str(row["wait"]))
        if not row["granted"]:
            raise used_up(self._name, limit.operation, wait)
        return wait

    def _pass_circuit(self) -> bool:
        with self._lock:
            if time.monotonic() - self._looked_at >= _LOOK_AGAIN_SECONDS:
                self._look()
            if not self._failures or self._failures < self._policy.breaker_failures:
                return False
            self._looked_at = _NEVER
        return self._try_alone()

    def _look(self) -> None:
        with self._db.connection() as connection:
            circuit = connection.execute(
                "SELECT failures FROM partner_circuits WHERE connection = %s", (self._name,)
            ).fetchone()
            pauses = connection.execute(
                """
                SELECT operation, extract(epoch FROM blocked_until - clock_timestamp())::float8 AS seconds
                  FROM call_budgets WHERE connection = %s AND blocked_until > clock_timestamp()
                """,
                (self._name,),
            ).fetchall()
        self._looked_at = time.monotonic()
        self._failures = int(str(circuit["failures"])) if circuit else 0
        self._blocked_until = {
            str(each["operation"]): self._looked_at + float(str(each["seconds"])) for each in pauses
        }
        CIRCUIT.labels(self._name).set(self._failures >= self._policy.breaker_failures)

    def _try_alone(self) -> bool:
        """Once the circuit has been open long enough, one process makes one call; the others wait for its result."""
        with self._db.connection() as connection:
            row = connection.execute(
                """
                UPDATE partner_circuits SET open_until = clock_timestamp() + make_interval(secs => %s)
                 WHERE connection = %s AND open_until <= clock_timestamp() RETURNING true AS mine
                """,
                (self._policy.breaker_reset_seconds, self._name),
            ).fetchone()
            if row is not None:
                return True
            state = connection.execute(
                """
                SELECT failures, extract(epoch FROM open_until - clock_timestamp())::float8 AS seconds
                  FROM partner_circuits WHERE connection = %s
                """,
                (self._name,),
            ).fetchone()
        if state is None or int(str(state["failures"])) < self._policy.breaker_failures:
            return False  # closed meanwhile
        raise held_back(self._name, self._policy.breaker_failures, float(str(state["seconds"] or 0.0)))

    def leave(self, *, trial: bool, healthy: bool) -> None:
        """See Gate."""
        if healthy and not trial and not self._failures:
            return
        statement = (
            "DELETE FROM partner_circuits WHERE connection = %(connection)s"
            if healthy
            else """
            INSERT INTO partner_circuits AS c (connection, failures, open_until)
            VALUES (%(connection)s, 1, clock_timestamp() + make_interval(secs => %(reset)s))
            ON CONFLICT (connection) DO UPDATE SET failures = c.failures + 1, open_until = excluded.open_until
            """
        )
        with self._db.connection() as connection:
            connection.execute(
                statement, {"connection": self._name, "reset": self._policy.breaker_reset_seconds}
            )
        with self._lock:
            self._looked_at = _NEVER

    def report(self, operation: str, answer: RateAnswer) -> None:
        """See Gate."""
        with self._db.connection() as connection:
            connection.execute(
                """
                INSERT INTO call_budgets AS b (connection, operation, next_at, interval_seconds, blocked_until)
                VALUES (%(connection)s, %(operation)s, clock_timestamp(), %(interval)s,
                        clock_timestamp() + make_interval(secs => %(pause)s::float8))
                ON CONFLICT (connection, operation) DO UPDATE SET
                   interval_seconds = coalesce(excluded.interval_seconds, b.interval_seconds),
                   blocked_until = greatest(excluded.blocked_until, b.blocked_until)
                """,
                {
                    "connection": self._name,
                    "operation": operation,
                    "interval": answer.interval_seconds,
                    "pause": answer.pause_seconds,
                },
            )
        with self._lock:
            self._looked_at = _NEVER

    def interval(self, operation: str) -> float:
        """See Gate."""
        with self._db.connection() as connection:
            rows = connection.execute(
                "SELECT operation, interval_seconds FROM call_budgets WHERE connection = %s AND interval_seconds IS NOT NULL",
                (self._name,),
            ).fetchall()
        named = {str(each["operation"]): float(str(each["interval_seconds"])) for each in rows}
        return slowest(self._limits, operation, named)
