"""Read the health of connections."""

from __future__ import annotations

from datetime import datetime, timedelta

from doorstep.domain.analytics.store import health as store
from doorstep.domain.analytics.store.health import ConnectionHealth
from doorstep.kernel.db import ReadTx

__all__ = ["ConnectionHealth"]


def connections(tx: ReadTx, *, now: datetime) -> list[ConnectionHealth]:
    """Every connection with its mode, its messages of the last 24 hours, and its failures."""
    return store.select_connections(tx, since=now - timedelta(hours=24))
