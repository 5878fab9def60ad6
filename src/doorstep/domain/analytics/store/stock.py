"""SQL of the inventory page's chart: closing stock day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class Closing:
    """On hand and reserved at the end of a day."""

    day_date: date
    on_hand: int
    reserved: int


def select_closings(tx: ReadTx, *, sku: str, location_id: int, timezone: str, now: datetime) -> list[Closing]:
    """Select the last 30 days' closing stock (condition new), oldest first: the sum of all movements until then."""
    return tx.all(
        Closing,
        """
        WITH days AS (
            SELECT d::date AS day_date, ((d + interval '1 day') AT TIME ZONE %(zone)s) AS ends_at
              FROM generate_series((%(now)s::timestamptz AT TIME ZONE %(zone)s)::date::timestamp - interval '29 days',
                                   (%(now)s::timestamptz AT TIME ZONE %(zone)s)::date::timestamp, interval '1 day') d
        ), moved AS (
            SELECT occurred_at, on_hand_change, reserved_change FROM stock_movements
             WHERE sku = %(sku)s AND location_id = %(location)s AND condition = 'new'
        )
        SELECT days.day_date, coalesce(sum(moved.on_hand_change), 0)::bigint AS on_hand,
               coalesce(sum(moved.reserved_change), 0)::bigint AS reserved
          FROM days LEFT JOIN moved ON moved.occurred_at < days.ends_at
         GROUP BY days.day_date ORDER BY days.day_date
        """,
        {"sku": sku, "location": location_id, "zone": timezone, "now": now},
    )
