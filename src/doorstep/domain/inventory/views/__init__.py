"""Reads of stock."""

from __future__ import annotations

from doorstep.domain.inventory.views.ledger import (
    MovementRow,
    Page,
    StockFilter,
    StockRow,
    drift,
    movements,
    page,
    positions,
)
from doorstep.domain.inventory.views.network import asked, holds

__all__ = [
    "MovementRow",
    "Page",
    "StockFilter",
    "StockRow",
    "asked",
    "drift",
    "holds",
    "movements",
    "page",
    "positions",
]
