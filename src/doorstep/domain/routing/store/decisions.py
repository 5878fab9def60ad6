"""SQL of routing decisions and exclusions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

from doorstep.domain.routing.model.explanation import Explanation
from doorstep.kernel.db import ReadTx, WriteTx


def next_ids(tx: WriteTx, count: int) -> list[int]:
    """Fresh decision ids."""
    return tx.column(int, "SELECT nextval('routing_decisions_id_seq') FROM generate_series(1, %s)", (count,))


def copy_decisions(tx: WriteTx, rows: Iterable[tuple[object, ...]]) -> None:
    """Insert decisions: order, time, rules and run, the explanation as JSON, and the result."""
    tx.copy(
        """
        COPY routing_decisions (id, order_id, decided_at, rules, run, explanation, cost_minor, parcels, km, miss, co2_grams,
                                short_units) FROM STDIN
        """,
        rows,
    )


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """A stored decision. Its hindsight gap is known later (None: not yet)."""

    id: int
    order_id: int
    decided_at: datetime
    rules: str
    explanation: Explanation
    best_minor: int | None = None
    actual_minor: int | None = None

    @property
    def hindsight_gap_minor(self) -> int | None:
        """The hindsight gap: its cost above the best plan of its whole day, in minor units; None until it is computed."""
        if self.best_minor is None or self.actual_minor is None:
            return None
        return max(0, self.actual_minor - self.best_minor)


# Explanations of the first version are only a list of lines.
EXPLANATION: LiteralString = """
    CASE jsonb_typeof(explanation) WHEN 'object' THEN explanation ELSE jsonb_build_object(
        'v', 1, 'rules', rules, 'run', '', 'routing', '', 'rule', '', 'lines', explanation) END AS explanation
"""
_DECISION: LiteralString = f"""
    SELECT id, order_id, decided_at, rules, {EXPLANATION}, best_minor, actual_minor FROM routing_decisions
"""


def select_decisions(tx: ReadTx, *, order_id: int) -> list[DecisionRow]:
    """Select an order's decisions, newest first."""
    return tx.all(DecisionRow, f"{_DECISION} WHERE order_id = %s ORDER BY id DESC", (order_id,))


def select_by_id(tx: ReadTx, *, ids: Sequence[int]) -> list[DecisionRow]:
    """Select these decisions."""
    return tx.all(DecisionRow, f"{_DECISION} WHERE id = ANY(%s) ORDER BY id", (list(ids),))


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A location that is excluded for a SKU of an order, until the given time."""

    order_id: int
    sku: str
    location_id: int
    reason: str
    until: datetime


def upsert_exclusions(tx: WriteTx, exclusions: Sequence[Exclusion]) -> None:
    """Insert exclusions for orders."""
    for each in exclusions:
        tx.execute(
            """
            INSERT INTO routing_exclusions (order_id, sku, location_id, reason, until) VALUES (%s, %s, %s, %s, %s)
            ON CONFLICT (order_id, sku, location_id) DO UPDATE SET reason = excluded.reason, until = excluded.until
            """,
            (each.order_id, each.sku, each.location_id, each.reason, each.until),
        )


@dataclass(frozen=True, slots=True)
class Block:
    """A location that is excluded for a SKU of all orders, until the given time."""

    sku: str
    location_id: int
    reason: str
    until: datetime


def upsert_blocks(tx: WriteTx, blocks: Sequence[Block]) -> None:
    """Insert exclusions for all orders."""
    for each in blocks:
        tx.execute(
            """
            INSERT INTO routing_blocks (sku, location_id, reason, until) VALUES (%s, %s, %s, %s)
            ON CONFLICT (sku, location_id) DO UPDATE SET reason = excluded.reason, until = excluded.until
            """,
            (each.sku, each.location_id, each.reason, each.until),
        )


def select_blocks(tx: ReadTx, *, skus: Sequence[str], at: datetime) -> list[Block]:
    """Select the exclusions of these SKUs at a time."""
    return tx.all(
        Block,
        "SELECT sku, location_id, reason, until FROM routing_blocks WHERE sku = ANY(%s) AND until > %s",
        (list(skus), at),
    )


def select_exclusions(tx: ReadTx, *, order_ids: Sequence[int], at: datetime) -> list[Exclusion]:
    """Select the exclusions of these orders at a time."""
    return tx.all(
        Exclusion,
        """
        SELECT order_id, sku, location_id, reason, until FROM routing_exclusions
         WHERE order_id = ANY(%s) AND until > %s
        """,
        (list(order_ids), at),
    )
