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

__all__ = ["MovementRow", "Page", "StockFilter", "StockRow", "drift", "movements", "page", "positions"]
