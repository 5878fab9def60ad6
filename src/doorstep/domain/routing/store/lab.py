"""SQL of simulations: requests, workers, results."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString

import msgspec

from doorstep.domain.routing.model.lab import Difference, Measured, OrderPlan
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class LabRun:
    """A simulation, without its files. `state` is waiting, running, done, failed or canceled."""

    id: int
    kind: str
    draft: int | None
    against: int | None
    since: datetime
    until: datetime
    every_minutes: int
    batch_seconds: float
    orders_name: str
    state: str
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    attempts: int
    done: int
    total: int
    is_canceled: bool
    error: str
    before: Measured | None
    after: Measured | None
    changed: int

    @property
    def is_over(self) -> bool:
        return self.state in {"done", "failed", "canceled"}

    @property
    def percent(self) -> int:
        """The progress."""
        return 100 * self.done // self.total if self.total else 0


@dataclass(frozen=True, slots=True)
class NewRun:
    """A request to simulate: a draft over a period, or over the orders of a file (NDJSON) with stock (CSV)."""

    kind: str
    draft: int | None
    against: int | None
    since: datetime
    until: datetime
    every_minutes: int
    batch_seconds: float = 0.0
    orders_name: str = ""
    orders_file: str | None = None
    stock_file: str | None = None


RUN_COLUMNS: LiteralString = """
    id, kind, draft, against, since, until, every_minutes, batch_seconds, orders_name, state, requested_by, requested_at, started_at,
    ended_at, attempts, done, total, is_canceled, error, before, after, changed
"""


def insert_run(tx: WriteTx, new: NewRun, *, at: datetime) -> int | None:
    """Insert a waiting run; None if this day already has one."""
    found = tx.column(
        int,
        """
        INSERT INTO lab_runs (kind, draft, against, since, until, every_minutes, batch_seconds, orders_name, orders_file,
                              stock_file, requested_by, requested_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON CONFLICT (since) WHERE kind = 'hindsight' DO NOTHING RETURNING id
        """,
        (
            new.kind, new.draft, new.against, new.since, new.until, new.every_minutes, new.batch_seconds, new.orders_name,
            new.orders_file, new.stock_file, tx.actor, at,
        ),
    )  # fmt: skip
    return found[0] if found else None


def lease_run(tx: WriteTx, *, at: datetime, seconds: float, most: int) -> LabRun | None:
    """Claim the oldest waiting or expired run; None if there is none. Leases use the database's clock."""
    return tx.one(
        LabRun,
        f"""
        UPDATE lab_runs SET state = 'running', lease_until = now() + make_interval(secs => %(seconds)s), started_at = %(at)s, attempts = attempts + 1, done = 0
         WHERE id = (SELECT id FROM lab_runs
                      WHERE state = 'waiting' OR (state = 'running' AND lease_until < now() AND attempts < %(most)s)
                      ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
        RETURNING {RUN_COLUMNS}
        """,
        {"at": at, "seconds": seconds, "most": most},
    )


def exists_due(tx: ReadTx) -> bool:
    """Whether a run waits, or its lease is over."""
    return tx.value(
        bool,
        """
        SELECT EXISTS (SELECT FROM lab_runs WHERE state IN ('waiting', 'running')
                          AND (state = 'waiting' OR lease_until < now()))
        """,
    )


def fail_abandoned(tx: WriteTx, *, at: datetime, most: int) -> int:
    """Mark runs as failed after too many attempts; returns how many."""
    return tx.execute(
        """
        UPDATE lab_runs SET state = 'failed', ended_at = %(at)s, lease_until = NULL,
               error = 'Its worker died ' || attempts || ' times.'
         WHERE state = 'running' AND lease_until < now() AND attempts >= %(most)s
        """,
        {"at": at, "most": most},
    )


@dataclass(frozen=True, slots=True)
class Lease:
    """A worker's lease of a run: its id and attempt; a later worker has a higher attempt."""

    run_id: int
    attempt: int


def save_progress(tx: WriteTx, *, hold: Lease, done: int, total: int, seconds: float) -> bool | None:
    """Store the progress; returns whether the run is to be canceled, None if another worker has it."""
    found = tx.column(
        bool,
        """
        UPDATE lab_runs SET done = %s, total = %s, lease_until = now() + make_interval(secs => %s)
         WHERE id = %s AND attempts = %s AND state = 'running' RETURNING is_canceled
        """,
        (done, total, seconds, hold.run_id, hold.attempt),
    )
    return found[0] if found else None


def finish(
    tx: WriteTx, *, hold: Lease, before: Measured | None, after: Measured | None, changed: int, at: datetime
) -> bool:
    """Store the result; False if another worker has the run."""
    encode = msgspec.json.encode
    return bool(
        tx.execute(
            """
            UPDATE lab_runs SET state = 'done', before = %s::jsonb, after = %s::jsonb, changed = %s, done = total, ended_at = %s,
                   lease_until = NULL
             WHERE id = %s AND attempts = %s AND state = 'running'
            """,
            (encode(before).decode(), encode(after).decode(), changed, at, hold.run_id, hold.attempt),
        )
    )


def end(tx: WriteTx, *, hold: Lease, state: str, error: str, at: datetime | None) -> None:
    """End without a result: failed, canceled, or returned to the queue."""
    tx.execute(
        """
        UPDATE lab_runs SET state = %s, error = %s, ended_at = %s, lease_until = NULL
         WHERE id = %s AND attempts = %s AND state = 'running'
        """,
        (state, error, at, hold.run_id, hold.attempt),
    )


def cancel(tx: WriteTx, *, run_id: int, at: datetime) -> bool:
    """Cancel a waiting run at once, a running one at its next batch; False if it has ended."""
    return bool(
        tx.execute(
            """
            UPDATE lab_runs SET is_canceled = true, state = CASE state WHEN 'waiting' THEN 'canceled' ELSE state END,
                   ended_at = CASE state WHEN 'waiting' THEN %s END
             WHERE id = %s AND state IN ('waiting', 'running')
            """,
            (at, run_id),
        )
    )


def delete(tx: WriteTx, *, run_id: int) -> bool:
    """Delete a run that has ended."""
    return bool(
        tx.execute(
            "DELETE FROM lab_runs WHERE id = %s AND state IN ('done', 'failed', 'canceled')", (run_id,)
        )
    )


def delete_old(tx: WriteTx, *, before: datetime) -> int:
    """Delete runs that ended before this time."""
    return tx.execute("DELETE FROM lab_runs WHERE ended_at < %s", (before,))


def copy_changes(tx: WriteTx, rows: Iterator[tuple[str, Difference]], *, run_id: int) -> None:
    """Insert orders that change, each with its number."""
    encode = msgspec.json.encode
    tx.copy(
        "COPY lab_changes (run_id, order_id, number, at, extra_minor, before, after) FROM STDIN",
        (
            (
                run_id, each.order_id, number, each.at, each.cost_minor, encode(each.before).decode(),
                encode(each.after).decode(),
            )
            for number, each in rows
        ),
    )  # fmt: skip


def select_run(tx: ReadTx, *, run_id: int) -> LabRun | None:
    """Select one run."""
    return tx.one(LabRun, f"SELECT {RUN_COLUMNS} FROM lab_runs WHERE id = %s", (run_id,))


def select_runs(tx: ReadTx, *, limit: int) -> list[LabRun]:
    """Select the newest simulations."""
    return tx.all(
        LabRun,
        f"SELECT {RUN_COLUMNS} FROM lab_runs WHERE kind = 'simulation' ORDER BY id DESC LIMIT %s",
        (limit,),
    )


@dataclass(frozen=True, slots=True)
class Files:
    """The uploaded files of a run."""

    orders_file: str | None
    stock_file: str | None


def select_files(tx: ReadTx, *, run_id: int) -> Files:
    """Select the files of a run."""
    found = tx.one(Files, "SELECT orders_file, stock_file FROM lab_runs WHERE id = %s", (run_id,))
    return found or Files(None, None)


@dataclass(frozen=True, slots=True)
class LabChange:
    """An order with a different result; its additional (or lower) cost in minor units."""

    order_id: int
    number: str
    at: datetime
    extra_minor: int
    before: OrderPlan
    after: OrderPlan


@dataclass(frozen=True, slots=True)
class Slice:
    """A filter of a run's changes. `only` is "" for all, dearer, cheaper, more_parcels, fewer_parcels or short; `sort` is order or cost."""

    only: str = ""
    sort: str = "cost"
    offset: int = 0
    limit: int = 100


ONLY_SQL: dict[str, LiteralString] = {
    "": "true",
    "dearer": "extra_minor > 0",
    "cheaper": "extra_minor < 0",
    "more_parcels": "(after ->> 'parcels')::bigint > (before ->> 'parcels')::bigint",
    "fewer_parcels": "(after ->> 'parcels')::bigint < (before ->> 'parcels')::bigint",
    "short": "(after ->> 'short_units')::bigint > (before ->> 'short_units')::bigint",
}
_SORTS: dict[str, LiteralString] = {
    "cost": "extra_minor DESC, order_id",
    "saving": "extra_minor, order_id",
    "order": "at, order_id",
}
ONLY, SORTS = tuple(ONLY_SQL), tuple(_SORTS)


def select_changes(tx: ReadTx, *, run_id: int, part: Slice) -> list[LabChange]:
    """Select orders that change."""
    return tx.all(
        LabChange,
        f"""
        SELECT order_id, number, at, extra_minor, before, after FROM lab_changes
         WHERE run_id = %s AND {ONLY_SQL[part.only]} ORDER BY {_SORTS[part.sort]} OFFSET %s LIMIT %s
        """,
        (run_id, part.offset, part.limit),
    )


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of a run's changes, by kind."""

    changed: int = 0
    dearer: int = 0
    cheaper: int = 0
    more_parcels: int = 0
    fewer_parcels: int = 0
    short: int = 0


def count_changes(tx: ReadTx, *, run_id: int) -> Counts:
    """Count the orders of each kind of change."""
    found = tx.one(
        Counts,
        f"""
        SELECT count(*) AS changed, count(*) FILTER (WHERE {ONLY_SQL["dearer"]}) AS dearer,
               count(*) FILTER (WHERE {ONLY_SQL["cheaper"]}) AS cheaper,
               count(*) FILTER (WHERE {ONLY_SQL["more_parcels"]}) AS more_parcels,
               count(*) FILTER (WHERE {ONLY_SQL["fewer_parcels"]}) AS fewer_parcels,
               count(*) FILTER (WHERE {ONLY_SQL["short"]}) AS short
          FROM lab_changes WHERE run_id = %s
        """,
        (run_id,),
    )
    return found or Counts()


@dataclass(frozen=True, slots=True)
class Decided:
    """An order's last complete decision of a period, and its expected cost in minor units, with carriage."""

    id: int
    order_id: int
    cost_minor: int
    carriage_minor: int


def select_decided(tx: ReadTx, *, since: datetime, until: datetime) -> list[Decided]:
    """Select the decisions of a period for the hindsight gap: each order's last one, if nothing of it was short."""
    return tx.all(
        Decided,
        """
        SELECT DISTINCT ON (order_id) id, order_id, cost_minor,
               coalesce((explanation -> 'scores' ->> 'carriage_minor')::bigint, 0) AS carriage_minor
          FROM routing_decisions
         WHERE decided_at >= %s AND decided_at < %s AND short_units = 0 AND cost_minor IS NOT NULL
         ORDER BY order_id, id DESC
        """,
        (since, until),
    )


@dataclass(frozen=True, slots=True)
class Hindsight:
    """The actual cost of a decision, and its cost in the best plan of its whole day; minor units."""

    id: int
    actual_minor: int
    best_minor: int


def set_hindsight(tx: WriteTx, known: Sequence[Hindsight]) -> None:
    """Store the hindsight gaps of decisions."""
    tx.execute(
        """
        UPDATE routing_decisions d SET actual_minor = new.actual_minor, best_minor = new.best_minor
          FROM unnest(%s::bigint[], %s::bigint[], %s::bigint[]) AS new (id, actual_minor, best_minor) WHERE d.id = new.id
        """,
        (
            [each.id for each in known],
            [each.actual_minor for each in known],
            [each.best_minor for each in known],
        ),
    )
