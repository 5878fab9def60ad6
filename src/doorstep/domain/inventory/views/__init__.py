"""Reads of stock."""

from __future__ import annotations

from doorstep.domain.inventory.views.ledger import (
    MovementRow,
    Page,
    StockFilter,
    StockRow,
    drift,
    free,
    movements,
    page,
    positions,
    positions_of,
)
from doorstep.domain.inventory.views.network import asked, holds

__all__ = [
    "MovementRow",
    "Page",
    "StockFilter",
    "StockRow",
    "asked",
    "drift",
    "free",
    "holds",
    "movements",
    "page",
    "positions",
    "positions_of",
]
