"""Exports as a stream of bytes: only a part is in memory at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.store import exports as store
from doorstep.kernel.db import ReadTx


@dataclass(frozen=True, slots=True)
class Slice:
    """Which part of the ledger: from `since` to before `until`, at a location."""

    since: datetime | None = None
    until: datetime | None = None
    location_id: int | None = None


def stock(tx: ReadTx, *, location_id: int | None = None) -> Iterator[bytes]:
    """Every counter (of a location) as CSV."""
    return store.copy_stock(tx, location_id=location_id)


def movements(tx: ReadTx, *, of: Slice) -> Iterator[bytes]:
    """A slice of the ledger as CSV."""
    return store.copy_movements(tx, since=of.since, until=of.until, location_id=of.location_id)


def rules(tx: ReadTx) -> Iterator[bytes]:
    """Every availability rule as CSV."""
    return store.copy_rules(tx)


def sell_ahead(tx: ReadTx) -> Iterator[bytes]:
    """Every sell-ahead policy as CSV."""
    return store.copy_sell_ahead(tx)
