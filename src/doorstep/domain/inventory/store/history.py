"""SQL of past stock, from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.model import Condition
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku


@dataclass(frozen=True, slots=True)
class PastAvailable:
    """Unreserved units at a time."""

    sku: Sku
    condition: Condition
    location_id: LocationId
    units: int


def select_free_at(tx: ReadTx, *, at: datetime) -> list[PastAvailable]:
    """Unreserved stock at a time: today's, less the changes since then; positions without stock are left out."""
    return tx.all(
        PastAvailable,
        """
        SELECT s.sku, s.condition, s.location_id, (s.on_hand - s.reserved - coalesce(m.change, 0))::bigint AS units
          FROM stock s LEFT JOIN (
               SELECT sku, location_id, condition, sum(on_hand_change - reserved_change) AS change
                 FROM stock_movements WHERE occurred_at > %s GROUP BY 1, 2, 3) m USING (sku, location_id, condition)
         WHERE s.on_hand - s.reserved - coalesce(m.change, 0) <> 0 ORDER BY 1, 2, 3
        """,
        (at,),
    )


@dataclass(frozen=True, slots=True)
class PastChange:
    """Unreserved stock that changed without an order."""

    at: datetime
    sku: Sku
    condition: Condition
    location_id: LocationId
    units: int


def select_changes(tx: ReadTx, *, since: datetime, until: datetime) -> list[PastChange]:
    """Changes of unreserved stock in a period, except those caused by the period's own orders, by time."""
    return tx.all(
        PastChange,
        """
        SELECT m.occurred_at AS at, m.sku, m.condition, m.location_id,
               (m.on_hand_change - m.reserved_change)::bigint AS units
          FROM stock_movements m LEFT JOIN orders o ON o.id = m.order_id
         WHERE m.occurred_at > %(since)s AND m.occurred_at <= %(until)s
           AND m.on_hand_change <> m.reserved_change
           AND (m.type NOT IN ('reserved', 'released', 'shipped') OR o.accepted_at <= %(since)s)
         ORDER BY m.occurred_at, m.id
        """,
        {"since": since, "until": until},
    )


@dataclass(frozen=True, slots=True)
class PastSales:
    """Units of a SKU that left a location."""

    sku: Sku
    location_id: LocationId
    units: int


def select_sold(tx: ReadTx, *, skus: Sequence[str], since: datetime) -> list[PastSales]:
    """Shipped units of these SKUs per location since then."""
    return tx.all(
        PastSales,
        """
        SELECT sku, location_id, (-sum(on_hand_change))::bigint AS units FROM stock_movements
         WHERE sku = ANY(%s) AND type = 'shipped' AND occurred_at > %s GROUP BY sku, location_id ORDER BY sku, location_id
        """,
        (list(skus), since),
    )
