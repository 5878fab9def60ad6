"""What else goes to the same customers: locations that pack a parcel for them anyway."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from doorstep.domain.analytics.store import beside as store
from doorstep.domain.analytics.store.beside import Mate
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId

__all__ = ["Mate"]

Spot = tuple[str, float, float]


def packing_for(
    tx: ReadTx, *, customers: Collection[str], besides: Sequence[int]
) -> dict[Spot, frozenset[LocationId]]:
    """Locations with unpacked work of other orders (not `besides`), by customer and the place it goes to."""
    found: dict[Spot, set[LocationId]] = {}
    for each in store.select_unpacked(tx, customers=sorted(customers), besides=besides):
        spot = each.customer, each.latitude, each.longitude
        found.setdefault(spot, set()).add(LocationId(each.location_id))
    return {spot: frozenset(places) for spot, places in found.items()}


def mates(tx: ReadTx, *, fulfillment_order_id: int) -> list[Mate]:
    """A piece of work, if it has no label yet, and the other orders' work that may go into its box; by order."""
    return store.select_mates(tx, fulfillment_order_id=fulfillment_order_id)


def unlabelled(tx: ReadTx, *, packed_before: datetime) -> list[FulfillmentOrderId]:
    """Packed work that has waited for its mates for too long."""
    return store.select_unlabelled(tx, packed_before=packed_before)
