"""SQL of pools: units set aside for an audience, and the units that order lines used."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from doorstep.domain.inventory.model.policies import Pool
from doorstep.kernel.db import ReadTx, WriteTx


def select_pools(tx: ReadTx, *, skus: Sequence[str]) -> list[Pool]:
    """Pools of these SKUs with the units used."""
    return tx.all(
        Pool,
        """
        SELECT p.sku, p.audience, p.quantity, coalesce(d.used, 0)::bigint AS used, p.rule
          FROM pools p LEFT JOIN LATERAL (
               SELECT sum(quantity) AS used FROM pool_draws d WHERE (d.sku, d.audience) = (p.sku, p.audience)) d ON true
         WHERE p.sku = ANY(%s) ORDER BY p.sku, p.audience
        """,
        (list(skus),),
    )


def lock_pools(tx: WriteTx, *, skus: Sequence[str]) -> list[Pool]:
    """Lock pools in key order, then read the units used (a second statement sees changes made during the wait)."""
    statement = "SELECT sku FROM pools WHERE sku = ANY(%s) ORDER BY sku, audience FOR NO KEY UPDATE"
    locked = tx.column(str, statement, (list(skus),))
    return select_pools(tx, skus=sorted(set(locked)))


@dataclass(frozen=True, slots=True)
class Drawn:
    """Units of a pool that an order line used."""

    order_id: int
    line_no: int
    sku: str
    audience: str
    quantity: int


def select_concern(tx: ReadTx, *, order_ids: Sequence[int]) -> bool:
    """Whether any pool exists, or these orders used one that was deleted."""
    return tx.value(
        bool,
        "SELECT EXISTS (SELECT FROM pools) OR EXISTS (SELECT FROM pool_draws WHERE order_id = ANY(%s))",
        (list(order_ids),),
    )


def select_drawn(tx: ReadTx, *, order_ids: Sequence[int]) -> list[Drawn]:
    """The units that these orders used."""
    return tx.all(
        Drawn,
        "SELECT order_id, line_no, sku, audience, quantity FROM pool_draws WHERE order_id = ANY(%s)",
        (list(order_ids),),
    )


def replace_drawn(tx: WriteTx, rows: Sequence[Drawn]) -> None:
    """Set the units that lines have used; a row of 0 units is deleted."""
    columns = (
        [row.order_id for row in rows],
        [row.line_no for row in rows],
        [row.sku for row in rows],
        [row.audience for row in rows],
        [row.quantity for row in rows],
    )
    tx.execute(
        """
        WITH given AS (SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[])
                              AS g(order_id, line_no, sku, audience, quantity)),
             gone AS (DELETE FROM pool_draws d USING given g
                       WHERE (d.order_id, d.line_no, d.sku, d.audience) = (g.order_id, g.line_no, g.sku, g.audience)
                         AND g.quantity = 0)
        INSERT INTO pool_draws SELECT * FROM given WHERE quantity > 0
        ON CONFLICT (order_id, line_no, sku, audience) DO UPDATE SET quantity = excluded.quantity
        """,
        columns,
    )
