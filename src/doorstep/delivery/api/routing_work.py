"""Routing operations: queues of waiting orders, past and next scheduled runs."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.shapes import Money, maybe_money
from doorstep.domain.analytics.views import queues as queue_views
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import runs as verbs
from doorstep.domain.routing.views import runs as views
from doorstep.domain.routing.views.runs import RunRow
from doorstep.flows.network import lanes
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Routing operations"])


class Queue(BaseModel):
    """A queue and the orders in it; `name` is empty for orders that are in no queue of the rules."""

    name: str
    owner: str
    orders: int
    units: int
    oldest_at: datetime | None
    next_try_at: datetime | None
    ending_within_a_day: int
    auto_cancel_after_days: int | None


@router.get("/routing/queues")
def list_routing_queues(calling: Calling) -> list[Queue]:
    """List the queues of orders that no rule could allocate. GET /orders with `queue` lists the orders."""
    calling.principal.require(Permission.RULES_READ)

    def load(tx: ReadTx) -> list[Queue]:
        return [
            Queue(
                name=each.name,
                owner=each.owner,
                orders=each.waiting.orders,
                units=each.waiting.units,
                oldest_at=each.waiting.oldest_at,
                next_try_at=each.waiting.next_try_at,
                ending_within_a_day=each.waiting.ending,
                auto_cancel_after_days=each.auto_cancel_after_days,
            )
            for each in queue_views.queues(tx, now=calling.app.clock.now())
        ]

    return calling.read(load)


class Run(BaseModel):
    """A finished run. `changed` orders got another plan; costs are null where they were not computed."""

    id: int
    run: str
    kind: str
    rules: str
    started_at: datetime
    ended_at: datetime | None
    attempted: int
    routed: int
    changed: int
    cost_before: Money | None
    cost_after: Money | None
    result: str


class Next(BaseModel):
    """A scheduled run."""

    run: str
    schedule: str
    next_run_at: datetime


class Runs(BaseModel):
    """Next and past runs, the newest first."""

    next: list[Next]
    history: list[Run]


def _run(row: RunRow, currency: str) -> Run:
    return Run(
        id=row.id,
        run=row.run,
        kind=row.kind.value,
        rules=row.rules,
        started_at=row.started_at,
        ended_at=row.ended_at,
        attempted=row.attempted,
        routed=row.routed,
        changed=row.changed,
        cost_before=maybe_money(row.before_minor, currency),
        cost_after=maybe_money(row.after_minor, currency),
        result=row.result,
    )


@router.get("/routing/runs")
def list_routing_runs(calling: Calling, limit: Annotated[int, Query(ge=1, le=500)] = 100) -> Runs:
    """List scheduled runs, batch re-optimizations, scarcity prices and hindsight reports."""
    calling.principal.require(Permission.RULES_READ)

    def load(tx: ReadTx) -> Runs:
        currency = lanes.configuration(tx, at=calling.app.clock.now()).compiled.document.currency
        due = [
            Next(run=each.run, schedule=each.schedule, next_run_at=each.next_run_at)
            for each in views.schedule(tx)
        ]
        return Runs(next=due, history=[_run(each, currency) for each in views.history(tx, limit=limit)])

    return calling.read(load)


class RunDue(BaseModel):
    """A run that starts shortly."""

    run: str
    due: bool


@router.post("/routing/runs/{run}/now")
def start_routing_run(calling: Calling, run: str) -> RunDue:
    """Start a scheduled run now; a worker picks it up within 15 seconds. Repeating it changes nothing."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> RunDue:
        verbs.bring_forward(tx, run=run, at=calling.app.clock.now())
        return RunDue(run=run, due=True)

    return calling.write(work)
