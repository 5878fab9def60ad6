"""What else goes to the same customers: locations that pack a parcel for them anyway."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from doorstep.domain.analytics.store import beside as store
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId

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
