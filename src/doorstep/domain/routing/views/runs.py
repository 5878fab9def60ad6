"""Read runs and scarcity prices."""

from __future__ import annotations

from collections.abc import Iterable

from doorstep.domain.routing.store import runs as store
from doorstep.domain.routing.store.runs import Due, RunRow
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId

__all__ = ["Due", "RunRow"]


def history(tx: ReadTx, *, limit: int = 100) -> list[RunRow]:
    """The results of the newest runs."""
    return store.select_runs(tx, limit=limit)


def schedule(tx: ReadTx) -> list[Due]:
    """The schedules, the next first."""
    return store.select_schedule(tx)


def prices(tx: ReadTx, *, stock_keys: Iterable[str]) -> dict[tuple[str, LocationId], int]:
    """Scarcity prices of these stock keys, where they are not zero; minor units."""
    return {
        (each.stock_key, LocationId(each.location_id)): each.price_minor
        for each in store.select_prices(tx, stock_keys=sorted(set(stock_keys)))
    }
