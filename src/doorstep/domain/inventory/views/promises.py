"""Read promises on incoming supply, and sell-ahead policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doorstep.domain.inventory.model.promises import SellAhead, SellAheadMode
from doorstep.domain.inventory.store import promises as store
from doorstep.domain.inventory.store.promises import Arrived, PromiseRow
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import Sku

__all__ = ["Arrived", "PromiseRow"]


def of_supply(tx: ReadTx, *, supply_id: int) -> list[PromiseRow]:
    """Every promise that was built on a supply."""
    return store.select_rows(tx, supply_id=supply_id)


def of_order(tx: ReadTx, *, order_id: int) -> list[PromiseRow]:
    """Every promise of an order."""
    return store.select_rows(tx, order_id=order_id)


def of_sku(tx: ReadTx, *, sku: str) -> list[PromiseRow]:
    """Open promises of a SKU, by date."""
    return store.select_rows(tx, sku=sku)


def open_lines(tx: ReadTx, *, order_ids: Sequence[int]) -> set[tuple[int, int]]:
    """Lines (order, line) of these orders that wait for incoming supply."""
    found = store.select_of_orders(tx, order_ids=order_ids)
    return {(each.order_id, each.line_no) for each in found}


def arrived(tx: ReadTx, *, skus: Iterable[str]) -> list[Arrived]:
    """Arrived units of promised orders that are not allocated yet: reserved for them."""
    return store.select_arrived(tx, skus=sorted(set(skus)))


def unpromised(tx: ReadTx, *, skus: Iterable[str]) -> list[int]:
    """Orders short of these SKUs without a promise, longest waiting first."""
    return store.select_unpromised(tx, skus=sorted(set(skus)))


def sold_ahead(tx: ReadTx, *, skus: Iterable[str]) -> set[str]:
    """Which of these SKUs may be sold ahead."""
    found = store.select_sell_ahead(tx, skus=sorted(set(skus)))
    return {each.sku for each in found if each.mode is not SellAheadMode.NONE}


def sell_ahead(tx: ReadTx, *, sku: str) -> SellAhead:
    """Whether a SKU may be sold ahead; without a policy it may not."""
    found = store.select_sell_ahead(tx, skus=[sku])
    return found[0] if found else SellAhead(Sku(sku), SellAheadMode.NONE)
