"""SQL of hindsight: what orders really cost to send, and what the sides of a trial came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class LabelCost:
    """What the labels of an order cost in minor units."""

    order_id: int
    cost_minor: int


def select_labels(tx: ReadTx, *, order_ids: Sequence[int]) -> list[LabelCost]:
    """Orders of which every box has a label whose price is known."""
    return tx.all(
        LabelCost,
        """
        SELECT order_id, sum(cost_minor)::bigint AS cost_minor FROM shipments
         WHERE order_id = ANY(%s) AND direction = 'outbound' AND label_state <> 'voided' AND rides_with IS NULL
         GROUP BY order_id HAVING bool_and(label_state = 'purchased' AND cost_minor > 0)
        """,
        (list(order_ids),),
    )


@dataclass(frozen=True, slots=True)
class SideRow:
    """What one side of a trial decided."""

    by_draft: bool
    orders: int
    served: int
    cost_minor: int
    parcels: int
    splits: int
    misses: float
    short_pieces: int
    rejects: int


def select_sides(tx: ReadTx, *, trial_id: int) -> list[SideRow]:
    """Totals of both sides. An order is rejected once, however often; orders whose decision nobody carried out are not."""
    return tx.all(
        SideRow,
        """
        SELECT t.by_draft, count(*) AS orders, count(*) FILTER (WHERE t.is_served) AS served,
               coalesce(sum(t.cost_minor) FILTER (WHERE t.is_served), 0)::bigint AS cost_minor,
               coalesce(sum(t.parcels) FILTER (WHERE t.is_served), 0)::bigint AS parcels,
               count(*) FILTER (WHERE t.is_split) AS splits,
               coalesce(sum(t.miss) FILTER (WHERE t.is_served), 0) AS misses,
               coalesce(sum(t.short_pieces), 0)::bigint AS short_pieces,
               count(*) FILTER (WHERE (r.kind = 'canary' OR NOT t.by_draft) AND EXISTS (
                     SELECT 1 FROM fulfillment_orders f WHERE f.order_id = t.order_id AND f.state = 'rejected')) AS rejects
          FROM routing_trial_orders t JOIN routing_trials r ON r.id = t.trial_id
         WHERE t.trial_id = %s GROUP BY t.by_draft
        """,
        (trial_id,),
    )
