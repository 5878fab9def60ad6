"""Read returns."""

from __future__ import annotations

from doorstep.domain.returns import store
from doorstep.domain.returns.store import Return, ReturnLine
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx

__all__ = ["Return", "ReturnLine"]


def one(tx: ReadTx, *, return_id: int) -> Return:
    """One return; raises NotFound."""
    found = store.select(tx, return_id=return_id)
    if found is None:
        raise errors.NotFound(f"There is no return {return_id}.")
    return found


def of_order(tx: ReadTx, *, order_id: int) -> list[Return]:
    """An order's returns."""
    return store.select_of_order(tx, order_id=order_id)


def expected_at(tx: ReadTx, *, location_id: int) -> int:
    """How many returns are on their way to a location or wait there for inspection."""
    return store.count_expected_at(tx, location_id=location_id)
