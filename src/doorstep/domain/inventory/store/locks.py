"""SQL of the one lock of stock: a SKU's row in the catalog.

Whoever changes or decides on anything of a SKU's stock (positions, holds, network counters, supply, promises, pools)
holds it: one row instead of one per location. A transaction locks all SKUs that it needs at once, after its orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.transactions import Kind


def lock_skus(tx: WriteTx, skus: Iterable[str]) -> None:
    """Lock the stock of these SKUs until the transaction ends; those that it has locked already cost nothing."""
    fresh = tx.locks.missing(Kind.SKU, skus)
    if fresh:
        tx.execute("SELECT FROM skus WHERE sku = ANY(%s) ORDER BY sku FOR NO KEY UPDATE", (fresh,))
        tx.locks.add(Kind.SKU, fresh)


def lock_free_skus(tx: WriteTx, skus: Iterable[str]) -> list[str]:
    """Lock the stock of those of these SKUs that nobody else has locked; returns them."""
    found = tx.column(
        str,
        "SELECT sku FROM skus WHERE sku = ANY(%s) ORDER BY sku FOR NO KEY UPDATE SKIP LOCKED",
        (sorted(set(skus)),),
    )
    tx.locks.add(Kind.SKU, found)
    return found


def select_tied_skus(tx: ReadTx, *, order_ids: Sequence[int]) -> list[str]:
    """The SKUs that these orders reserved or wait for: of a kit the components that it had then."""
    return tx.column(
        str,
        """
        SELECT sku FROM stock_movements WHERE order_id = ANY(%(ids)s) AND type = 'reserved'
         UNION SELECT sku FROM stock_commitments WHERE order_id = ANY(%(ids)s)
         UNION SELECT sku FROM supply_promises WHERE order_id = ANY(%(ids)s) AND state = 'open'
        """,
        {"ids": list(order_ids)},
    )


def select_held_skus(tx: ReadTx, *, carts: Iterable[tuple[str, str]]) -> list[str]:
    """The SKUs that these carts (channel, reference) hold now."""
    keys = sorted(set(carts))
    return tx.column(
        str,
        """
        SELECT DISTINCT h.sku FROM cart_reservations h
          JOIN unnest(%s::text[], %s::text[]) AS c(channel, reference) USING (channel, reference) WHERE h.state = 'held'
        """,
        ([channel for channel, _ in keys], [reference for _, reference in keys]),
    )
