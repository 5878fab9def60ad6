"""SQL of trials: the tested draft, and the decisions of each side."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import msgspec

from doorstep.domain.routing.model.lab import Guardrails, TrialKind
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class Trial:
    """A trial of a draft, in shadow or canary mode. `breached`: a guardrail ended it."""

    id: int
    draft: int
    against: int | None
    kind: TrialKind
    percent: int
    guardrails: Guardrails
    why: str
    started_by: str
    started_at: datetime
    ended_at: datetime | None
    ended_by: str
    ended_why: str
    breached: bool
    acknowledged_at: datetime | None


_COLUMNS: LiteralString = """
    id, draft, against, kind, percent, guardrails, why, started_by, started_at, ended_at, ended_by, ended_why, breached, acknowledged_at
"""


@dataclass(frozen=True, slots=True)
class NewTrial:
    """A trial to start; `percent` of the orders are the draft's."""

    draft: int
    kind: TrialKind
    percent: int
    guardrails: Guardrails
    why: str


def insert_trial(tx: WriteTx, new: NewTrial, *, against: int | None, at: datetime) -> int | None:
    """Insert a trial; None if another one is running."""
    found = tx.column(
        int,
        """
        INSERT INTO routing_trials (draft, against, kind, percent, guardrails, why, started_by, started_at)
        VALUES (%s, %s, %s, %s, %s::jsonb, %s, %s, %s)
        ON CONFLICT ((ended_at IS NULL)) WHERE ended_at IS NULL DO NOTHING RETURNING id
        """,
        (
            new.draft,
            against,
            new.kind.value,
            new.percent,
            msgspec.json.encode(new.guardrails).decode(),
            new.why,
            tx.actor,
            at,
        ),
    )
    return found[0] if found else None


def select_running(tx: ReadTx) -> Trial | None:
    """Select the running trial."""
    return tx.one(Trial, f"SELECT {_COLUMNS} FROM routing_trials WHERE ended_at IS NULL")


def lock_running(tx: WriteTx) -> Trial | None:
    """Select and lock the running trial."""
    return tx.one(Trial, f"SELECT {_COLUMNS} FROM routing_trials WHERE ended_at IS NULL FOR UPDATE")


def select_trial(tx: ReadTx, *, trial_id: int) -> Trial | None:
    """Select one trial."""
    return tx.one(Trial, f"SELECT {_COLUMNS} FROM routing_trials WHERE id = %s", (trial_id,))


def select_trials(tx: ReadTx, *, limit: int) -> list[Trial]:
    """Select the newest trials."""
    return tx.all(Trial, f"SELECT {_COLUMNS} FROM routing_trials ORDER BY id DESC LIMIT %s", (limit,))


def end(tx: WriteTx, *, trial_id: int, why: str, breached: bool, at: datetime) -> None:
    """End a trial."""
    tx.execute(
        "UPDATE routing_trials SET ended_at = %s, ended_by = %s, ended_why = %s, breached = %s WHERE id = %s",
        (at, tx.actor, why, breached, trial_id),
    )


def acknowledge(tx: WriteTx, *, trial_id: int, at: datetime) -> None:
    """Mark the result of a trial as read."""
    tx.execute(
        "UPDATE routing_trials SET acknowledged_at = coalesce(acknowledged_at, %s) WHERE id = %s AND breached",
        (at, trial_id),
    )


def copy_orders(tx: WriteTx, rows: Iterable[tuple[object, ...]]) -> None:
    """Insert the decisions of both sides of a trial; the first decision on an order counts."""
    found = list(rows)
    if not found:
        return
    columns = [list(each) for each in zip(*found, strict=True)]
    tx.execute(
        """
        INSERT INTO routing_trial_orders (trial_id, order_id, by_draft, decided_at, rules, cost_minor, parcels, is_split,
                                          is_served, miss, short_units)
        SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bool[], %s::timestamptz[], %s::text[], %s::bigint[], %s::bigint[],
                             %s::bool[], %s::bool[], %s::float8[], %s::bigint[])
        ON CONFLICT DO NOTHING
        """,
        columns,
    )


@dataclass(frozen=True, slots=True)
class SideRow:
    """A decision of one side of a trial."""

    by_draft: bool
    orders: int
    served: int
    cost_minor: int
    parcels: int
    splits: int
    misses: float
    short_units: int
    rejects: int


def select_sides(tx: ReadTx, *, trial_id: int) -> list[SideRow]:
    """Total both sides. An order counts as rejected once; orders whose decision was not carried out do not count."""
    return tx.all(
        SideRow,
        """
        SELECT t.by_draft, count(*) AS orders, count(*) FILTER (WHERE t.is_served) AS served,
               coalesce(sum(t.cost_minor) FILTER (WHERE t.is_served), 0)::bigint AS cost_minor,
               coalesce(sum(t.parcels) FILTER (WHERE t.is_served), 0)::bigint AS parcels,
               count(*) FILTER (WHERE t.is_split) AS splits,
               coalesce(sum(t.miss) FILTER (WHERE t.is_served), 0) AS misses,
               coalesce(sum(t.short_units), 0)::bigint AS short_units,
               count(*) FILTER (WHERE (r.kind = 'canary' OR NOT t.by_draft) AND EXISTS (
                     SELECT 1 FROM fulfillment_orders f WHERE f.order_id = t.order_id AND f.state = 'rejected')) AS rejects
          FROM routing_trial_orders t JOIN routing_trials r ON r.id = t.trial_id
         WHERE t.trial_id = %s GROUP BY t.by_draft
        """,
        (trial_id,),
    )
