"""SQL of replenishment: rules, their result per SKU and location, and the stock of locations and sources."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import psycopg

from doorstep.domain.inventory.model import UnknownPosition
from doorstep.domain.inventory.model.replenishment import DEMAND_DAYS, Rule, Source, StockLevel
from doorstep.kernel.db import ReadTx, WriteTx

_COLUMNS = "sku, category, location_id, location_kind, source_id, min_quantity, max_quantity, cover_days"


def upsert_rules(tx: WriteTx, rules: Sequence[Rule]) -> None:
    """Store rules; a rule for the same SKUs and locations is replaced. Raises UnknownPosition."""
    try:
        tx.execute(
            f"""
            INSERT INTO replenishment_rules ({_COLUMNS})
            SELECT * FROM unnest(%s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[], %s::bigint[],
                                 %s::bigint[], %s::bigint[])
            ON CONFLICT (sku, category, location_id, location_kind) DO UPDATE
               SET (source_id, min_quantity, max_quantity, cover_days)
                 = (excluded.source_id, excluded.min_quantity, excluded.max_quantity, excluded.cover_days)
            """,
            (
                [rule.sku for rule in rules],
                [rule.category for rule in rules],
                [rule.location_id for rule in rules],
                [rule.location_kind for rule in rules],
                [rule.source_id for rule in rules],
                [rule.min_quantity for rule in rules],
                [rule.max_quantity for rule in rules],
                [rule.cover_days for rule in rules],
            ),
        )
    except psycopg.errors.ForeignKeyViolation as problem:
        raise UnknownPosition(
            "One of these SKUs is not in the catalog, or one of these locations does not exist."
        ) from problem


def delete_rules(tx: WriteTx, *, ids: Sequence[int]) -> int:
    """Remove rules; returns how many there were."""
    return tx.execute("DELETE FROM replenishment_rules WHERE id = ANY(%s)", (list(ids),))


def select_rules(tx: ReadTx) -> list[Rule]:
    """All rules, the most general first."""
    return tx.all(
        Rule,
        f"""
        SELECT id, {_COLUMNS} FROM replenishment_rules
         ORDER BY sku NULLS FIRST, category NULLS FIRST, location_id NULLS FIRST, location_kind NULLS FIRST
        """,
    )


# The most specific rule applies: SKU before category before all; then location before type before all.
_EFFECTIVE = """
    SELECT DISTINCT ON (k.sku, l.id) k.sku, l.id AS location_id, r.source_id, r.min_quantity, r.max_quantity, r.cover_days
      FROM replenishment_rules r
      JOIN skus k ON (r.sku IS NULL OR r.sku = k.sku) AND (r.category IS NULL OR r.category = k.category)
      JOIN locations l ON l.active AND (r.location_id IS NULL OR r.location_id = l.id)
                      AND (r.location_kind IS NULL OR r.location_kind = l.kind) AND l.id <> r.source_id
     WHERE k.sku = ANY(%(skus)s)
     ORDER BY k.sku, l.id, r.sku IS NULL, r.category IS NULL, r.location_id IS NULL, r.location_kind IS NULL, r.id
"""


def select_page(tx: ReadTx, *, after: str, limit: int) -> list[str]:
    """The next SKUs, in order."""
    return tx.column(str, "SELECT sku FROM skus WHERE sku > %s ORDER BY sku LIMIT %s", (after, limit))


def select_stock_levels(tx: ReadTx, *, skus: Sequence[str], at: datetime) -> list[StockLevel]:
    """Locations of these SKUs that have a rule and hold less than its maximum."""
    return tx.all(
        StockLevel,
        f"""
        WITH effective AS ({_EFFECTIVE}), sold AS (
            SELECT sku, location_id, -sum(on_hand_change) AS units FROM stock_movements
             WHERE type = 'shipped' AND condition = 'new' AND occurred_at > %(since)s AND occurred_at <= %(at)s
               AND sku = ANY(%(skus)s) AND on_hand_change <> 0
             GROUP BY sku, location_id
        ), drafted AS (
            SELECT l.sku, t.destination_id AS location_id, sum(l.requested) AS units
              FROM transfers t JOIN transfer_lines l ON l.transfer_id = t.id
             WHERE t.state = 'draft' AND l.sku = ANY(%(skus)s) GROUP BY l.sku, t.destination_id
        )
        SELECT e.sku, e.location_id, e.source_id, e.min_quantity, e.max_quantity, e.cover_days,
               coalesce(sold.units, 0)::bigint AS sold,
               coalesce(s.on_hand - s.reserved, 0) AS available,
               (coalesce(s.incoming, 0) + coalesce(drafted.units, 0))::bigint AS coming
          FROM effective e
          LEFT JOIN stock s ON (s.sku, s.location_id, s.condition) = (e.sku, e.location_id, 'new')
          LEFT JOIN sold ON (sold.sku, sold.location_id) = (e.sku, e.location_id)
          LEFT JOIN drafted ON (drafted.sku, drafted.location_id) = (e.sku, e.location_id)
         WHERE coalesce(s.on_hand - s.reserved + s.incoming, 0) + coalesce(drafted.units, 0) < e.max_quantity
         ORDER BY e.sku, e.location_id
        """,
        {"skus": list(skus), "at": at, "since": at - timedelta(days=DEMAND_DAYS)},
    )


def select_sources(tx: ReadTx, *, skus: Sequence[str]) -> list[Source]:
    """The stock of the sources of these SKUs, and their own minimum."""
    return tx.all(
        Source,
        f"""
        WITH effective AS ({_EFFECTIVE}), wanted AS (SELECT DISTINCT sku, source_id AS location_id FROM effective),
        drafted AS (
            SELECT l.sku, t.origin_id AS location_id, sum(l.requested) AS units
              FROM transfers t JOIN transfer_lines l ON l.transfer_id = t.id
             WHERE t.state = 'draft' AND l.sku = ANY(%(skus)s) GROUP BY l.sku, t.origin_id
        )
        SELECT w.sku, w.location_id, coalesce(s.on_hand - s.reserved, 0) AS available,
               coalesce(drafted.units, 0)::bigint AS drafted, coalesce(own.min_quantity, 0) AS min_quantity
          FROM wanted w
          LEFT JOIN stock s ON (s.sku, s.location_id, s.condition) = (w.sku, w.location_id, 'new')
          LEFT JOIN effective own ON (own.sku, own.location_id) = (w.sku, w.location_id)
          LEFT JOIN drafted ON (drafted.sku, drafted.location_id) = (w.sku, w.location_id)
        """,
        {"skus": list(skus)},
    )


def lock_drafting(tx: WriteTx) -> None:
    """Let one transaction at a time draft suggestions, so that stock is not suggested twice."""
    tx.execute("SELECT pg_advisory_xact_lock(hashtext('replenishment'))")
