"""Reads of the work of locations."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.fulfillment import store
from doorstep.domain.fulfillment.model import Work
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId


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
    """Work that is planned and may still go elsewhere, what leaves first before all else."""
    return store.select_planned(tx, limit=limit)


def unfinished_at(tx: ReadTx, *, location_id: int) -> dict[str, int]:
    """How many fulfillment orders of a location are planned, open, accepted, picked or packed, by state."""
    return store.count_at(tx, location_id=location_id)


def planned_at(tx: ReadTx, *, location_ids: Sequence[int]) -> list[OrderId]:
    """Orders with planned work at one of these locations, by id."""
    return [OrderId(order_id) for order_id in store.select_planned_at(tx, location_ids=location_ids)]
