"""Read stock."""

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
    stocked,
)
from doorstep.domain.inventory.views.network import holds, requested

__all__ = [
    "MovementRow",
    "Page",
    "StockFilter",
    "StockRow",
    "drift",
    "free",
    "holds",
    "movements",
    "page",
    "positions",
    "positions_of",
    "requested",
    "stocked",
]
