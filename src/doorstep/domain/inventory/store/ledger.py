"""SQL of the stock ledger; every lock on stock is taken here, in key order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import psycopg

from doorstep.domain.inventory.model import (
    EFFECTS,
    Condition,
    Drift,
    InsufficientStock,
    Movement,
    Position,
    UnknownPosition,
)
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku


def lock_positions(tx: WriteTx, *, skus: Sequence[str]) -> list[Position]:
    """Lock and read the sellable positions of these SKUs at every location."""
    return tx.all(
        Position,
        """
        SELECT sku, location_id, condition, on_hand, reserved FROM stock
         WHERE sku = ANY(%s) AND condition = 'new' ORDER BY sku, location_id FOR NO KEY UPDATE
        """,
        (list(skus),),
    )


def lock_position(tx: WriteTx, *, sku: Sku, location_id: LocationId, condition: Condition) -> Position:
    """Lock and read one counter; without its row it is zero."""
    found = tx.one(
        Position,
        """
        SELECT sku, location_id, condition, on_hand, reserved FROM stock
         WHERE sku = %s AND location_id = %s AND condition = %s FOR NO KEY UPDATE
        """,
        (sku, location_id, condition.value),
    )
    return found or Position(sku, location_id, condition, 0, 0)


def ensure_positions(tx: WriteTx, movements: Sequence[Movement]) -> None:
    """Make sure there is a row for every counter that a movement touches. Raises UnknownPosition."""
    try:
        _ensure_positions(tx, movements)
    except psycopg.errors.ForeignKeyViolation as problem:
        skus = ", ".join(sorted({movement.sku for movement in movements}))
        raise UnknownPosition(
            f"The catalogue does not have all of {skus}, or the network not the location."
        ) from problem


def _ensure_positions(tx: WriteTx, movements: Sequence[Movement]) -> None:
    tx.execute(
        """
        INSERT INTO stock (sku, location_id, condition)
        SELECT DISTINCT m.sku, m.location_id, m.condition FROM unnest(%s::text[], %s::bigint[], %s::text[])
               AS m(sku, location_id, condition)
         WHERE NOT EXISTS (SELECT 1 FROM stock s WHERE (s.sku, s.location_id, s.condition)
                                                     = (m.sku, m.location_id, m.condition))
         ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
        """,
        (
            [movement.sku for movement in movements],
            [movement.location_id for movement in movements],
            [movement.condition.value for movement in movements],
        ),
    )


_APPLY = """
WITH given AS (
    SELECT * FROM unnest(%(types)s::text[], %(skus)s::text[], %(locations)s::bigint[], %(conditions)s::text[],
                         %(on_hand)s::bigint[], %(reserved)s::bigint[], %(causes)s::text[], %(keys)s::text[],
                         %(reasons)s::text[], %(orders)s::bigint[], %(at)s::timestamptz[])
      AS g(type, sku, location_id, condition, on_hand_change, reserved_change, cause, key, reason, order_id, occurred_at)
), locked AS (
    SELECT s.sku, s.location_id, s.condition FROM stock s
     WHERE (s.sku, s.location_id, s.condition) IN (SELECT sku, location_id, condition FROM given)
     ORDER BY s.sku, s.location_id, s.condition FOR NO KEY UPDATE
), written AS (
    INSERT INTO stock_movements (type, sku, location_id, condition, on_hand_change, reserved_change, cause, key, reason,
                                 order_id, actor, occurred_at)
    SELECT type, sku, location_id, condition, on_hand_change, reserved_change, cause, key, reason, order_id,
           %(actor)s, occurred_at FROM given WHERE (SELECT count(*) FROM locked) >= 0
    ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
    RETURNING sku, location_id, condition, on_hand_change, reserved_change
), summed AS (
    SELECT sku, location_id, condition, sum(on_hand_change) AS on_hand_change, sum(reserved_change) AS reserved_change
      FROM written GROUP BY sku, location_id, condition
)
UPDATE stock s SET on_hand = s.on_hand + summed.on_hand_change, reserved = s.reserved + summed.reserved_change
  FROM summed
 WHERE (s.sku, s.location_id, s.condition) = (summed.sku, summed.location_id, summed.condition)
"""


def apply(tx: WriteTx, movements: Sequence[Movement]) -> int:
    """Write movements to the ledger and the counters with them: one statement for any number.

    Movements whose key is in the ledger already are left out. Returns how many counters changed.
    """
    effects = [EFFECTS[movement.type] for movement in movements]
    parameters = {
        "types": [movement.type.value for movement in movements],
        "skus": [movement.sku for movement in movements],
        "locations": [movement.location_id for movement in movements],
        "conditions": [movement.condition.value for movement in movements],
        "on_hand": [
            movement.quantity * effect[0] for movement, effect in zip(movements, effects, strict=True)
        ],
        "reserved": [
            movement.quantity * effect[1] for movement, effect in zip(movements, effects, strict=True)
        ],
        "causes": [movement.cause for movement in movements],
        "keys": [movement.key for movement in movements],
        "reasons": [movement.reason for movement in movements],
        "orders": [movement.order_id for movement in movements],
        "at": [movement.occurred_at for movement in movements],
        "actor": tx.actor,
    }
    try:
        return tx.execute(_APPLY, parameters)
    except psycopg.errors.CheckViolation as problem:
        raise InsufficientStock(
            "There is not enough stock for that: look at what is available and try a smaller quantity.",
            detail=str(problem.diag.message_detail or problem.diag.constraint_name),
        ) from problem


def select_position(tx: ReadTx, *, sku: str, location_id: int) -> list[Position]:
    """The counters of a SKU at a location, in every condition."""
    return tx.all(
        Position,
        """
        SELECT sku, location_id, condition, on_hand, reserved FROM stock
         WHERE sku = %s AND location_id = %s ORDER BY condition
        """,
        (sku, location_id),
    )


@dataclass(frozen=True, slots=True)
class StockRow:
    """A line of the inventory screen."""

    sku: str
    title: str
    size: str
    colour: str
    location_id: int
    condition: str
    on_hand: int
    reserved: int


@dataclass(frozen=True, slots=True)
class StockFilter:
    """What of the inventory to show."""

    text: str = ""
    location_id: int | None = None
    only_available: bool = False
    after_sku: str = ""
    limit: int = 50


def select_skus(tx: ReadTx, wanted: StockFilter) -> list[str]:
    """SKUs of one page of the inventory screen, in order."""
    return tx.column(
        str,
        """
        SELECT k.sku FROM skus k
         WHERE k.sku > %(after)s
           AND (%(text)s = '' OR k.sku ILIKE %(like)s OR k.title ILIKE %(like)s OR k.barcode = %(text)s)
           AND EXISTS (SELECT 1 FROM stock s WHERE s.sku = k.sku
                         AND (%(location)s::bigint IS NULL OR s.location_id = %(location)s)
                         AND (NOT %(available)s OR s.on_hand > s.reserved))
         ORDER BY k.sku LIMIT %(limit)s
        """,
        {
            "after": wanted.after_sku,
            "text": wanted.text,
            "like": f"%{wanted.text}%",
            "location": wanted.location_id,
            "available": wanted.only_available,
            "limit": wanted.limit,
        },
    )


def select_stock(tx: ReadTx, *, skus: Sequence[str], location_id: int | None) -> list[StockRow]:
    """All counters of these SKUs (at one location)."""
    return tx.all(
        StockRow,
        """
        SELECT s.sku, k.title, k.size, k.colour, s.location_id, s.condition, s.on_hand, s.reserved
          FROM stock s JOIN skus k USING (sku)
         WHERE s.sku = ANY(%(skus)s) AND (%(location)s::bigint IS NULL OR s.location_id = %(location)s)
         ORDER BY s.sku, s.location_id, s.condition
        """,
        {"skus": list(skus), "location": location_id},
    )


@dataclass(frozen=True, slots=True)
class MovementRow:
    """A line of the ledger as people read it."""

    id: int
    type: str
    sku: str
    location_id: int
    condition: str
    on_hand_change: int
    reserved_change: int
    cause: str
    reason: str
    order_id: int | None
    actor: str
    occurred_at: datetime


def select_movements(tx: ReadTx, *, sku: str, location_id: int, limit: int) -> list[MovementRow]:
    """The newest movements of a SKU at a location."""
    return tx.all(
        MovementRow,
        """
        SELECT id, type, sku, location_id, condition, on_hand_change, reserved_change, cause, reason, order_id, actor,
               occurred_at
          FROM stock_movements WHERE sku = %s AND location_id = %s ORDER BY id DESC LIMIT %s
        """,
        (sku, location_id, limit),
    )


def select_drift(tx: ReadTx) -> list[Drift]:
    """Counters that differ from the sum of their movements."""
    return tx.all(
        Drift,
        """
        SELECT sku, location_id, condition, coalesce(s.on_hand, 0) AS on_hand,
               coalesce(m.on_hand, 0)::bigint AS on_hand_by_ledger, coalesce(s.reserved, 0) AS reserved,
               coalesce(m.reserved, 0)::bigint AS reserved_by_ledger
          FROM stock s FULL JOIN (
               SELECT sku, location_id, condition, sum(on_hand_change) AS on_hand, sum(reserved_change) AS reserved
                 FROM stock_movements GROUP BY sku, location_id, condition) m USING (sku, location_id, condition)
         WHERE coalesce(s.on_hand, 0) <> coalesce(m.on_hand, 0) OR coalesce(s.reserved, 0) <> coalesce(m.reserved, 0)
         ORDER BY sku, location_id, condition
        """,
    )
