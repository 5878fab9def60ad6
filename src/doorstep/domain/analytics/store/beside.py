"""SQL of what else goes to the same customers from the same shelves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class Parcel:
    """Work that is not packed yet, for a customer at a place."""

    customer: str
    latitude: float
    longitude: float
    location_id: int


def select_unpacked(tx: ReadTx, *, customers: Sequence[str], besides: Sequence[int]) -> list[Parcel]:
    """Unpacked work of other orders of these customers ("channel/customer")."""
    return tx.all(
        Parcel,
        """
        SELECT DISTINCT k.customer, a.latitude, a.longitude, f.location_id
          FROM unnest(%s::text[]) AS k(customer)
          JOIN orders o ON o.customer_external_id = substr(k.customer, strpos(k.customer, '/') + 1)
           AND o.customer_external_id <> '' AND o.cancelled_at IS NULL AND o.completed_at IS NULL AND o.id <> ALL(%s)
          JOIN connections c ON c.id = o.connection_id AND c.key = split_part(k.customer, '/', 1)
          JOIN fulfillment_orders f ON f.order_id = o.id AND f.state IN ('planned', 'open', 'accepted', 'picked')
          JOIN order_addresses a ON a.order_id = o.id AND a.kind = 'shipping' AND a.latitude IS NOT NULL
        """,
        (list(customers), list(besides)),
    )
