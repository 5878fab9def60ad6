"""Read messages."""

from __future__ import annotations

from doorstep.domain.notifications import store
from doorstep.domain.notifications.store import Message
from doorstep.kernel.db import ReadTx

__all__ = ["Message"]


def of_order(tx: ReadTx, *, order_id: int) -> list[Message]:
    """An order's messages."""
    return store.select_of_order(tx, order_id=order_id)
