"""Reads of routing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.routing.store import decisions as store
from doorstep.domain.routing.store.decisions import DecisionRow, Exclusion
from doorstep.kernel.db import ReadTx

__all__ = ["DecisionRow", "Exclusion"]


def decisions(tx: ReadTx, *, order_id: int) -> list[DecisionRow]:
    """Why an order's lines went where they went, newest decision first."""
    return store.select_decisions(tx, order_id=order_id)


def exclusions(tx: ReadTx, *, order_ids: Sequence[int], at: datetime) -> list[Exclusion]:
    """Locations that must not be asked for these orders."""
    return store.select_exclusions(tx, order_ids=order_ids, at=at)
