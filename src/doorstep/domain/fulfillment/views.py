"""Read fulfillment orders."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from doorstep.domain.fulfillment.model import Work
from doorstep.domain.fulfillment.model.warehouse import WarehouseOrder
from doorstep.domain.fulfillment.store import companions as companion_store
from doorstep.domain.fulfillment.store import location_work
from doorstep.domain.fulfillment.store import warehouse as warehouse_store
from doorstep.domain.fulfillment.store import work as store
from doorstep.domain.fulfillment.store.companions import Companion
from doorstep.domain.fulfillment.store.location_work import PickedUnits, ReleasableWork, UnacceptedWork
from doorstep.domain.fulfillment.store.warehouse import UnsentWork
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId

__all__ = ["Companion", "PickedUnits", "ReleasableWork", "UnacceptedWork", "UnsentWork"]


def work(tx: ReadTx, *, fulfillment_order_id: int) -> Work:
    """One fulfillment order; raises NotFound."""
    found = store.select_work(tx, fulfillment_order_id=fulfillment_order_id)
    if found is None:
        raise errors.NotFound(f"There is no fulfillment order {fulfillment_order_id}.")
    return found


def of_order(tx: ReadTx, *, order_id: int) -> list[Work]:
    """All work of an order."""
    return store.select_of_order(tx, order_id=order_id)


def planned(tx: ReadTx, *, limit: int) -> list[Work]:
    """Planned work that may still move, earliest departure first."""
    return store.select_planned(tx, limit=limit)


def unfinished_at(tx: ReadTx, *, location_id: int) -> dict[str, int]:
    """How many fulfillment orders of a location are planned, open, accepted, picked or packed, by state."""
    return store.count_at(tx, location_id=location_id)


def planned_at(tx: ReadTx, *, location_ids: Sequence[int]) -> list[OrderId]:
    """Orders with planned work at one of these locations, by id."""
    return [OrderId(order_id) for order_id in store.select_planned_at(tx, location_ids=location_ids)]


Destination = tuple[str, float, float]


def packing_for(
    tx: ReadTx, *, customers: Collection[str], besides: Sequence[int]
) -> dict[Destination, frozenset[LocationId]]:
    """Locations with unpacked work of other orders (not `besides`), by customer and the place it goes to."""
    found: dict[Destination, set[LocationId]] = {}
    for each in companion_store.select_unpacked(tx, customers=sorted(customers), besides=besides):
        destination = each.customer, each.latitude, each.longitude
        found.setdefault(destination, set()).add(LocationId(each.location_id))
    return {destination: frozenset(locations) for destination, locations in found.items()}


def companions(tx: ReadTx, *, fulfillment_order_id: int) -> list[Companion]:
    """A fulfillment order, if it is in no parcel yet, and those of other orders that may share its parcel; by order."""
    return companion_store.select_companions(tx, fulfillment_order_id=fulfillment_order_id)


def unlabeled(tx: ReadTx, *, packed_before: datetime) -> list[FulfillmentOrderId]:
    """Packed fulfillment orders that have waited for their companions since before then."""
    return companion_store.select_unlabeled(tx, packed_before=packed_before)


def picked_units(tx: ReadTx, *, since: datetime) -> dict[LocationId, PickedUnits]:
    """What locations picked since then; those that picked nothing are left out."""
    return {each.location_id: each for each in location_work.select_picked(tx, since=since)}


def open_units(tx: ReadTx) -> dict[LocationId, int]:
    """Units that locations still have to pick; those without any are left out."""
    return {each.location_id: each.units for each in location_work.select_open_units(tx)}


def releasable(tx: ReadTx, *, limit: int = 20_000) -> list[ReleasableWork]:
    """Planned fulfillment orders that may be released, the most urgent first."""
    return location_work.select_releasable(tx, limit=limit)


def unaccepted(tx: ReadTx, *, before: datetime, limit: int = 20_000) -> list[UnacceptedWork]:
    """Open fulfillment orders that their locations have had since before then, oldest first."""
    return location_work.select_unaccepted(tx, before=before, limit=limit)


def unsent(tx: ReadTx, *, location_ids: Sequence[int], limit: int = 200) -> list[UnsentWork]:
    """Open fulfillment orders at these locations that no warehouse was asked for, oldest first."""
    return warehouse_store.select_unsent(tx, location_ids=location_ids, limit=limit)


def at_warehouse(tx: ReadTx, *, fulfillment_order_ids: Collection[int]) -> dict[int, WarehouseOrder]:
    """What warehouses have of these fulfillment orders, by fulfillment order."""
    found = warehouse_store.select(tx, fulfillment_order_ids=sorted(fulfillment_order_ids))
    return {each.fulfillment_order_id: each for each in found}


def warehouse_orders(tx: ReadTx, *, order_id: int) -> list[WarehouseOrder]:
    """What warehouses have of an order."""
    return warehouse_store.select_of_order(tx, order_id=order_id)


def by_reference(tx: ReadTx, *, connection_id: int, reference: str) -> WarehouseOrder | None:
    """What a warehouse has under a reference of ours."""
    return warehouse_store.select_by_reference(tx, connection_id=connection_id, reference=reference)
