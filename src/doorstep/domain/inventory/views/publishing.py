"""Read the stock levels that sales channels have and get."""

from __future__ import annotations

from doorstep.domain.inventory.store import publishing as store
from doorstep.domain.inventory.store.publishing import BY_SKU, Counts, Published
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["BY_SKU", "Counts", "Published"]


def counts(tx: ReadTx, *, connection_id: int) -> Counts:
    """How many SKUs a channel has levels of, is to get, and refused."""
    return store.count(tx, connection_id=connection_id)


def in_call(tx: ReadTx, *, connection_id: int) -> list[Published]:
    """The levels in the call under way, with their newest values."""
    return store.select_in_call(tx, connection_id=connection_id)


def levels(tx: ReadTx, *, connection_id: int, state: str, page: Keyset) -> list[Published]:
    """A page of levels by SKU: all, or those that are `waiting` or `refused`."""
    return store.select_page(tx, connection_id=connection_id, state=state, page=page)
