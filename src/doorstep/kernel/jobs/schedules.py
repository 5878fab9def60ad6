"""Periodic jobs: one row each, given to one worker when it is due."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.kernel.db import WriteTx


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


def claim_schedules(tx: WriteTx, *, names: Sequence[str]) -> list[str]:
    """Those of these periodic jobs that are due now; each is given to one worker and has its next time set."""
    return tx.column(
        str,
        """
        WITH due AS (SELECT name FROM schedules WHERE next_run_at <= now() AND name = ANY(%s)
                      ORDER BY next_run_at FOR UPDATE SKIP LOCKED)
        UPDATE schedules s SET next_run_at = now() + make_interval(secs => s.every_seconds), last_started_at = now()
          FROM due WHERE s.name = due.name RETURNING s.name
        """,
        (list(names),),
    )
