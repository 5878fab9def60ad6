"""Read stock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from doorstep.domain.inventory.model import Condition, Drift, Position
from doorstep.domain.inventory.store import ledger as store
from doorstep.domain.inventory.store.ledger import MovementRow, StockFilter, StockRow
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku

__all__ = ["MovementRow", "StockFilter", "StockRow"]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the inventory; `next_after` is the cursor of the next one, empty at the end."""

    rows: list[StockRow]
    next_after: str


def page(tx: ReadTx, *, wanted: StockFilter) -> Page:
    """Counters of up to `wanted.limit` SKUs."""
    skus = store.select_skus(tx, wanted)
    rows = store.select_stock(tx, skus=skus, location_id=wanted.location_id)
    return Page(rows, skus[-1] if len(skus) == wanted.limit else "")


def positions(tx: ReadTx, *, sku: str, location_id: int) -> list[Position]:
    """The counters of one SKU at one location."""
    return store.select_position(tx, sku=sku, location_id=location_id)


def positions_of(tx: ReadTx, *, parts: Iterable[tuple[Sku, Condition]]) -> list[Position]:
    """The counters of these SKUs in these conditions, at every location."""
    return store.select_positions(tx, parts=sorted({(sku, condition.value) for sku, condition in parts}))


def stocked(tx: ReadTx, *, location_id: int) -> list[Position]:
    """What is on hand at a location, by SKU and condition."""
    return store.select_stocked(tx, location_id=location_id)


def free(
    tx: ReadTx, *, parts: Iterable[tuple[Sku, Condition]]
) -> dict[tuple[Sku, Condition], dict[LocationId, int]]:
    """Unreserved units, by location; positions without any are left out."""
    rows = store.select_free(tx, parts=sorted({(sku, condition.value) for sku, condition in parts}))
    return {(row.sku, row.condition): dict(zip(row.location_ids, row.units, strict=True)) for row in rows}


def movements(tx: ReadTx, *, sku: str, location_id: int, limit: int = 200) -> list[MovementRow]:
    """The newest movements of one SKU at one location."""
    return store.select_movements(tx, sku=sku, location_id=location_id, limit=limit)


def drift(tx: ReadTx) -> list[Drift]:
    """Counters that differ from their movements; always empty, or there is a bug."""
    return store.select_drift(tx)
