"""Read how the calls of connections in shadow mode compare with what others did."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.connections.store import comparisons as store
from doorstep.domain.connections.store.comparisons import (
    NEWEST,
    SORTING,
    CallResult,
    Comparison,
    Filter,
    Total,
)
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx
from doorstep.kernel.keyset import Keyset

__all__ = ["NEWEST", "SORTING", "CallResult", "Comparison", "Filter", "Total"]


def uncompared(tx: ReadTx, *, connection_key: str, limit: int) -> list[int]:
    """Deliveries whose calls a connection has kept, and that are not compared yet."""
    return store.select_uncompared(tx, connection_key=connection_key, limit=limit)


def due(tx: ReadTx, *, now: datetime, limit: int) -> list[Comparison]:
    """Comparisons that are due."""
    return store.select_due(tx, now=now, limit=limit)


def of_orders(tx: ReadTx, *, order_ids: Sequence[int]) -> list[Comparison]:
    """The comparisons of orders."""
    return store.select_of_orders(tx, order_ids=order_ids) if order_ids else []


def listed(tx: ReadTx, *, wanted: Filter, page: Keyset = NEWEST) -> list[Comparison]:
    """A page of the comparisons of a connection, newest first."""
    return store.select_page(tx, wanted=wanted, page=page)


def one(tx: ReadTx, *, connection_id: int, comparison_id: int) -> Comparison:
    """One comparison. Raises NotFound."""
    found = store.select_one(tx, connection_id=connection_id, comparison_id=comparison_id)
    if found is None:
        raise errors.NotFound(f"This connection has no comparison {comparison_id}.")
    return found


def totals(tx: ReadTx, *, connection_id: int) -> list[Total]:
    """Totals by operation, day and result."""
    return store.select_totals(tx, connection_id=connection_id)


def call_results(tx: ReadTx, *, connection_id: int) -> list[CallResult]:
    """How the calls that are kept compare, by call."""
    return store.select_call_results(tx, connection_id=connection_id)
