"""Deliveries: one row per event and subscriber, ordered per stream, claimed in batches, retried, never lost.

Two kinds of subscriber share the table. A *handler* changes only our database: its rows are locked, processed and
deleted in one transaction. A *task* calls a partner: its row is leased, the call is made with no transaction open, and
the result is recorded together with the deletion of the row.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from psycopg.types.json import Jsonb

from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.keyset import Key, Keyset, Sorting


class State(IntEnum):
    """State of a delivery; finished deliveries are deleted."""

    READY = 0
    LEASED = 1
    DEAD = 3
    SHADOWED = 4


@dataclass(frozen=True, slots=True)
class Delivery:
    """A claimed delivery with its event. `attempts` counts this one and is the token that fences late workers off.

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


class LostLease(errors.Conflict):
    """The lease expired and another worker took over. Do not record the result."""


_READY = """
    (d.state = 0 AND d.run_at <= now() OR d.state = 1 AND d.leased_until < now())
    AND NOT EXISTS (SELECT 1 FROM deliveries earlier
                     WHERE earlier.subscriber = d.subscriber AND (earlier.stream, earlier.key) = (d.stream, d.key)
                       AND earlier.id < d.id
                       AND earlier.state IN (0, 1))
"""
_FIELDS = """
    d.id, d.subscriber, d.stream, d.key, d.attempts, d.event_position, e.type AS event_type, e.data, e.actor, e.trace_id, e.occurred_at
"""


def lock_deliveries(tx: WriteTx, *, subscriber: str, limit: int) -> list[Delivery]:
    """Lock ready deliveries of a handler until the end of this transaction; others skip them."""
    return tx.all(
        Delivery,
        f"""
        SELECT {_FIELDS} FROM deliveries d JOIN events e ON e.position = d.event_position
         WHERE d.subscriber = %(subscriber)s AND {_READY}
         ORDER BY d.run_at, d.id LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
        """,
        {"subscriber": subscriber, "limit": limit},
    )


def ready_subscribers(tx: ReadTx, *, subscribers: Sequence[str]) -> set[str]:
    """Which of these subscribers have due deliveries: one query for all, as most rounds find few."""
    return set(
        tx.column(
            str,
            """
            SELECT s.subscriber FROM unnest(%s::text[]) AS s(subscriber)
             WHERE EXISTS (SELECT 1 FROM deliveries d WHERE d.subscriber = s.subscriber AND d.state = 0 AND d.run_at <= now())
            """,
            (list(subscribers),),
        )
    )


def lease_tasks(
    tx: WriteTx, *, subscribers: Sequence[str], limit: int, lease_seconds: float
) -> list[Delivery]:
    """Lease ready deliveries of tasks; a worker that dies loses them when the lease ends."""
    return tx.all(
        Delivery,
        f"""
        WITH taken AS (
            SELECT d.id FROM deliveries d WHERE d.subscriber = ANY(%(subscribers)s) AND {_READY}
             ORDER BY d.run_at, d.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
        ), leased AS (
            UPDATE deliveries d SET state = 1, attempts = d.attempts + 1,
                   leased_until = now() + make_interval(secs => %(lease)s)
              FROM taken WHERE d.id = taken.id RETURNING d.*
        )
        SELECT {_FIELDS} FROM leased d JOIN events e ON e.position = d.event_position ORDER BY d.id
        """,
        {"subscribers": list(subscribers), "limit": limit, "lease": lease_seconds},
    )


def finish(tx: WriteTx, deliveries: Sequence[Delivery]) -> None:
    """Delete finished deliveries, in the transaction that records their result. Raises LostLease."""
    if not deliveries:
        return
    gone = tx.execute(
        """
        DELETE FROM deliveries d USING unnest(%s::bigint[], %s::int[]) AS mine(id, attempts)
         WHERE d.id = mine.id AND d.attempts = mine.attempts
        """,
        ([delivery.id for delivery in deliveries], [delivery.attempts for delivery in deliveries]),
    )
    if gone != len(deliveries):
        raise LostLease(
            "The lease expired and another worker took over the delivery.",
            deliveries=[delivery.id for delivery in deliveries],
        )


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
    return f"{text} It answered: {plain(answer)[:600]}" if answer else text


def plain(value: object) -> str:
    """A value of a call as text: a document as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def fail(tx: WriteTx, delivery: Delivery, *, failure: Failure, attempts: int) -> None:
    """Record a failure. A retry also postpones later deliveries of the same stream, so that they leave the scan.

    Raises LostLease if another worker has taken over: then that one's result counts.
    """
    found = tx.column(
        int,
        """
        WITH failed AS (
            UPDATE deliveries SET state = CASE WHEN %(wait)s::float8 IS NULL THEN 3 ELSE 0 END, leased_until = NULL,
                   attempts = greatest(attempts, %(attempts)s), error = %(error)s, error_class = %(error_class)s,
                   first_failed_at = coalesce(first_failed_at, business_now()), last_failed_at = business_now(),
                   run_at = now() + make_interval(secs => coalesce(%(wait)s::float8, 0))
             WHERE id = %(id)s AND attempts = %(token)s AND state IN (0, 1) RETURNING *
        ), put_off AS (
            UPDATE deliveries later SET run_at = greatest(later.run_at, failed.run_at) FROM failed
             WHERE failed.state = 0 AND later.subscriber = failed.subscriber
               AND (later.stream, later.key) = (failed.stream, failed.key)
               AND later.state = 0 AND later.id > failed.id
        )
        SELECT id FROM failed
        """,
        {
            "wait": failure.retry_in_seconds,
            "attempts": attempts,
            "error": failure.error,
            "error_class": failure.error_class,
            "id": delivery.id,
            "token": delivery.attempts,
        },
    )
    if not found:
        raise LostLease(
            "The lease expired and another worker took over the delivery.", deliveries=[delivery.id]
        )


def keep_shadowed(tx: WriteTx, delivery: Delivery, *, connection: str, would_send: object) -> None:
    """Keep a delivery whose call was not made because its connection is in shadow mode. Raises LostLease."""
    found = tx.column(
        int,
        """
        UPDATE deliveries SET state = 4, leased_until = NULL, attempts = 0, shadowed_connection = %s, would_send = %s
         WHERE id = %s AND attempts = %s AND state IN (0, 1) RETURNING id
        """,
        (connection, Jsonb(would_send), delivery.id, delivery.attempts),
    )
    if not found:
        raise LostLease(
            "The lease expired and another worker took over the delivery.", deliveries=[delivery.id]
        )


@dataclass(frozen=True, slots=True)
class Shadowed:
    """A call that was not made: what it is about (with the data of its event), and what would have been sent."""

    id: int
    subscriber: str
    stream: str
    key: int
    event_type: str
    would_send: dict[str, object]
    occurred_at: datetime
    data: dict[str, object] = field(default_factory=dict)


SHADOWED = Sorting({"id": Key(), "occurred_at": Key("timestamptz"), "subscriber": Key("text")})
OLDEST = Keyset(is_ascending=True, limit=200)


def shadowed(tx: ReadTx, *, connection: str, page: Keyset = OLDEST) -> list[Shadowed]:
    """A page of the calls that a connection in shadow mode did not make."""
    found = """
        SELECT d.id, d.subscriber, d.stream, d.key, e.type AS event_type, d.would_send, e.occurred_at, e.data
          FROM deliveries d JOIN events e ON e.position = d.event_position
         WHERE d.state = 4 AND d.shadowed_connection = %(connection)s
    """
    return tx.all(Shadowed, SHADOWED.page(found, page), {"connection": connection, **page.parameters})


def count_shadowed(tx: ReadTx) -> dict[str, int]:
    """How many calls each connection in shadow mode did not make."""
    rows = tx.rows(
        "SELECT shadowed_connection, count(*) AS n FROM deliveries WHERE state = 4 GROUP BY shadowed_connection"
    )
    return {str(row["shadowed_connection"]): int(str(row["n"])) for row in rows}


def send_shadowed(tx: WriteTx, *, connection: str) -> int:
    """Make the calls of a connection that is live now, each as if it had just become due; returns how many."""
    tx.wake_workers()
    return tx.execute(
        """
        UPDATE deliveries SET state = 0, run_at = now(), shadowed_connection = NULL, would_send = NULL
         WHERE state = 4 AND shadowed_connection = %s
        """,
        (connection,),
    )


def drop_shadowed(tx: WriteTx, *, connection: str) -> int:
    """Never make the shadowed calls of a connection; their events stay. Returns how many."""
    return tx.execute("DELETE FROM deliveries WHERE state = 4 AND shadowed_connection = %s", (connection,))


def redrive(tx: WriteTx, *, ids: Sequence[int] | None = None, error_class: str | None = None) -> int:
    """Retry dead deliveries: these ids, or a whole error class; returns how many.

    They count as tried once, so that tasks look up what the first attempt did.
    """
    tx.wake_workers()
    return tx.execute(
        """
        UPDATE deliveries SET state = 0, attempts = 1, run_at = now(), leased_until = NULL
         WHERE state = 3 AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
           AND (%(error_class)s::text IS NULL OR error_class = %(error_class)s)
        """,
        {"ids": None if ids is None else list(ids), "error_class": error_class},
    )


def discard(tx: WriteTx, *, ids: Sequence[int]) -> int:
    """Discard dead deliveries; their events stay."""
    return tx.execute("DELETE FROM deliveries WHERE state = 3 AND id = ANY(%s)", (list(ids),))


def waiting(tx: ReadTx) -> dict[str, int]:
    """How many deliveries wait per subscriber (without dead ones), for metrics and tests."""
    rows = tx.rows(
        "SELECT subscriber, count(*) AS n FROM deliveries WHERE state IN (0, 1) GROUP BY subscriber"
    )
    return {str(row["subscriber"]): int(str(row["n"])) for row in rows}


def open_work(tx: ReadTx) -> list[str]:
    """Deliveries that failed or are leased, as text, for tests that wait for them."""
    return tx.column(
        str,
        """
        SELECT subscriber || ' of ' || stream || ' ' || key || ', state ' || state || ', tried ' || attempts || ' times'
               || coalesce(', next ' || to_char(run_at, 'HH24:MI:SS'), '') || coalesce(': ' || error, '')
          FROM deliveries ORDER BY id LIMIT 20
        """,
    )


def rows_written(tx: ReadTx) -> int:
    """How many rows were ever written: while it grows, work goes on. Rows that change by themselves do not count."""
    return tx.value(
        int,
        """
        SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0)::bigint FROM pg_stat_user_tables
         WHERE relname NOT IN ('schedules', 'sessions')
        """,
    )


def dead(tx: ReadTx) -> dict[str, int]:
    """How many dead deliveries there are of each class."""
    rows = tx.rows(
        "SELECT coalesce(error_class, '') AS error_class, count(*) AS n FROM deliveries WHERE state = 3 GROUP BY 1"
    )
    return {str(row["error_class"]): int(str(row["n"])) for row in rows}


def declare_schedules(tx: WriteTx, *, every_seconds: dict[str, float]) -> None:
    """Make sure each periodic job has its row; a changed period takes effect, a removed job's row goes."""
    names = list(every_seconds)
    tx.execute("DELETE FROM schedules WHERE name <> ALL(%s)", (names,))
    tx.execute(
        """
        INSERT INTO schedules (name, every_seconds, next_run_at)
        SELECT name, seconds, now() FROM unnest(%s::text[], %s::float8[]) AS s(name, seconds)
        ON CONFLICT (name) DO UPDATE SET every_seconds = excluded.every_seconds
        """,
        (names, list(every_seconds.values())),
    )


def claim_schedules(tx: WriteTx) -> list[str]:
    """Names of the periodic jobs that are due now; each is given to one worker and has its next time set."""
    return tx.column(
        str,
        """
        WITH due AS (SELECT name FROM schedules WHERE next_run_at <= now() ORDER BY next_run_at FOR UPDATE SKIP LOCKED)
        UPDATE schedules s SET next_run_at = now() + make_interval(secs => s.every_seconds), last_started_at = now()
          FROM due WHERE s.name = due.name RETURNING s.name
        """,
    )


def is_due(tx: ReadTx) -> bool:
    """Whether a delivery is ready, a lease is over, or a periodic job is due."""
    return tx.value(
        bool,
        """
        SELECT EXISTS (SELECT FROM deliveries WHERE state = 0 AND run_at <= now())
            OR EXISTS (SELECT FROM deliveries WHERE state = 1 AND leased_until < now())
            OR EXISTS (SELECT FROM schedules WHERE next_run_at <= now())
        """,
    )


def next_due_seconds(tx: ReadTx) -> float:
    """Seconds until the next retry or periodic job becomes due (at most 60).

    What is due already and was not taken waits for its order's earlier delivery, or another worker has it.
    """
    return tx.value(
        float,
        """
        SELECT greatest(0, extract(epoch FROM least(now() + interval '60 s',
            (SELECT min(run_at) FROM deliveries WHERE state = 0 AND run_at > now()),
            (SELECT min(leased_until) FROM deliveries WHERE state = 1),
            (SELECT min(next_run_at) FROM schedules)) - now()))::float8
        """,
    )
