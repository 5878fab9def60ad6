"""Rule lab: simulate a draft on past orders, or test it on live orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import cache
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import lab_shapes, paging
from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.delivery.api.shapes import money
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.actions import lab as verbs
from doorstep.domain.routing.actions import trials as trial_verbs
from doorstep.domain.routing.actions.lab import NewRun
from doorstep.domain.routing.actions.trials import NewTrial, Trial
from doorstep.domain.routing.model.lab import (
    TrialKind,
    guardrails,
)
from doorstep.domain.routing.views import lab as views
from doorstep.domain.routing.views import lists, rules, trials
from doorstep.domain.routing.views.lab import LabRun, Slice
from doorstep.flows.network import lanes
from doorstep.flows.routing_rules import simulation_jobs, trial_control
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(prefix="/routing/lab", tags=["Rule lab"])


class SimulationBody(BaseModel):
    """A version to compare with the active rules, on the last days or on documents that are sent along."""

    draft: int = Field(description="Number of the version.")
    days: int = Field(7, ge=1, le=366, description="How many days of past orders to replay.")
    every_minutes: int = Field(
        15, ge=1, description="Orders that come within this number of minutes are routed together."
    )
    batch_seconds: float = Field(0.0, ge=0, le=60, description="Seconds to optimize each batch.")
    orders: str | None = Field(None, description="Order documents as NDJSON, instead of the recorded orders.")
    stock: str | None = Field(None, description="Stock for them: CSV with sku, location, quantity. Default: current available stock.")  # fmt: skip


class TrialBody(BaseModel):
    """A draft to test on live orders."""

    draft: int = Field(description="The number of the draft.")
    kind: TrialKind = Field(description="Whether the draft decides its share, or is only compared.")
    percent: int = Field(10, ge=1, le=100, description="The share of orders that a canary routes.")
    why: str = Field(
        min_length=1, max_length=500, description="The reason, for colleagues who read it later."
    )
    guardrails: dict[str, float] = Field(
        default_factory=dict,
        description="cost_ratio, split_points, miss_points, reject_points, sample. Default: the standard limits.",
    )


class ActionReason(BaseModel):
    """The reason for the action."""

    why: str = Field(
        min_length=1, max_length=500, description="The reason, for colleagues who read it later."
    )


def _currency(calling: Caller, tx: ReadTx) -> str:
    """The currency of the network's costs."""
    return lanes.configuration(tx, at=calling.app.clock.now()).compiled.document.currency


def _trial(tx: ReadTx, found: Trial, currency: str) -> lab_shapes.TrialReport:
    active, draft = trials.sides(tx, trial_id=found.id)
    judged = trial_control.verdict(tx, trial=found)
    return lab_shapes.TrialReport(
        id=found.id,
        draft=found.draft,
        against=found.against,
        kind=found.kind.value,
        percent=found.percent,
        guardrails=lab_shapes.Guardrails(**msgspec.to_builtins(found.guardrails)),
        why=found.why,
        started_at=found.started_at,
        ended_at=found.ended_at,
        ended_why=found.ended_why,
        breached=found.breached,
        is_enough=judged.is_enough,
        is_better=judged.is_better,
        now=lab_shapes.side(active, currency),
        tried=lab_shapes.side(draft, currency),
    )


def _shape(
    found: LabRun, currency: str, same_costs: Callable[[int | None, int | None], bool]
) -> lab_shapes.Simulation:
    return lab_shapes.run(found, currency, same_costs=same_costs(found.draft, found.against))


def _same_costs(tx: ReadTx) -> Callable[[int | None, int | None], bool]:
    """Whether two versions have the same costs; most simulations of a list are of a few versions, which are read once."""
    return cache(lambda one, other: rules.same_costs(tx, one=one, other=other))


@router.get("/simulations")
def list_simulations(calling: Calling, wanted: Annotated[Paging, Query()]) -> Page[lab_shapes.Simulation]:
    """List simulations, newest first."""
    calling.principal.require(Permission.RULES_READ)

    def load(tx: ReadTx) -> Page[lab_shapes.Simulation]:
        currency, same_costs = _currency(calling, tx), _same_costs(tx)
        return paging.newest(
            wanted,
            lists.SIMULATIONS,
            lambda page: lists.simulations(tx, page=page),
            lambda each: _shape(each, currency, same_costs),
        )

    return calling.read(load)


@router.post("/simulations", status_code=202)
def start_simulation(calling: Calling, body: SimulationBody) -> lab_shapes.SimulationState:
    """Request a simulation; a worker runs it. Poll it until its state is done, failed or canceled."""
    calling.principal.require(Permission.RULES_WRITE)
    now = calling.app.clock.now()

    def work(tx: WriteTx) -> lab_shapes.SimulationState:
        new = NewRun(
            "simulation", body.draft, rules.active_number(tx), now - timedelta(days=body.days), now, body.every_minutes,
            body.batch_seconds, "" if body.orders is None else "the request", body.orders, body.stock,
        )  # fmt: skip
        return lab_shapes.SimulationState(id=simulation_jobs.queue(tx, new=new, now=now), state="waiting")

    return calling.write(work)


@router.get("/simulations/{run_id}")
def get_simulation(calling: Calling, run_id: int) -> lab_shapes.Simulation:
    """Get a simulation's progress and the results of both rule sets."""
    calling.principal.require(Permission.RULES_READ)
    return calling.read(
        lambda tx: _shape(views.run(tx, run_id=run_id), _currency(calling, tx), _same_costs(tx))
    )


@router.get("/simulations/{run_id}/changes")
def list_simulation_changes(
    calling: Calling, run_id: int, only: str = "", sort: str = "cost", offset: int = 0, limit: int = 100
) -> list[lab_shapes.ChangedOrder]:
    """List orders with another plan. `only`: dearer, cheaper, more_parcels, fewer_parcels, short; `sort`: cost, saving, order."""
    calling.principal.require(Permission.RULES_READ)
    part = Slice(only, sort, max(0, offset), min(1_000, max(1, limit)))

    def load(tx: ReadTx) -> list[lab_shapes.ChangedOrder]:
        views.run(tx, run_id=run_id)
        currency = _currency(calling, tx)
        return [
            lab_shapes.ChangedOrder(
                order_id=each.order_id,
                number=each.number,
                at=each.at,
                extra_cost=money(each.extra_minor, currency),
                now=lab_shapes.plan(each.before, currency),
                draft=lab_shapes.plan(each.after, currency),
            )
            for each in views.changes(tx, run_id=run_id, part=part)
        ]

    return calling.read(load)


@router.post("/simulations/{run_id}/cancel")
def cancel_simulation(calling: Calling, run_id: int) -> lab_shapes.SimulationState:
    """Cancel a simulation."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> lab_shapes.SimulationState:
        verbs.cancel(tx, run_id=run_id, at=calling.app.clock.now())
        return lab_shapes.SimulationState(id=run_id, state=views.run(tx, run_id=run_id).state)

    return calling.write(work)


@router.delete("/simulations/{run_id}")
def delete_simulation(calling: Calling, run_id: int) -> lab_shapes.SimulationState:
    """Delete a finished simulation."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> lab_shapes.SimulationState:
        verbs.delete(tx, run_id=run_id)
        return lab_shapes.SimulationState(id=run_id, state="deleted")

    return calling.write(work)


@router.get("/trials")
def list_trials(calling: Calling) -> list[lab_shapes.TrialReport]:
    """List trials, newest first, with the results so far."""
    calling.principal.require(Permission.RULES_READ)

    def load(tx: ReadTx) -> list[lab_shapes.TrialReport]:
        currency = _currency(calling, tx)
        return [_trial(tx, each, currency) for each in trials.trials(tx)]

    return calling.read(load)


@router.post("/trials", status_code=201)
def start_trial(calling: Calling, body: TrialBody) -> lab_shapes.TrialState:
    """Start a trial: shadow (only compared) or canary (routes a share of the orders). One trial at a time."""
    calling.principal.require(Permission.RULES_WRITE)
    percent = 100 if body.kind is TrialKind.SHADOW else body.percent
    new = NewTrial(body.draft, body.kind, percent, guardrails.guardrails(body.guardrails), body.why)
    return calling.write(lambda tx: _reported(trial_control.start(tx, new=new, now=calling.app.clock.now())))


@router.post("/trials/stop")
def stop_trial(calling: Calling, body: ActionReason) -> lab_shapes.TrialState:
    """Stop the running trial."""
    calling.principal.require(Permission.RULES_WRITE)
    return calling.write(lambda tx: _reported(trial_verbs.stop(tx, why=body.why, at=calling.app.clock.now())))


@router.post("/trials/promote")
def promote_trial(calling: Calling, body: ActionReason) -> lab_shapes.Promoted:
    """Stop the running trial and activate its draft for every order."""
    calling.principal.require(Permission.RULES_WRITE)

    def work(tx: WriteTx) -> lab_shapes.Promoted:
        found = trial_control.promote(tx, why=body.why, now=calling.app.clock.now())
        return lab_shapes.Promoted(number=found.number, state=found.state)

    return calling.write(work)


def _reported(found: Trial) -> lab_shapes.TrialState:
    return lab_shapes.TrialState(
        id=found.id, draft=found.draft, kind=found.kind.value, running=found.ended_at is None
    )
