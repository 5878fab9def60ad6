"""Captured but unrouted: what orders still wait for lowers what may be promised at once, and ties up no location."""

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
    """From now on these orders wait for exactly `wanted`; called whenever that may have changed, twice is harmless.

    The orders are locked by the caller.
    """
    standing = store.lock_commitments(tx, order_ids=order_ids)
    movements = model.recommit(standing, wanted, at)
    if movements:
        store.replace_commitments(tx, wanted, order_ids=order_ids)
        store.apply(tx, movements)
