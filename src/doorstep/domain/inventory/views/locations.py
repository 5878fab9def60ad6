"""Read what a location still holds and does."""

from __future__ import annotations

from doorstep.domain.inventory.store import locations as store
from doorstep.domain.inventory.store.locations import StockWork
from doorstep.kernel.db import ReadTx

__all__ = ["StockWork"]


def stock_work(tx: ReadTx, *, location_id: int) -> StockWork:
    """Units on hand at a location, and its unfinished transfers and counts."""
    return store.select_stock_work(tx, location_id=location_id)
