"""Read tax documents."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.invoicing import store
from doorstep.domain.invoicing.store import Invoice
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["Invoice"]


def invoice(tx: ReadTx, *, invoice_id: int) -> Invoice:
    """One document; raises NotFound."""
    found = store.select(tx, invoice_id=invoice_id)
    if found is None:
        raise errors.NotFound(f"There is no invoice {invoice_id}.")
    return found


def legal_entities(tx: ReadTx, *, invoice_ids: Sequence[int]) -> dict[int, str]:
    """The legal entities of documents."""
    return store.select_legal_entities(tx, invoice_ids=invoice_ids)


def of_order(tx: ReadTx, *, order_id: int) -> list[Invoice]:
    """An order's documents, oldest first."""
    return store.select_of_order(tx, order_id=order_id)
