"""Read goods receipts."""

from __future__ import annotations

from doorstep.domain.inventory.model.receiving import ReceiptLine
from doorstep.domain.inventory.store import receiving as store
from doorstep.domain.inventory.store.receiving import SORTING, ReceiptFilter, ReceiptRow
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["SORTING", "ReceiptFilter", "ReceiptRow"]


def rows(tx: ReadTx, *, wanted: ReceiptFilter) -> list[ReceiptRow]:
    """Receipts as lists show them, newest first."""
    return store.select_rows(tx, wanted)


def row(tx: ReadTx, *, receipt_id: int) -> ReceiptRow:
    """One receipt as lists show it; raises NotFound."""
    found = store.select_row(tx, receipt_id=receipt_id)
    if found is None:
        raise errors.NotFound(f"There is no receipt {receipt_id}.")
    return found


def lines(tx: ReadTx, *, receipt_id: int) -> list[ReceiptLine]:
    """Received quantities with what was expected."""
    return store.select_lines(tx, receipt_id=receipt_id)
