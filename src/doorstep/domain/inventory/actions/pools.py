"""Record what order lines drew from the stock pools of their audiences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.domain.inventory.model import pools as model
from doorstep.domain.inventory.store import locks
from doorstep.domain.inventory.store import pools as store
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId, Sku


@dataclass(frozen=True, slots=True)
class PoolLine:
    """An order line: units of a SKU, for these audiences."""

    order_id: OrderId
    line_no: int
    sku: Sku
    audiences: frozenset[str]
    quantity: int


def concern(tx: ReadTx, *, order_ids: Sequence[OrderId]) -> bool:
    """Whether these orders can have drawn from a pool; most installations have none."""
    return store.select_concern(tx, order_ids=order_ids)


def draw_pools(tx: WriteTx, *, lines: Sequence[PoolLine]) -> int:
    """Set what each line has drawn, as far as its audiences' pools go; returns the total drawn.

    It sets the state instead of adding: repeating it changes nothing, fewer units (or 0) return to the pool.
    """
    locks.lock_skus(tx, sorted({line.sku for line in lines}))
    pools = store.lock_pools(tx, skus=sorted({line.sku for line in lines}))
    drawn = store.select_drawn(tx, order_ids=sorted({line.order_id for line in lines}))
    takers = [
        model.Taker((line.order_id, line.line_no), line.sku, line.audiences, line.quantity) for line in lines
    ]
    had = {(each.order_id, each.line_no, each.sku, each.audience): each.quantity for each in drawn}
    wanted = model.share(takers, pools, had)
    changed = [store.Drawn(*key, quantity) for key, quantity in wanted.items() if had.get(key, 0) != quantity]
    if changed:
        store.replace_drawn(tx, changed)
    return sum(wanted.values())
