"""Past stock, from the ledger."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from doorstep.domain.inventory.store import history as store
from doorstep.domain.inventory.store.history import PastAvailable, PastChange
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku

__all__ = ["PastAvailable", "PastChange"]

_VELOCITY_OF = timedelta(days=28)


def free_at(tx: ReadTx, *, at: datetime) -> list[PastAvailable]:
    """Unreserved units at an instant; positions without any are left out."""
    return store.select_free_at(tx, at=at)


def changes(tx: ReadTx, *, since: datetime, until: datetime) -> list[PastChange]:
    """Movements in a window except those of the window's own orders, by time."""
    return store.select_changes(tx, since=since, until=until)


def velocity(tx: ReadTx, *, skus: Iterable[str], at: datetime) -> dict[Sku, dict[LocationId, float]]:
    """Units of these SKUs shipped per location and day, over the last four weeks."""
    found: dict[Sku, dict[LocationId, float]] = {}
    for each in store.select_sold(tx, skus=sorted(set(skus)), since=at - _VELOCITY_OF):
        found.setdefault(each.sku, {})[each.location_id] = each.units / _VELOCITY_OF.days
    return found
