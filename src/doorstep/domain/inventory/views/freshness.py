"""Read stock sources."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.inventory.model.freshness import StockSource
from doorstep.domain.inventory.store import freshness as store
from doorstep.kernel.db import ReadTx


def sources(tx: ReadTx) -> list[StockSource]:
    """Every system that a location's stock depends on."""
    return store.select_sources(tx)


def silent(tx: ReadTx, *, at: datetime) -> list[StockSource]:
    """Overdue sources: availability of their locations is unknown."""
    return [each for each in store.select_sources(tx) if each.is_silent(at)]
