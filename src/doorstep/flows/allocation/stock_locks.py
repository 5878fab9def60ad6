"""Lock the stock of orders, once per transaction and after the orders themselves (ARCHITECTURE.md, "Locks")."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.orders import views as order_views
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId, Sku


def of_orders(
    tx: WriteTx,
    *,
    order_ids: Sequence[OrderId],
    more: Iterable[Sku] = (),
    carts: Collection[tuple[str, str]] = (),
) -> None:
    """Lock the stock of everything that these stored, locked orders have, of `more` SKUs, and of carts.

    Of a kit, its components are locked, too. What is locked already costs nothing.
    """
    skus = {*more, *(order_views.skus(tx, order_ids=order_ids) if order_ids else ())}
    parts = {part.sku for each in catalog.parts(tx, skus=skus).values() for part in each}
    inventory.lock_stock(tx, skus=skus | parts, order_ids=order_ids, carts=carts)
