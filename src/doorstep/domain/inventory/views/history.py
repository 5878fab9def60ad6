"""Stock as it was: the ledger is its own history."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from doorstep.domain.inventory.store import history as store
from doorstep.domain.inventory.store.history import ChangeThen, FreeThen
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku

__all__ = ["ChangeThen", "FreeThen"]

_VELOCITY_OF = timedelta(days=28)


def free_at(tx: ReadTx, *, at: datetime) -> list[FreeThen]:
    """Pieces that nobody had reserved at an instant; positions without any are left out."""
    return store.select_free_at(tx, at=at)


def changes(tx: ReadTx, *, since: datetime, until: datetime) -> list[ChangeThen]:
    """What came or went in a window besides what the window's own orders did, by time."""
    return store.select_changes(tx, since=since, until=until)


def velocity(tx: ReadTx, *, skus: Iterable[str], at: datetime) -> dict[Sku, dict[LocationId, float]]:
    """Pieces of these SKUs that left each location a day, over the last four weeks."""
    found: dict[Sku, dict[LocationId, float]] = {}
    for each in store.select_sold(tx, skus=sorted(set(skus)), since=at - _VELOCITY_OF):
        found.setdefault(each.sku, {})[each.location_id] = each.pieces / _VELOCITY_OF.days
    return found
