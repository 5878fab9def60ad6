"""Read the inventory grid, SKU by location, and the movements of one position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.store import grid as store
from doorstep.domain.inventory.store import ledger
from doorstep.domain.inventory.store.grid import GRID, MOVEMENTS, GridFilter, SkuTotals
from doorstep.domain.inventory.store.ledger import MovementRow, StockRow
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["GRID", "MOVEMENTS", "GridFilter", "SkuTotals"]


@dataclass(frozen=True, slots=True)
class GridRow:
    """A SKU: its totals, its new stock by location, and its units on hand in other conditions."""

    totals: SkuTotals
    new: Mapping[int, StockRow]
    other: Mapping[int, Sequence[StockRow]]


def rows(tx: ReadTx, *, wanted: GridFilter) -> list[GridRow]:
    """A page of the grid."""
    found = store.select_totals(tx, wanted)
    new: dict[str, dict[int, StockRow]] = {each.sku: {} for each in found}
    other: dict[str, dict[int, list[StockRow]]] = {each.sku: {} for each in found}
    for row in ledger.select_stock(tx, skus=list(new), location_id=wanted.location_id):
        if row.condition == Condition.NEW:
            new[row.sku][row.location_id] = row
        elif row.on_hand:
            other[row.sku].setdefault(row.location_id, []).append(row)
    return [GridRow(each, new[each.sku], other[each.sku]) for each in found]


def movements(tx: ReadTx, *, sku: str, location_id: int, page: Keyset) -> list[MovementRow]:
    """Movements of one SKU at one location."""
    return store.select_movements(tx, page, sku=sku, location_id=location_id)
