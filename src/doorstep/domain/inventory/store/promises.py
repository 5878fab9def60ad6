"""SQL of promises on future supply and of sell-ahead policies. Callers hold the lock of the SKU (the stock rows)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import psycopg

from doorstep.domain.inventory.model.ledger import UnknownPosition
from doorstep.domain.inventory.model.promises import Promise, SellAhead
from doorstep.kernel.db import ReadTx, WriteTx


def lock_sell_ahead(tx: WriteTx, *, skus: Sequence[str]) -> list[SellAhead]:
    """Lock and read the policies of these SKUs, and with them the units that may still be promised."""
    return tx.all(
        SellAhead,
        """
        SELECT sku, mode, quantity_limit, available_from_date, until_date, min_confidence FROM sell_ahead
         WHERE sku = ANY(%s) ORDER BY sku FOR NO KEY UPDATE
        """,
        (list(skus),),
    )


def select_sell_ahead(tx: ReadTx, *, skus: Sequence[str]) -> list[SellAhead]:
    """The policies of these SKUs."""
    return tx.all(
        SellAhead,
        """
        SELECT sku, mode, quantity_limit, available_from_date, until_date, min_confidence FROM sell_ahead
         WHERE sku = ANY(%s) ORDER BY sku
        """,
        (list(skus),),
    )


def upsert_sell_ahead(tx: WriteTx, policies: Sequence[SellAhead], *, at: datetime) -> dict[str, int]:
    """Create or replace policies; returns ids by SKU. Raises UnknownPosition for a SKU that is not in the catalog."""
    try:
        return _upsert_sell_ahead(tx, policies, at)
    except psycopg.errors.ForeignKeyViolation as problem:
        skus = ", ".join(sorted(each.sku for each in policies))
        raise UnknownPosition(f"One of {skus} is not in the catalog.") from problem


def _upsert_sell_ahead(tx: WriteTx, policies: Sequence[SellAhead], at: datetime) -> dict[str, int]:
    rows = tx.rows(
        """
        INSERT INTO sell_ahead (sku, mode, quantity_limit, available_from_date, until_date, min_confidence, changed_at)
        SELECT t.*, %s FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::date[], %s::date[], %s::bigint[]) AS t
        ON CONFLICT (sku) DO UPDATE SET (mode, quantity_limit, available_from_date, until_date, min_confidence, changed_at)
          = (excluded.mode, excluded.quantity_limit, excluded.available_from_date, excluded.until_date,
             excluded.min_confidence, excluded.changed_at)
        RETURNING sku, id
        """,
        (
            at,
            [each.sku for each in policies],
            [each.mode.value for each in policies],
            [each.quantity_limit for each in policies],
            [each.available_from_date for each in policies],
            [each.until_date for each in policies],
            [each.min_confidence for each in policies],
        ),
    )
    return {str(row["sku"]): int(str(row["id"])) for row in rows}


_OPEN = "id, order_id, line_no, sku, quantity, arrived, supply_id, promised_date, made_at"


def lock_of_skus(tx: WriteTx, *, skus: Sequence[str]) -> list[Promise]:
    """Lock and read all open promises of these SKUs, oldest first."""
    return tx.all(
        Promise,
        f"""
        SELECT {_OPEN} FROM supply_promises WHERE sku = ANY(%s) AND state = 'open'
         ORDER BY sku, made_at, id FOR NO KEY UPDATE
        """,
        (list(skus),),
    )


def select_of_orders(tx: ReadTx, *, order_ids: Sequence[int]) -> list[Promise]:
    """The open promises of these orders."""
    return tx.all(
        Promise,
        f"SELECT {_OPEN} FROM supply_promises WHERE order_id = ANY(%s) AND state = 'open' ORDER BY id",
        (list(order_ids),),
    )


@dataclass(frozen=True, slots=True)
class Arrived:
    """Units of a SKU that have arrived for an order that is not routed yet."""

    order_id: int
    sku: str
    units: int


def select_arrived(tx: ReadTx, *, skus: Sequence[str]) -> list[Arrived]:
    """Units that arrived for orders waiting for these SKUs."""
    return tx.all(
        Arrived,
        """
        SELECT order_id, sku, sum(arrived)::bigint AS units FROM supply_promises
         WHERE sku = ANY(%s) AND state = 'open' AND arrived > 0 GROUP BY order_id, sku
        """,
        (list(skus),),
    )


def select_unpromised(tx: ReadTx, *, skus: Sequence[str]) -> list[int]:
    """Backorders of these SKUs without a promise, oldest first."""
    return tx.column(
        int,
        """
        SELECT DISTINCT c.order_id FROM stock_commitments c JOIN order_routing r ON r.order_id = c.order_id AND r.is_short
         WHERE c.sku = ANY(%s) AND c.condition = 'new'
           AND NOT EXISTS (SELECT FROM supply_promises p
                            WHERE (p.order_id, p.line_no, p.state) = (c.order_id, c.line_no, 'open'))
         ORDER BY c.order_id
        """,
        (list(skus),),
    )


@dataclass(frozen=True, slots=True)
class Fresh:
    """A promise to store."""

    order_id: int
    line_no: int
    sku: str
    quantity: int
    supply_id: int | None
    promised_date: date | None
    made_at: datetime


def copy_promises(tx: WriteTx, rows: Sequence[Fresh]) -> None:
    """Store promises."""
    tx.copy(
        "COPY supply_promises (order_id, line_no, sku, quantity, supply_id, promised_date, made_at) FROM STDIN",
        [
            (
                row.order_id,
                row.line_no,
                row.sku,
                row.quantity,
                row.supply_id,
                row.promised_date,
                row.made_at,
            )
            for row in rows
        ],
    )


def end(tx: WriteTx, *, promise_ids: Sequence[int], state: str, at: datetime) -> None:
    """End open promises in this state."""
    tx.execute(
        "UPDATE supply_promises SET state = %s, ended_at = %s WHERE id = ANY(%s) AND state = 'open'",
        (state, at, list(promise_ids)),
    )


def shrink(tx: WriteTx, *, promise_ids: Sequence[int]) -> None:
    """Reduce these promises to the units that have arrived; the rest is promised anew."""
    tx.execute("UPDATE supply_promises SET quantity = arrived WHERE id = ANY(%s)", (list(promise_ids),))


def add_arrived(tx: WriteTx, *, units: Sequence[tuple[int, int]]) -> None:
    """Record the arrived units of promises (id, units)."""
    tx.execute(
        """
        UPDATE supply_promises p SET arrived = p.arrived + n.units
          FROM unnest(%s::bigint[], %s::bigint[]) AS n(id, units) WHERE p.id = n.id
        """,
        ([each[0] for each in units], [each[1] for each in units]),
    )


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """A promise with its supply, as users see it."""

    id: int
    order_id: int
    number: str
    line_no: int
    sku: str
    quantity: int
    arrived: int
    supply_id: int | None
    document: str
    promised_date: date | None
    state: str
    made_at: datetime


def select_rows(
    tx: ReadTx, *, supply_id: int | None = None, order_id: int | None = None, sku: str = "", limit: int = 200
) -> list[PromiseRow]:
    """Promises of a supply, an order or a SKU; open ones first, then by date."""
    return tx.all(
        PromiseRow,
        """
        SELECT p.id, p.order_id, o.number, p.line_no, p.sku, p.quantity, p.arrived, p.supply_id,
               coalesce(s.kind || ' ' || s.number, '') AS document, p.promised_date, p.state, p.made_at
          FROM supply_promises p JOIN orders o ON o.id = p.order_id LEFT JOIN supplies s ON s.id = p.supply_id
         WHERE (%(supply)s::bigint IS NULL OR p.supply_id = %(supply)s)
           AND (%(order)s::bigint IS NULL OR p.order_id = %(order)s)
           AND (%(sku)s = '' OR (p.sku = %(sku)s AND p.state = 'open'))
         ORDER BY p.state <> 'open', p.promised_date NULLS LAST, p.made_at, p.id LIMIT %(limit)s
        """,
        {"supply": supply_id, "order": order_id, "sku": sku, "limit": limit},
    )
