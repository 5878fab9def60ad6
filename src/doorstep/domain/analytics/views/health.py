"""How connections fare."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from doorstep.domain.analytics.store import health as store
from doorstep.domain.analytics.store.health import ConnectionHealth, Failing
from doorstep.kernel.db import ReadTx

__all__ = ["ConnectionHealth", "Failing"]


def connections(tx: ReadTx, *, now: datetime) -> list[ConnectionHealth]:
    """Every connection with its mode, what came from it in the last 24 hours, and what stopped."""
    return store.select_connections(tx, since=now - timedelta(hours=24))


def failing_carriers(tx: ReadTx, *, since: datetime, at_least: int) -> list[Failing]:
    """Carriers of which that many calls for labels failed since then, and none succeeded."""
    return store.select_failing_carriers(tx, since=since, at_least=at_least)


def recovered(tx: ReadTx, *, since: Mapping[str, datetime]) -> list[str]:
    """Those of these carriers that sold a label since their time."""
    return store.select_recovered(tx, since=since) if since else []
