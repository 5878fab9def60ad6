"""SQL of the stock ledger. Every writer holds the locks of the SKUs (`locks.py`)."""

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
from doorstep.domain.inventory.store.locks import lock_skus
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku


def lock_positions(tx: WriteTx, *, parts: Sequence[tuple[str, str]]) -> list[Position]:
    """Lock the stock of these (SKU, condition), and read its positions at every location."""
    lock_skus(tx, (part[0] for part in parts))
    return select_positions(tx, parts=parts)


@dataclass(frozen=True, slots=True)
class Free:
    """Unreserved stock of a SKU in a condition: locations, and units at each."""

    sku: Sku
    condition: Condition
    location_ids: list[LocationId]
    units: list[int]


def select_free(tx: ReadTx, *, parts: Sequence[tuple[str, str]]) -> list[Free]:
    """Unreserved stock, one row per SKU and condition: a batch reads thousands of positions."""
    return tx.all(
        Free,
        """
        SELECT s.sku, s.condition, array_agg(s.location_id) AS location_ids,
               array_agg(s.on_hand - s.reserved - s.missing) AS units
          FROM stock s JOIN unnest(%s::text[], %s::text[]) AS p(sku, condition)
            ON (s.sku, s.condition) = (p.sku, p.condition)
         WHERE s.on_hand - s.reserved - s.missing > 0 GROUP BY s.sku, s.condition
        """,
        ([part[0] for part in parts], [part[1] for part in parts]),
    )


def select_positions(tx: ReadTx, *, parts: Sequence[tuple[str, str]]) -> list[Position]:
    """The positions of these (SKU, condition) at every location."""
    return tx.all(
        Position,
        """
        SELECT s.sku, s.location_id, s.condition, s.on_hand, s.reserved, s.incoming, s.missing
          FROM stock s JOIN unnest(%s::text[], %s::text[]) AS p(sku, condition)
            ON (s.sku, s.condition) = (p.sku, p.condition)
         ORDER BY s.sku, s.location_id, s.condition
        """,
        ([part[0] for part in parts], [part[1] for part in parts]),
    )


def select_stocked(tx: ReadTx, *, location_id: int) -> list[Position]:
    """What is on hand at a location, by SKU and condition."""
    return tx.all(
        Position,
        """
        SELECT sku, location_id, condition, on_hand, reserved, incoming, missing FROM stock
         WHERE location_id = %s AND on_hand > 0 ORDER BY sku, condition
        """,
        (location_id,),
    )


def lock_position(tx: WriteTx, *, sku: Sku, location_id: LocationId, condition: Condition) -> Position:
    """Lock the stock of the SKU and read one counter; a missing row counts as zero."""
    lock_skus(tx, [sku])
    found = tx.one(
        Position,
        """
        SELECT sku, location_id, condition, on_hand, reserved, incoming, missing FROM stock
         WHERE sku = %s AND location_id = %s AND condition = %s
        """,
        (sku, location_id, condition.value),
    )
    return found or Position(sku, location_id, condition, 0, 0)


def ensure_positions(tx: WriteTx, movements: Sequence[Movement]) -> None:
    """Create missing rows for the counters that movements change. Raises UnknownPosition."""
    lock_skus(tx, (movement.sku for movement in movements))
    try:
        _ensure_positions(tx, movements)
    except psycopg.errors.ForeignKeyViolation as problem:
        skus = ", ".join(sorted({movement.sku for movement in movements}))
        raise UnknownPosition(
            f"One of {skus} is not in the catalog, or the location does not exist."
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


_MOVE_COUNTERS = """
    WITH change AS (
        SELECT * FROM unnest(%(skus)s::text[], %(locations)s::bigint[], %(conditions)s::text[], %(on_hand)s::bigint[],
                             %(reserved)s::bigint[], %(incoming)s::bigint[])
          AS c(sku, location_id, condition, on_hand, reserved, incoming)
    )
    UPDATE stock s SET on_hand = s.on_hand + c.on_hand, reserved = s.reserved + c.reserved,
                       incoming = s.incoming + c.incoming
      FROM change c
     WHERE (s.sku, s.location_id, s.condition) = (c.sku, c.location_id, c.condition)
"""
_FIELDS = """type, sku, location_id, condition, on_hand_change, reserved_change, incoming_change, cause, key, reason,
    order_id, reverses, actor, occurred_at"""


def apply(tx: WriteTx, movements: Sequence[Movement]) -> int:
    """Write any number of movements to the ledger and update their counters; returns how many counters changed.

    Movements whose key is in the ledger are left out. Sufficient stock is checked by the CHECK on the rows that
    change. Raises InsufficientStock.
    """
    lock_skus(
        tx, (movement.sku for movement in movements)
    )  # before keys, so that two writers of one never wait
    keyed = [movement for movement in movements if movement.key is not None]
    fresh = [movement for movement in movements if movement.key is None] + _insert_keyed(tx, keyed)
    try:
        changed = _move_counters(tx, fresh)
    except psycopg.errors.CheckViolation as problem:
        raise InsufficientStock(
            "There is not enough stock. Check what is available and try a smaller quantity.",
            detail=str(problem.diag.message_detail or problem.diag.constraint_name),
        ) from problem
    tx.copy(
        f"COPY stock_movements ({_FIELDS}) FROM STDIN",
        [_row(movement, tx.actor) for movement in movements if movement.key is None],
    )
    return changed


def _move_counters(tx: WriteTx, movements: Sequence[Movement]) -> int:
    """Sum per counter first, then update every counter once."""
    total: dict[tuple[str, int, str], tuple[int, int, int]] = {}
    for movement in movements:
        key = (movement.sku, movement.location_id, movement.condition.value)
        on_hand, reserved, incoming = total.get(key, (0, 0, 0))
        effect, quantity = EFFECTS[movement.type], movement.quantity
        total[key] = (
            on_hand + effect[0] * quantity,
            reserved + effect[1] * quantity,
            incoming + effect[2] * quantity,
        )
    if not total:
        return 0
    keys = sorted(total)
    changed = tx.execute(
        _MOVE_COUNTERS,
        {
            "skus": [key[0] for key in keys],
            "locations": [key[1] for key in keys],
            "conditions": [key[2] for key in keys],
            "on_hand": [total[key][0] for key in keys],
            "reserved": [total[key][1] for key in keys],
            "incoming": [total[key][2] for key in keys],
        },
    )
    if changed != len(keys):
        raise InsufficientStock(
            "One of these SKUs has no stock at the requested location.", detail="no position"
        )
    return changed


def _row(movement: Movement, actor: str) -> tuple[object, ...]:
    on_hand, reserved, incoming = EFFECTS[movement.type]
    return (
        movement.type.value,
        movement.sku,
        movement.location_id,
        movement.condition.value,
        movement.quantity * on_hand,
        movement.quantity * reserved,
        movement.quantity * incoming,
        movement.cause,
        movement.key,
        movement.reason,
        movement.order_id,
        movement.reverses,
        actor,
        movement.occurred_at,
    )


def _insert_keyed(tx: WriteTx, movements: Sequence[Movement]) -> list[Movement]:
    """Write the movements that are not in the ledger yet; returns them."""
    if not movements:
        return []
    columns = list(zip(*(_row(movement, tx.actor) for movement in movements), strict=True))
    written = tx.column(
        str,
        f"""
        INSERT INTO stock_movements ({_FIELDS})
        SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[],
                             %s::bigint[], %s::text[], %s::text[], %s::text[], %s::bigint[], %s::bigint[],
                             %s::text[], %s::timestamptz[])
        ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING
        RETURNING key
        """,
        [list(column) for column in columns],
    )
    once = {movement.key: movement for movement in reversed(movements)}
    return [once[key] for key in written]


@dataclass(frozen=True, slots=True)
class Reservation:
    """An open reservation: the movement that made it."""

    id: int
    sku: Sku
    location_id: LocationId
    condition: Condition
    quantity: int
    cause: str
    order_id: int | None


def lock_reservations(
    tx: WriteTx, *, causes: Sequence[str], order_ids: Sequence[int] | None
) -> list[Reservation]:
    """Open reservations with these causes (of these orders; None: without an order), their stock locked.

    A transaction that ends a reservation holds the lock of its SKU, so that no other one ends it.
    """
    wanted = {"causes": list(causes), "orders": None if order_ids is None else list(order_ids)}
    lock_skus(tx, tx.column(str, f"SELECT DISTINCT r.sku FROM ({_RESERVED}) r", wanted))
    return tx.all(Reservation, f"{_RESERVED} {_NOT_ENDED} ORDER BY m.id", wanted)


_RESERVED = """
    SELECT m.id, m.sku, m.location_id, m.condition, m.reserved_change AS quantity, m.cause, m.order_id
      FROM stock_movements m
     WHERE m.type = 'reserved' AND m.cause = ANY(%(causes)s)
       AND (%(orders)s::bigint[] IS NULL AND m.order_id IS NULL OR m.order_id = ANY(%(orders)s))
"""
_NOT_ENDED = """
       AND NOT EXISTS (SELECT 1 FROM stock_movements e WHERE e.reverses = m.id AND e.type IN ('released', 'shipped'))
"""


@dataclass(frozen=True, slots=True)
class Shipped:
    """The movement that shipped an order line's units."""

    id: int
    order_id: int
    line_no: int
    sku: str


def select_shipped(tx: ReadTx, *, order_ids: Sequence[int]) -> list[Shipped]:
    """Shipped units of these orders, oldest first."""
    return tx.all(
        Shipped,
        """
        SELECT id, order_id, split_part(cause, '/', 4)::bigint AS line_no, sku FROM stock_movements
         WHERE order_id = ANY(%s) AND type = 'shipped' AND cause LIKE 'fulfillment/%%/line/%%' ORDER BY id
        """,
        (list(order_ids),),
    )


def select_position(tx: ReadTx, *, sku: str, location_id: int) -> list[Position]:
    """The counters of a SKU at a location, in all conditions."""
    return tx.all(
        Position,
        """
        SELECT sku, location_id, condition, on_hand, reserved, incoming, missing FROM stock
         WHERE sku = %s AND location_id = %s ORDER BY condition
        """,
        (sku, location_id),
    )


@dataclass(frozen=True, slots=True)
class StockRow:
    """A row of the inventory page."""

    sku: str
    title: str
    size: str
    color: str
    location_id: int
    condition: str
    on_hand: int
    reserved: int
    incoming: int
    missing: int


@dataclass(frozen=True, slots=True)
class StockFilter:
    """The filter of the inventory page."""

    text: str = ""
    location_id: int | None = None
    only_available: bool = False
    only_missing: bool = False
    after_sku: str = ""
    limit: int = 50


def select_skus(tx: ReadTx, wanted: StockFilter) -> list[str]:
    """The SKUs of one page, in order."""
    return tx.column(
        str,
        """
        SELECT k.sku FROM skus k
         WHERE k.sku > %(after)s
           AND (%(text)s = '' OR k.sku ILIKE %(like)s OR k.title ILIKE %(like)s OR k.barcode = %(text)s)
           AND EXISTS (SELECT 1 FROM stock s WHERE s.sku = k.sku
                         AND (%(location)s::bigint IS NULL OR s.location_id = %(location)s)
                         AND (NOT %(available)s OR s.on_hand > s.reserved)
                         AND (NOT %(missing)s OR s.missing > 0))
         ORDER BY k.sku LIMIT %(limit)s
        """,
        {
            "after": wanted.after_sku,
            "text": wanted.text,
            "like": f"%{wanted.text}%",
            "location": wanted.location_id,
            "available": wanted.only_available,
            "missing": wanted.only_missing,
            "limit": wanted.limit,
        },
    )


def select_stock(tx: ReadTx, *, skus: Sequence[str], location_id: int | None) -> list[StockRow]:
    """All counters of these SKUs (at one location)."""
    return tx.all(
        StockRow,
        """
        SELECT s.sku, k.title, k.size, k.color, s.location_id, s.condition, s.on_hand, s.reserved, s.incoming, s.missing
          FROM stock s JOIN skus k USING (sku)
         WHERE s.sku = ANY(%(skus)s) AND (%(location)s::bigint IS NULL OR s.location_id = %(location)s)
         ORDER BY s.sku, s.location_id, s.condition
        """,
        {"skus": list(skus), "location": location_id},
    )


@dataclass(frozen=True, slots=True)
class MovementRow:
    """A movement as users see it."""

    id: int
    type: str
    sku: str
    location_id: int
    condition: str
    on_hand_change: int
    reserved_change: int
    incoming_change: int
    cause: str
    reason: str
    order_id: int | None
    reverses: int | None
    actor: str
    occurred_at: datetime


def select_movements(tx: ReadTx, *, sku: str, location_id: int, limit: int) -> list[MovementRow]:
    """The newest movements of a SKU at a location."""
    return tx.all(
        MovementRow,
        """
        SELECT id, type, sku, location_id, condition, on_hand_change, reserved_change, incoming_change, cause,
               reason, order_id, reverses, actor, occurred_at
          FROM stock_movements WHERE sku = %s AND location_id = %s ORDER BY id DESC LIMIT %s
        """,
        (sku, location_id, limit),
    )


def select_drift(tx: ReadTx) -> list[Drift]:
    """Counters that differ from the sum of their movements, holds or commitments."""
    return tx.all(
        Drift,
        """
        WITH compared AS (
            SELECT sku, location_id, condition, c.counter, c.counted, c.by_ledger
              FROM stock s FULL JOIN (
                   SELECT sku, location_id, condition, sum(on_hand_change) AS on_hand,
                          sum(reserved_change) AS reserved, sum(incoming_change) AS incoming
                     FROM stock_movements GROUP BY sku, location_id, condition) m USING (sku, location_id, condition)
             CROSS JOIN LATERAL (VALUES ('on_hand', s.on_hand, m.on_hand), ('reserved', s.reserved, m.reserved),
                                        ('incoming', s.incoming, m.incoming)) AS c(counter, counted, by_ledger)
            UNION ALL
            SELECT sku, NULL, condition, c.counter, c.counted, c.by_ledger
              FROM network_stock n FULL JOIN (
                   SELECT sku, condition, sum(held_change) AS held, sum(committed_change) AS committed
                     FROM network_movements GROUP BY sku, condition) m USING (sku, condition)
              FULL JOIN (
                   SELECT sku, condition, sum(quantity) AS quantity
                     FROM cart_reservations WHERE state = 'held' GROUP BY sku, condition) h USING (sku, condition)
              FULL JOIN (
                   SELECT sku, condition, sum(quantity) AS quantity
                     FROM stock_commitments GROUP BY sku, condition) o USING (sku, condition)
             CROSS JOIN LATERAL (VALUES
                   ('held', n.held, m.held), ('held for carts', n.held, h.quantity),
                   ('committed', n.committed, m.committed), ('committed to orders', n.committed, o.quantity))
                   AS c(counter, counted, by_ledger)
        )
        SELECT sku, location_id, condition, counter, coalesce(counted, 0)::bigint AS counted,
               coalesce(by_ledger, 0)::bigint AS by_ledger
          FROM compared WHERE coalesce(counted, 0) <> coalesce(by_ledger, 0)
         ORDER BY sku, location_id, condition, counter
        """,
    )
