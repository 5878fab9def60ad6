"""SQL of the home page: today against the same weekday, money at risk, and the latest events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class DayFigures:
    """Figures of a period; money in minor units of the main currency."""

    orders: int
    value_minor: int
    shipped: int
    delivered: int
    returns: int


def select_figures(tx: ReadTx, *, since: datetime, until: datetime, currency: str) -> DayFigures:
    """Select the figures of [since, until)."""
    found = tx.one(
        DayFigures,
        """
        SELECT count(*) AS orders,
               coalesce(sum(total_minor) FILTER (WHERE currency = %(currency)s), 0)::bigint AS value_minor,
               (SELECT count(*) FROM parcels WHERE direction = 'outbound' AND dispatched_at >= %(since)s
                   AND dispatched_at < %(until)s) AS shipped,
               (SELECT count(*) FROM parcels WHERE direction = 'outbound' AND delivered_at >= %(since)s
                   AND delivered_at < %(until)s) AS delivered,
               (SELECT count(*) FROM returns WHERE created_at >= %(since)s AND created_at < %(until)s) AS returns
          FROM orders WHERE placed_at >= %(since)s AND placed_at < %(until)s
        """,
        {"since": since, "until": until, "currency": currency},
    )
    return found or DayFigures(0, 0, 0, 0, 0)


def exists_order_before(tx: ReadTx, *, at: datetime) -> bool:
    """Whether there is an order that was placed before an instant."""
    return tx.value(bool, "SELECT EXISTS (SELECT 1 FROM orders WHERE placed_at < %s)", (at,))


def select_hourly(tx: ReadTx, *, since: datetime, until: datetime) -> list[int]:
    """Count the orders placed in each of 24 equal parts of the period."""
    return tx.column(
        int,
        """
        WITH placed AS (
            SELECT width_bucket(extract(epoch FROM placed_at), extract(epoch FROM %(since)s::timestamptz),
                                extract(epoch FROM %(until)s::timestamptz), 24) AS part, count(*) AS n
              FROM orders WHERE placed_at >= %(since)s AND placed_at < %(until)s GROUP BY 1
        )
        SELECT coalesce(placed.n, 0) FROM generate_series(1, 24) AS every(part) LEFT JOIN placed USING (part) ORDER BY part
        """,
        {"since": since, "until": until},
    )


@dataclass(frozen=True, slots=True)
class FeedLine:
    """An event as the live feed shows it."""

    position: int
    stream: str
    stream_id: int
    number: str
    type: str
    data: dict[str, object]
    actor: str
    occurred_at: datetime
    trace_id: str


def select_feed(tx: ReadTx, *, limit: int) -> list[FeedLine]:
    """Select the newest events, newest first."""
    return tx.all(
        FeedLine,
        """
        SELECT e.position, e.stream, e.stream_id, coalesce(o.number, '') AS number, e.type, e.data, e.actor,
               e.occurred_at, e.trace_id
          FROM (SELECT * FROM events ORDER BY position DESC LIMIT %s) e
          LEFT JOIN orders o ON e.stream = 'order' AND o.id = e.stream_id
         ORDER BY e.position DESC
        """,
        (limit,),
    )


def select_main_currency(tx: ReadTx, *, known: Sequence[str]) -> list[str]:
    """Select the currency of the newest order that has a known one."""
    statement = (
        "SELECT currency FROM orders WHERE currency = ANY(%s) ORDER BY placed_at DESC, id DESC LIMIT 1"
    )
    return tx.column(str, statement, (list(known),))


def select_refunds_in_doubt(tx: ReadTx, *, currency: str) -> int:
    """Sum the refunds that failed or are in doubt, in minor units."""
    return tx.value(
        int,
        """
        SELECT coalesce(sum(amount_minor), 0)::bigint FROM refunds
         WHERE state IN ('failed', 'in_doubt') AND currency = %s
        """,
        (currency,),
    )


def select_stock_needs(tx: ReadTx, *, now: datetime, today: date) -> dict[str, int]:
    """Count stock and location tasks that wait for a user, by their key."""
    rows = tx.rows(
        """
        SELECT 'stale_sources' AS key, count(*) AS count FROM stock_sources
         WHERE last_message_at IS NULL OR last_message_at < %(now)s - make_interval(secs => max_age_seconds)
        UNION ALL SELECT 'contradictory', count(*) FROM stock WHERE missing > 0
        UNION ALL SELECT 'carriers_out', count(*) FROM carrier_outages WHERE until_at IS NULL OR until_at > %(now)s
        UNION ALL SELECT 'counts_to_approve', count(*) FROM counts WHERE state = 'counted'
        UNION ALL SELECT 'not_accepted', count(*) FROM unaccepted_work i JOIN fulfillment_orders f ON f.id = i.fulfillment_order_id
                   WHERE f.state = 'open'
        UNION ALL SELECT 'trial_stopped', count(*) FROM routing_trials WHERE breached AND acknowledged_at IS NULL
        UNION ALL SELECT 'transfers_overdue', count(*) FROM transfers
                   WHERE state IN ('requested', 'shipped') AND expected_date < %(today)s
        UNION ALL SELECT 'unmapped_names', count(*) FROM unmapped_values
        """,
        {"now": now, "today": today},
    )
    return {str(row["key"]): int(str(row["count"])) for row in rows}


def select_head(tx: ReadTx) -> str:
    """A value that changes with every event: the newest position, and how many of the last 500 are visible.

    The position alone would miss a transaction that took a lower position and committed later.
    """
    return tx.value(
        str,
        """
        SELECT newest || '.' || (SELECT count(*) FROM events WHERE position > newest - 500)
          FROM (SELECT coalesce(max(position), 0) AS newest FROM events) head
        """,
    )
