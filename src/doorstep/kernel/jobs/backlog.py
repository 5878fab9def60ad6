"""What waits, what is dead, and what is due next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.jobs.model import State


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


def redrive(tx: WriteTx, *, ids: Sequence[int] | None = None, error_class: str | None = None) -> int:
    """Retry dead deliveries: these ids, or a whole error class; returns how many.

    They count as tried once, so that tasks look up what the first attempt did.
    """
    tx.wake_workers()
    return tx.execute(
        """
        UPDATE deliveries SET state = 0, attempts = 1, forgiven = 0, run_at = now(), leased_until = NULL,
               connection_id = CASE connection_id WHEN -1 THEN -1 ELSE 0 END, handle = NULL, pending_since = NULL
         WHERE state = 3 AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s))
           AND (%(error_class)s::text IS NULL OR error_class = %(error_class)s)
        """,
        {"ids": None if ids is None else list(ids), "error_class": error_class},
    )


def redrive_calls(tx: WriteTx, *, subscriber: str, connection_id: int) -> int:
    """Retry the dead deliveries of a subscriber that called this connection; returns how many."""
    found = tx.column(
        int,
        "SELECT id FROM deliveries WHERE state = 3 AND subscriber = %s AND connection_id = %s",
        (subscriber, connection_id),
    )
    return redrive(tx, ids=found) if found else 0


def open_call(tx: ReadTx, *, subscriber: str, key: int) -> tuple[int, State, datetime | None] | None:
    """The delivery of a subscriber that is not finished for this key: its id, state, and when it failed last."""
    rows = tx.rows(
        """
        SELECT id, state, last_failed_at FROM deliveries WHERE subscriber = %(name)s AND key = %(key)s AND state IN (0, 1)
        UNION ALL
        SELECT id, state, last_failed_at FROM deliveries WHERE subscriber = %(name)s AND key = %(key)s AND state IN (3, 4)
         LIMIT 1
        """,
        {"name": subscriber, "key": key},
    )
    if not rows:
        return None
    failed_at = rows[0]["last_failed_at"]
    return (
        int(str(rows[0]["id"])),
        State(int(str(rows[0]["state"]))),
        failed_at if isinstance(failed_at, datetime) else None,
    )


def discard(tx: WriteTx, *, ids: Sequence[int]) -> int:
    """Discard dead deliveries; their events stay."""
    return tx.execute("DELETE FROM deliveries WHERE state = 3 AND id = ANY(%s)", (list(ids),))


@dataclass(frozen=True, slots=True)
class Work:
    """The subscribers and periodic jobs of a queue."""

    subscribers: tuple[str, ...]
    schedules: tuple[str, ...]


def is_due(tx: ReadTx, work: Work) -> bool:
    """Whether a delivery is ready, a lease is over, or a periodic job is due."""
    return tx.value(
        bool,
        """
        SELECT EXISTS (SELECT FROM unnest(%(subscribers)s::text[]) AS s(name)
                        WHERE EXISTS (SELECT FROM deliveries WHERE subscriber = s.name AND state = 0 AND run_at <= now()))
            OR EXISTS (SELECT FROM deliveries
                        WHERE state = 1 AND leased_until < now() AND subscriber = ANY(%(subscribers)s))
            OR EXISTS (SELECT FROM schedules WHERE next_run_at <= now() AND name = ANY(%(schedules)s))
        """,
        {"subscribers": list(work.subscribers), "schedules": list(work.schedules)},
    )


def next_due_seconds(tx: ReadTx, work: Work) -> float:
    """Seconds until the next retry or periodic job becomes due (at most 60).

    What is due already and was not taken waits for its order's earlier delivery, or another worker has it.
    """
    return tx.value(
        float,
        """
        SELECT greatest(0, extract(epoch FROM least(now() + interval '60 s',
            (SELECT min(next_run.at) FROM unnest(%(subscribers)s::text[]) AS s(name), LATERAL
                    (SELECT run_at AS at FROM deliveries WHERE subscriber = s.name AND state = 0 AND run_at > now()
                      ORDER BY run_at LIMIT 1) AS next_run),
            (SELECT min(leased_until) FROM deliveries WHERE state = 1 AND subscriber = ANY(%(subscribers)s)),
            (SELECT min(next_run_at) FROM schedules WHERE name = ANY(%(schedules)s))) - now()))::float8
        """,
        {"subscribers": list(work.subscribers), "schedules": list(work.schedules)},
    )


@dataclass(frozen=True, slots=True)
class SubscriberBacklog:
    """The deliveries of a subscriber. `maybe_done` are dead ones whose call may have had its effect."""

    subscriber: str
    waiting: int
    oldest_seconds: float
    retrying: int
    pending: int
    dead: int
    maybe_done: int


def by_subscriber(tx: ReadTx) -> list[SubscriberBacklog]:
    """The backlog of each subscriber that has deliveries."""
    return tx.all(
        SubscriberBacklog,
        """
        SELECT b.subscriber, b.waiting, b.retrying, b.pending, b.dead, b.maybe_done,
               coalesce(greatest(extract(epoch FROM now() - e.recorded_at), 0), 0)::float8 AS oldest_seconds
          FROM (SELECT subscriber,
                       count(*) FILTER (WHERE state IN (0, 1) AND pending_since IS NULL) AS waiting,
                       count(*) FILTER (WHERE state IN (0, 1) AND error IS NOT NULL) AS retrying,
                       count(*) FILTER (WHERE state IN (0, 1) AND pending_since IS NOT NULL) AS pending,
                       count(*) FILTER (WHERE state = 3) AS dead,
                       count(*) FILTER (WHERE state = 3 AND error_class = 'transient') AS maybe_done,
                       min(event_position) FILTER (WHERE state IN (0, 1) AND pending_since IS NULL) AS oldest
                  FROM deliveries GROUP BY subscriber) b
          LEFT JOIN events e ON e.position = b.oldest
        """,
    )
