"""Read decisions and exclusions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from doorstep.domain.routing.store import decisions as store
from doorstep.domain.routing.store.decisions import DecisionRow, Exclusion
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku

__all__ = ["DecisionRow", "Exclusion"]


def decisions(tx: ReadTx, *, order_id: int) -> list[DecisionRow]:
    """The decisions on an order with their explanations, newest first."""
    return store.select_decisions(tx, order_id=order_id)


def decisions_of(tx: ReadTx, *, ids: Iterable[int | None]) -> dict[int, DecisionRow]:
    """These decisions, by order."""
    wanted = [each for each in ids if each is not None]
    return {each.order_id: each for each in store.select_by_id(tx, ids=wanted)}


def exclusions(tx: ReadTx, *, order_ids: Sequence[int], at: datetime) -> list[Exclusion]:
    """Exclusions of locations for these orders."""
    return store.select_exclusions(tx, order_ids=order_ids, at=at)


def blocked(tx: ReadTx, *, skus: Iterable[str], at: datetime) -> set[tuple[Sku, LocationId]]:
    """Exclusions of locations for these SKUs now."""
    found = store.select_blocks(tx, skus=sorted(set(skus)), at=at)
    return {(Sku(each.sku), LocationId(each.location_id)) for each in found}
