"""Read counts; blind counts do not show expected quantities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from doorstep.domain.inventory.model.counts import Count, CountKind, CountState
from doorstep.domain.inventory.store import claims as claim_store
from doorstep.domain.inventory.store import counts as store
from doorstep.domain.inventory.store.claims import Waiting
from doorstep.domain.inventory.store.counts import SORTING, CountFilter, CountRow
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import Sku

__all__ = ["SORTING", "CountFilter", "CountRow", "Waiting"]


def rows(tx: ReadTx, *, wanted: CountFilter) -> list[CountRow]:
    """Counts as lists show them, newest first."""
    return store.select_rows(tx, wanted)


def row(tx: ReadTx, *, count_id: int) -> CountRow:
    """One count as lists show it; raises NotFound."""
    found = store.select_row(tx, count_id=count_id)
    if found is None:
        raise errors.NotFound(f"There is no count {count_id}.")
    return found


def count(tx: ReadTx, *, count_id: int) -> Count:
    """One count with its lines; raises NotFound. Lines of an open count have the current ledger quantity."""
    found = store.select_count(tx, count_id=count_id)
    if found is None:
        raise errors.NotFound(f"There is no count {count_id}.")
    if found.kind is CountKind.OPEN and found.state is CountState.OPEN:
        positions = [(line.sku, found.location_id, line.condition) for line in found.lines]
        on_hand = claim_store.select_on_hand(tx, positions)
        lines = [replace(line, expected=each) for line, each in zip(found.lines, on_hand, strict=True)]
        return replace(found, lines=tuple(lines))
    return found


def titles(tx: ReadTx, *, skus: Sequence[str]) -> dict[str, str]:
    """Titles of SKUs."""
    return store.select_titles(tx, skus=skus)


def scanned(tx: ReadTx, *, codes: Sequence[str]) -> dict[str, Sku]:
    """SKUs of scanned codes (SKUs or barcodes); unknown codes are left out."""
    return store.select_scanned(tx, codes=codes)


def waiting(tx: ReadTx, *, count: Count) -> list[Waiting]:
    """Orders that rely on units which were not found."""
    missing = {(line.sku, count.location_id, line.condition) for line in count.lines if line.missing}
    return claim_store.select_waiting(tx, sorted(missing)) if missing else []
