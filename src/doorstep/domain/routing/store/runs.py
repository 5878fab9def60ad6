"""SQL of runs: their history, and their schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.routing.model.runs import RunKind
from doorstep.kernel.db import ReadTx, WriteTx


@dataclass(frozen=True, slots=True)
class RunRow:
    """The result of one run; money in minor units, `changed` orders got another plan."""

    id: int
    run: str
    kind: RunKind
    rules: str
    started_at: datetime
    ended_at: datetime | None
    attempted: int
    routed: int
    changed: int
    before_minor: int | None
    after_minor: int | None
    result: str


@dataclass(frozen=True, slots=True)
class NewRun:
    """A run that has ended."""

    run: str
    kind: RunKind
    rules: str
    started_at: datetime
    ended_at: datetime
    attempted: int = 0
    routed: int = 0
    changed: int = 0
    before_minor: int | None = None
    after_minor: int | None = None
    result: str = ""


def insert_run(tx: WriteTx, run: NewRun) -> int:
    """Insert the result of a run; returns its id."""
    return tx.value(
        int,
        """
        INSERT INTO routing_runs (run, kind, rules, started_at, ended_at, attempted, routed, changed, before_minor,
                                  after_minor, result)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id
        """,
        (
            run.run, run.kind.value, run.rules, run.started_at, run.ended_at, run.attempted, run.routed, run.changed,
            run.before_minor, run.after_minor, run.result,
        ),
    )  # fmt: skip


def select_runs(tx: ReadTx, *, limit: int) -> list[RunRow]:
    """Select the newest runs."""
    return tx.all(
        RunRow,
        """
        SELECT id, run, kind, rules, started_at, ended_at, attempted, routed, changed, before_minor, after_minor, result
          FROM routing_runs ORDER BY started_at DESC, id DESC LIMIT %s
        """,
        (limit,),
    )


def delete_runs(tx: WriteTx, *, before: datetime) -> int:
    """Delete old history; returns how many."""
    return tx.execute("DELETE FROM routing_runs WHERE started_at < %s", (before,))


@dataclass(frozen=True, slots=True)
class Due:
    """A scheduled run, and its next time."""

    run: str
    schedule: str
    next_run_at: datetime


def lock_schedule(tx: WriteTx) -> list[Due]:
    """Select and lock all schedules, one process at a time; empty if another process has them."""
    return tx.all(
        Due, "SELECT run, schedule, next_run_at FROM routing_schedule ORDER BY run FOR UPDATE SKIP LOCKED"
    )


def select_schedule(tx: ReadTx) -> list[Due]:
    """Select all schedules, the next first."""
    return tx.all(Due, "SELECT run, schedule, next_run_at FROM routing_schedule ORDER BY next_run_at, run")


def put_schedule(tx: WriteTx, due: Sequence[Due]) -> None:
    """Set when these are due next."""
    tx.execute(
        """
        INSERT INTO routing_schedule (run, schedule, next_run_at)
        SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[])
        ON CONFLICT (run) DO UPDATE SET schedule = excluded.schedule, next_run_at = excluded.next_run_at
        """,
        ([each.run for each in due], [each.schedule for each in due], [each.next_run_at for each in due]),
    )


def bring_forward(tx: WriteTx, *, run: str, at: datetime) -> int:
    """Make a scheduled run due at once; one that is already due is unchanged. Returns how many there are."""
    return tx.execute(
        "UPDATE routing_schedule SET next_run_at = least(next_run_at, %s) WHERE run = %s", (at, run)
    )


def delete_schedule(tx: WriteTx, *, runs: Sequence[str]) -> None:
    """Delete schedules."""
    tx.execute("DELETE FROM routing_schedule WHERE run = ANY(%s)", (list(runs),))


def replace_prices(tx: WriteTx, prices: Mapping[tuple[str, int], int], *, at: datetime) -> None:
    """Replace all scarcity prices."""
    tx.execute("DELETE FROM routing_prices")
    tx.copy(
        "COPY routing_prices (stock_key, location_id, price_minor, computed_at) FROM STDIN",
        [(component, location_id, price, at) for (component, location_id), price in prices.items()],
    )


@dataclass(frozen=True, slots=True)
class PriceRow:
    """The scarcity price of a unit at a location, in minor units."""

    stock_key: str
    location_id: int
    price_minor: int


def select_prices(tx: ReadTx, *, stock_keys: Sequence[str]) -> list[PriceRow]:
    """Select the scarcity prices of these stock keys."""
    return tx.all(
        PriceRow,
        "SELECT stock_key, location_id, price_minor FROM routing_prices WHERE stock_key = ANY(%s)",
        (list(stock_keys),),
    )
