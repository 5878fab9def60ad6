"""How many items workers finish, and how many attempts fail, by name and minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from doorstep.kernel.db import ReadTx, WriteTx

_OVER_MINUTES = 5
_KEPT_DAYS = 2


@dataclass(frozen=True, slots=True)
class Rate:
    """Items finished and attempts failed per minute."""

    done: float
    failed: float


def count_minute(tx: WriteTx, *, done: Mapping[str, int], failed: Mapping[str, int]) -> None:
    """Add to the counts of this minute, in the order of names, so that processes do not wait for each other in a circle."""
    names = sorted({*done, *failed})
    tx.execute(
        """
        INSERT INTO queue_minutes (queue, minute, done, failed)
        SELECT c.name, date_trunc('minute', now()), c.done, c.failed
          FROM unnest(%s::text[], %s::bigint[], %s::bigint[]) AS c(name, done, failed)
        ON CONFLICT (queue, minute) DO UPDATE
           SET done = queue_minutes.done + excluded.done, failed = queue_minutes.failed + excluded.failed
        """,
        (names, [done.get(name, 0) for name in names], [failed.get(name, 0) for name in names]),
    )


def rates(tx: ReadTx) -> dict[str, Rate]:
    """The rates of the last minutes."""
    rows = tx.rows(
        """
        SELECT queue, sum(done) / %(over)s AS done, sum(failed) / %(over)s AS failed FROM queue_minutes
         WHERE minute > now() - make_interval(mins => %(over)s) GROUP BY queue
        """,
        {"over": _OVER_MINUTES},
    )
    return {str(row["queue"]): Rate(float(str(row["done"])), float(str(row["failed"]))) for row in rows}


def delete_old_minutes(tx: WriteTx) -> None:
    """Delete the counts of earlier days."""
    tx.execute("DELETE FROM queue_minutes WHERE minute < now() - make_interval(days => %s)", (_KEPT_DAYS,))
