"""Commitments: stock that waiting orders need lowers what can be promised, at no location in particular."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.inventory import model
from doorstep.domain.inventory.model import Commitment
from doorstep.domain.inventory.store import network as store
from doorstep.kernel.db import WriteTx


def set_commitments(
    tx: WriteTx, *, order_ids: Sequence[int], wanted: Sequence[Commitment], at: datetime
) -> None:
    """Set exactly what these locked orders wait for. Repeating it changes nothing."""
    standing = store.lock_commitments(tx, order_ids=order_ids)
    movements = model.recommit(standing, wanted, at)
    if movements:
        store.replace_commitments(tx, wanted, order_ids=order_ids)
        store.apply(tx, movements)
