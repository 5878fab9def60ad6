"""SQL of stock as it was, from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.model import Condition
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku


@dataclass(frozen=True, slots=True)
class FreeThen:
    """Pieces that nobody had reserved at an instant."""

    sku: Sku
    condition: Condition
    location_id: LocationId
    pieces: int


def select_free_at(tx: ReadTx, *, at: datetime) -> list[FreeThen]:
    """What was free at an instant: what is free now, less what changed since; positions that had none are left out."""
    return tx.all(
        FreeThen,
        """
        SELECT s.sku, s.condition, s.location_id, (s.on_hand - s.reserved - coalesce(m.change, 0))::bigint AS pieces
          FROM stock s LEFT JOIN (
               SELECT sku, location_id, condition, sum(on_hand_change - reserved_change) AS change
                 FROM stock_movements WHERE occurred_at > %s GROUP BY 1, 2, 3) m USING (sku, location_id, condition)
         WHERE s.on_hand - s.reserved - coalesce(m.change, 0) <> 0 ORDER BY 1, 2, 3
        """,
        (at,),
    )


@dataclass(frozen=True, slots=True)
class ChangeThen:
    """Free stock that came or went by itself."""

    at: datetime
    sku: Sku
    condition: Condition
    location_id: LocationId
    pieces: int


def select_changes(tx: ReadTx, *, since: datetime, until: datetime) -> list[ChangeThen]:
    """What changed free stock in a window and was no consequence of the window's own orders, by time."""
    return tx.all(
        ChangeThen,
        """
        SELECT m.occurred_at AS at, m.sku, m.condition, m.location_id,
               (m.on_hand_change - m.reserved_change)::bigint AS pieces
          FROM stock_movements m LEFT JOIN orders o ON o.id = m.order_id
         WHERE m.occurred_at > %(since)s AND m.occurred_at <= %(until)s
           AND m.on_hand_change <> m.reserved_change
           AND (m.type NOT IN ('reserved', 'released', 'shipped') OR o.accepted_at <= %(since)s)
         ORDER BY m.occurred_at, m.id
        """,
        {"since": since, "until": until},
    )


@dataclass(frozen=True, slots=True)
class SoldThen:
    """Pieces of a SKU that left a location."""

    sku: Sku
    location_id: LocationId
    pieces: int


def select_sold(tx: ReadTx, *, skus: Sequence[str], since: datetime) -> list[SoldThen]:
    """What of these left where since then."""
    return tx.all(
        SoldThen,
        """
        SELECT sku, location_id, (-sum(on_hand_change))::bigint AS pieces FROM stock_movements
         WHERE sku = ANY(%s) AND type = 'shipped' AND occurred_at > %s GROUP BY sku, location_id ORDER BY sku, location_id
        """,
        (list(skus), since),
    )
