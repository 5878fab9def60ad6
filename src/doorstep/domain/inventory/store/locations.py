"""SQL of a location's stock and open work."""

from __future__ import annotations

from dataclasses import dataclass

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class StockWork:
    """Units on hand in any condition, and unfinished transfers and counts."""

    on_hand: int
    transfers: int
    counts: int


def select_stock_work(tx: ReadTx, *, location_id: int) -> StockWork:
    """A location's stock, and its unfinished transfers (in both directions) and counts."""
    return tx.all(
        StockWork,
        """
        SELECT (SELECT coalesce(sum(on_hand), 0)::bigint FROM stock WHERE location_id = %(location)s) AS on_hand,
               (SELECT count(*) FROM transfers WHERE %(location)s IN (origin_id, destination_id)
                   AND state IN ('requested', 'shipped')) AS transfers,
               (SELECT count(*) FROM counts WHERE location_id = %(location)s AND state IN ('open', 'counted')) AS counts
        """,
        {"location": location_id},
    )[0]
