"""Read incoming supply."""

from __future__ import annotations

from doorstep.domain.inventory.model.supplies import Supply
from doorstep.domain.inventory.store import supplies as store
from doorstep.domain.inventory.store.supplies import SOONEST, SORTING, SupplyFilter, SupplyRow
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["SOONEST", "SORTING", "SupplyFilter", "SupplyRow"]


def page(tx: ReadTx, *, wanted: SupplyFilter) -> list[SupplyRow]:
    """A page of lines of documents."""
    return store.select_rows(tx, wanted)


def supply(tx: ReadTx, *, supply_id: int) -> Supply:
    """One line; raises NotFound."""
    found = store.select_by_ids(tx, supply_ids=[supply_id])
    if not found:
        raise errors.NotFound(f"There is no supply {supply_id}.")
    return found[0]


def of_document(tx: ReadTx, *, kind: str, number: str) -> list[SupplyRow]:
    """Every line of a document, for receiving."""
    return store.select_rows(
        tx,
        SupplyFilter(
            kind=kind, number=number, state="", page=Keyset("eta_date", is_ascending=True, limit=10_000)
        ),
    )
