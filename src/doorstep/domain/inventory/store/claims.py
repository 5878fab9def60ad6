"""SQL of stock claims: quantities of the ledger at a time, and the effect of a claim on the position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.claims import Claim, LedgerState
from doorstep.domain.inventory.store.locks import lock_free_skus, lock_skus
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """The effect of a claim on its position; `confirmed_at` None keeps the last confirmation."""

    sku: str
    location_id: int
    condition: Condition
    missing: int
    confirmed_at: datetime | None


def ensure_claimed(tx: WriteTx, claims: Sequence[Claim]) -> None:
    """Lock the stock of the claimed SKUs, and create missing counters of their positions."""
    lock_skus(tx, (claim.sku for claim in claims))
    tx.execute(
        """
        INSERT INTO stock (sku, location_id, condition)
        SELECT DISTINCT * FROM unnest(%s::text[], %s::bigint[], %s::text[]) ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING
        """,
        _keys(claims),
    )


def select_ledger_states(tx: ReadTx, claims: Sequence[Claim]) -> list[LedgerState]:
    """The ledger's data for each claim's position, in the claims' order; a position without a row has no stock."""
    skus, locations, conditions = _keys(claims)
    return tx.all(
        LedgerState,
        """
        SELECT coalesce(s.on_hand, 0) AS on_hand, coalesce(s.reserved, 0) AS reserved,
               coalesce(s.missing, 0) AS missing, coalesce(since.moved, 0)::bigint AS moved, s.confirmed_at
          FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::timestamptz[]) WITH ORDINALITY
               AS c(sku, location_id, condition, as_of, place)
          LEFT JOIN stock s USING (sku, location_id, condition)
          LEFT JOIN LATERAL (
               SELECT sum(m.on_hand_change) AS moved FROM stock_movements m
                WHERE m.sku = c.sku AND m.location_id = c.location_id AND m.condition = c.condition
                  AND m.occurred_at > c.as_of AND m.on_hand_change <> 0) since ON true
         ORDER BY c.place
        """,
        (skus, locations, conditions, [claim.as_of for claim in claims]),
    )


def select_on_hand(tx: ReadTx, positions: Sequence[tuple[Sku, LocationId, Condition]]) -> list[int]:
    """System quantities of these positions now, in their order."""
    return tx.column(
        int,
        """
        SELECT coalesce(s.on_hand, 0)
          FROM unnest(%s::text[], %s::bigint[], %s::text[]) WITH ORDINALITY AS c(sku, location_id, condition, place)
          LEFT JOIN stock s USING (sku, location_id, condition) ORDER BY c.place
        """,
        _columns(positions),
    )


def mark(tx: WriteTx, marks: Sequence[Discrepancy]) -> None:
    """Store the missing units and the newest confirmation; the stock is locked."""
    tx.execute(
        """
        UPDATE stock s SET missing = m.missing, confirmed_at = coalesce(m.confirmed_at, s.confirmed_at)
          FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::timestamptz[])
               AS m(sku, location_id, condition, missing, confirmed_at)
         WHERE (s.sku, s.location_id, s.condition) = (m.sku, m.location_id, m.condition)
        """,
        (
            [each.sku for each in marks],
            [each.location_id for each in marks],
            [each.condition.value for each in marks],
            [each.missing for each in marks],
            [each.confirmed_at for each in marks],
        ),
    )


@dataclass(frozen=True, slots=True)
class Waiting:
    """An order with units reserved at a position."""

    sku: Sku
    location_id: LocationId
    condition: Condition
    order_id: int


def select_waiting(tx: ReadTx, positions: Sequence[tuple[Sku, LocationId, Condition]]) -> list[Waiting]:
    """Orders with open reservations at these positions, oldest first."""
    return tx.all(
        Waiting,
        """
        SELECT DISTINCT m.sku, m.location_id, m.condition, m.order_id
          FROM unnest(%s::text[], %s::bigint[], %s::text[]) AS c(sku, location_id, condition)
          JOIN stock_movements m USING (sku, location_id, condition)
         WHERE m.type = 'reserved' AND m.order_id IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM stock_movements e WHERE e.reverses = m.id AND e.type IN ('released', 'shipped'))
         ORDER BY m.sku, m.location_id, m.condition, m.order_id
        """,
        _columns(positions),
    )


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A position with missing units, locked."""

    sku: Sku
    location_id: LocationId
    condition: Condition
    on_hand: int
    reserved: int
    missing: int


def lock_missing(tx: WriteTx, *, limit: int) -> list[Unsettled]:
    """Positions whose missing units are no longer all reserved, locked; SKUs locked by others are skipped."""
    found = tx.column(str, f"SELECT sku FROM stock {_SETTLED} ORDER BY sku LIMIT %s", (limit,))
    locked = lock_free_skus(tx, found)
    return tx.all(
        Unsettled,
        f"""
        SELECT sku, location_id, condition, on_hand, reserved, missing FROM stock {_SETTLED} AND sku = ANY(%s)
         ORDER BY sku, location_id, condition LIMIT %s
        """,
        (locked, limit),
    )


_SETTLED = "WHERE missing > 0 AND (on_hand > reserved OR missing > reserved)"


def select_known(tx: ReadTx, *, skus: Sequence[str]) -> set[str]:
    """Which of these SKUs exist."""
    return set(tx.column(str, "SELECT sku FROM skus WHERE sku = ANY(%s)", (list(skus),)))


def _keys(claims: Sequence[Claim]) -> tuple[list[str], list[int], list[str]]:
    return _columns([claim.position for claim in claims])


def _columns(
    positions: Sequence[tuple[Sku, LocationId, Condition]],
) -> tuple[list[str], list[int], list[str]]:
    return (
        [sku for sku, _, _ in positions],
        [location_id for _, location_id, _ in positions],
        [condition.value for _, _, condition in positions],
    )
