"""Read transfers."""

from __future__ import annotations

from doorstep.domain.inventory.model.transfers import Transfer
from doorstep.domain.inventory.store import transfers as store
from doorstep.domain.inventory.store.transfers import SORTING, TransferFilter, TransferRow
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["SORTING", "TransferFilter", "TransferRow"]


def rows(tx: ReadTx, *, wanted: TransferFilter) -> list[TransferRow]:
    """Transfers as lists show them, newest first."""
    return store.select_rows(tx, wanted)


def row(tx: ReadTx, *, transfer_id: int) -> TransferRow:
    """One transfer as lists show it; raises NotFound."""
    found = store.select_row(tx, transfer_id=transfer_id)
    if found is None:
        raise errors.NotFound(f"There is no transfer {transfer_id}.")
    return found


def transfer(tx: ReadTx, *, transfer_id: int) -> Transfer:
    """One transfer with its lines; raises NotFound."""
    found = store.select_transfer(tx, transfer_id=transfer_id)
    if found is None:
        raise errors.NotFound(f"There is no transfer {transfer_id}.")
    return found
