"""SQL of exception queues: orders that no rule could serve."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class Waiting:
    """The orders in a queue ("" is none of the rule set's); `ending` are canceled automatically within a day."""

    queue: str
    orders: int
    units: int
    oldest_at: datetime | None
    next_try_at: datetime | None
    ending: int


def select_waiting(tx: ReadTx, *, now: datetime) -> list[Waiting]:
    """Select every queue that has orders, by name. An order that only new stock retries has no next try."""
    return tx.all(
        Waiting,
        """
        SELECT r.queue, count(*) AS orders, coalesce(sum(l.units), 0)::bigint AS units,
               min(coalesce(r.queued_at, o.placed_at)) AS oldest_at,
               min(r.due_at) FILTER (WHERE r.due = 'route') AS next_try_at,
               count(*) FILTER (WHERE r.auto_cancel_at < %(now)s + interval '1 day') AS ending
          FROM order_routing r JOIN orders o ON o.id = r.order_id
          CROSS JOIN LATERAL (SELECT sum(quantity - canceled - allocated) AS units FROM order_lines
                               WHERE order_id = o.id) l
         WHERE r.is_short GROUP BY r.queue ORDER BY r.queue
        """,
        {"now": now},
    )
