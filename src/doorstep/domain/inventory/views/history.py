"""Stock as it was: the ledger is its own history."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.inventory.store import history as store
from doorstep.domain.inventory.store.history import ChangeThen, FreeThen
from doorstep.kernel.db import ReadTx

__all__ = ["ChangeThen", "FreeThen"]


def free_at(tx: ReadTx, *, at: datetime) -> list[FreeThen]:
    """Pieces that nobody had reserved at an instant; positions without any are left out."""
    return store.select_free_at(tx, at=at)


def changes(tx: ReadTx, *, since: datetime, until: datetime) -> list[ChangeThen]:
    """What came or went in a window besides what the window's own orders did, by time."""
    return store.select_changes(tx, since=since, until=until)
