"""Read stock over time, for the inventory page's chart."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.analytics.store import stock as store
from doorstep.domain.analytics.store.stock import Closing
from doorstep.kernel.db import ReadTx

__all__ = ["Closing"]


def closings(tx: ReadTx, *, sku: str, location_id: int, timezone: str, now: datetime) -> list[Closing]:
    """Closing on hand and reserved of the last 30 days at a location, by its own calendar, oldest first."""
    return store.select_closings(tx, sku=sku, location_id=location_id, timezone=timezone, now=now)
