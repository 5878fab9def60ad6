"""Routing operations: queues of waiting orders, past and next scheduled runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from doorstep.delivery.api.access import Calling
from doorstep.domain.analytics.views import queues as queue_views
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import runs as verbs
from doorstep.domain.routing.views import runs as views
from doorstep.domain.routing.views.runs import RunRow
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Routing operations"])


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue and the orders in it; `name` is empty for orders that are in no queue of the rules."""

    name: str
    owner: str
    orders: int
    pieces: int
    oldest_at: datetime | None
    next_try_at: datetime | None
    ending_within_a_day: int
    auto_cancel_after_days: int | None


@router.get("/routing/queues")
def queues(calling: Calling) -> list[Queue]:
    """List the queues of orders that no rule could allocate. GET /orders with `queue` lists the orders."""
    calling.principal.require(Permission.RULES_READ)

    def look(tx: ReadTx) -> list[Queue]:
        return [
            Queue(
                each.name,
                each.owner,
                each.waiting.orders,
                each.waiting.pieces,
                each.waiting.oldest_at,
                each.waiting.next_try_at,
                each.waiting.ending,
                each.auto_cancel_after_days,
            )
            for each in queue_views.queues(tx, now=calling.app.clock.now())
        ]

    return calling.read(look)


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run. Money is in minor units; `changed` orders got another plan."""

    id: int
    run: str
    kind: str
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
class Next:
    """A scheduled run."""

    run: str
    schedule: str
    next_run_at: datetime


@dataclass(frozen=True, slots=True)
class Runs:
    """Next and past runs, the newest first."""

    next: list[Next]
    history: list[Run]


def _run(row: RunRow) -> Run:
    return Run(
        row.id,
        row.run,
        row.kind.value,
        row.rules,
        row.started_at,
        row.ended_at,
        row.attempted,
        row.routed,
        row.changed,
        row.before_minor,
        row.after_minor,
        row.result,
    )


@router.get("/routing/runs")
def runs(calling: Calling, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Runs:
    """List scheduled runs, batch re-optimizations, scarcity prices and hindsight reports."""
    calling.principal.require(Permission.RULES_READ)

    def look(tx: ReadTx) -> Runs:
        due = [Next(each.run, each.schedule, each.next_run_at) for each in views.schedule(tx)]
        return Runs(due, [_run(each) for each in views.history(tx, limit=limit)])

    return calling.read(look)


@router.post("/routing/runs/{run}/now")
def run_now(calling: Calling, run: str) -> dict[str, object]:
    """Start a scheduled run now; a worker picks it up within 15 seconds. Repeating it changes nothing."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> dict[str, object]:
        verbs.bring_forward(tx, run=run, at=calling.app.clock.now())
        return {"run": run, "due": True}

    return calling.write(work)
