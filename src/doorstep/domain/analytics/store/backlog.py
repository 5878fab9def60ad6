"""SQL of what waits outside the deliveries: messages, orders, files, feeds, simulations, jobs; and what is in doubt."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits of one kind: how many, for how long the oldest, how many failed and are retried, how many are dead."""

    name: str
    waiting: int
    oldest_seconds: float | None
    retrying: int
    dead: int


def select_waiting(tx: ReadTx, *, now: datetime) -> list[Waiting]:
    """One row per kind. A job is overdue when it did not start within a minute of its time."""
    return tx.all(
        Waiting,
        """
        SELECT 'inbox' AS name, count(*) FILTER (WHERE state = 0) AS waiting,
               extract(epoch FROM now() - min(received_at) FILTER (WHERE state = 0))::float8 AS oldest_seconds,
               count(*) FILTER (WHERE state = 0 AND attempts > 0) AS retrying, count(*) FILTER (WHERE state = 3) AS dead
          FROM (SELECT state, received_at, attempts FROM inbox WHERE state = 0
                UNION ALL SELECT state, received_at, attempts FROM inbox WHERE state = 3) i
        UNION ALL
        SELECT 'orders', count(*), extract(epoch FROM %(now)s - min(due_at))::float8, 0, 0
          FROM (SELECT due_at FROM order_routing WHERE due = 'approve' AND due_at <= %(now)s
                UNION ALL SELECT due_at FROM order_routing WHERE due = 'route' AND due_at <= %(now)s) o
        UNION ALL
        SELECT 'feeds', count(*) FILTER (WHERE due_at < now()),
               extract(epoch FROM now() - min(due_at) FILTER (WHERE due_at < now()))::float8,
               count(*) FILTER (WHERE failures > 0), 0
          FROM feed_readings WHERE state = 'running'
        UNION ALL
        SELECT 'files', count(*) FILTER (WHERE state <> 'failed'),
               extract(epoch FROM %(now)s - min(created_at) FILTER (WHERE state <> 'failed'))::float8, 0,
               count(*) FILTER (WHERE state = 'failed')
          FROM imports WHERE state IN ('checking', 'applying', 'failed')
        UNION ALL
        SELECT 'simulations', count(*), extract(epoch FROM %(now)s - min(requested_at))::float8, 0, 0
          FROM lab_runs WHERE state IN ('waiting', 'running')
        UNION ALL
        SELECT 'jobs', count(*), extract(epoch FROM now() - min(next_run_at))::float8, 0, 0
          FROM schedules WHERE next_run_at < now() - interval '1 minute'
        """,
        {"now": now},
    )


def count_in_doubt(tx: ReadTx) -> dict[str, int]:
    """Labels, refunds and messages of which nobody knows whether they were bought, paid or sent."""
    rows = tx.rows(
        """
        SELECT 'labels' AS name, count(*) AS n FROM label_purchases
         WHERE state NOT IN ('purchased', 'voided') AND state = 'in_doubt'
        UNION ALL SELECT 'refunds', count(*) FROM refunds WHERE state <> 'succeeded' AND state = 'in_doubt'
        UNION ALL SELECT 'messages', count(*) FROM messages WHERE state <> 'sent' AND state = 'in_doubt'
        """
    )
    return {str(row["name"]): int(str(row["n"])) for row in rows}
