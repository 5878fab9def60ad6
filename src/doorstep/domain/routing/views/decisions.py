"""Reads of routing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from doorstep.domain.routing.store import decisions as store
from doorstep.domain.routing.store.decisions import DecisionRow, Exclusion
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku

__all__ = ["DecisionRow", "Exclusion"]


def decisions(tx: ReadTx, *, order_id: int) -> list[DecisionRow]:
    """Why an order's lines went where they went, newest decision first."""
    return store.select_decisions(tx, order_id=order_id)


def decisions_of(tx: ReadTx, *, ids: Iterable[int | None]) -> dict[int, DecisionRow]:
    """These decisions, by order."""
    wanted = [each for each in ids if each is not None]
    return {each.order_id: each for each in store.select_by_id(tx, ids=wanted)}


def exclusions(tx: ReadTx, *, order_ids: Sequence[int], at: datetime) -> list[Exclusion]:
    """Locations that must not be asked for these orders."""
    return store.select_exclusions(tx, order_ids=order_ids, at=at)


def blocked(tx: ReadTx, *, skus: Iterable[str], at: datetime) -> set[tuple[Sku, LocationId]]:
    """Whom nobody asks for these SKUs now."""
    found = store.select_blocks(tx, skus=sorted(set(skus)), at=at)
    return {(Sku(each.sku), LocationId(each.location_id)) for each in found}
