"""Shapes of the rule lab's answers."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Literal

import msgspec
from pydantic import BaseModel

from doorstep.delivery.api.shapes import Money, money
from doorstep.domain.routing.model.lab import Measured, OrderPlan, Tally, compare
from doorstep.domain.routing.model.lab.measures import Measure
from doorstep.domain.routing.views.lab import LabRun


class Totals(BaseModel):
    """The results of one rule set. `served` orders were allocated something; `splits` of them came in several parcels.

    `misses` is the expected number of missed promises.
    """

    orders: int
    served: int
    cost: Money
    parcels: int
    splits: int
    misses: float
    short_units: int


class Load(BaseModel):
    """Work of a location on a day (UTC)."""

    location: str
    day: date
    orders: int
    units: int


class SimulatedTotals(Totals):
    """The results of one rule set in a simulation; `seconds` is the time spent deciding."""

    km: int
    co2_grams: int
    seconds: float
    loads: list[Load]


class SimulatedSides(BaseModel):
    """The results of the active rules and of the draft."""

    now: SimulatedTotals
    draft: SimulatedTotals


class Figure(BaseModel):
    """A number in the unit of its measure, or an amount of money."""

    number: float | None
    money: Money | None


class Comparison(BaseModel):
    """A measure under both rule sets; smaller is better. `ratio` is draft by now; null if now is zero."""

    key: str
    label: str
    unit: str
    now: Figure
    draft: Figure
    ratio: float | None
    mark: Literal["better", "worse", "same"]


class Simulation(BaseModel):
    """A simulation and its progress; `compared` and `totals` are there when it is done.

    Each side is priced with the costs of its own rule set: compare costs only if `same_costs`.
    """

    id: int
    state: str
    draft: int | None
    against: int | None
    since: datetime
    until: datetime
    every_minutes: int
    batch_seconds: float
    orders_name: str
    requested_by: str
    requested_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    done: int
    total: int
    error: str
    changed: int
    same_costs: bool = True
    compared: list[Comparison] | None = None
    totals: SimulatedSides | None = None


class SimulationState(BaseModel):
    """A simulation and its state."""

    id: int
    state: str


class Plan(BaseModel):
    """The result of an order under one rule set."""

    sent: list[str]
    cost: Money
    parcels: int
    short_units: int
    sentence: str
    rule: str


class ChangedOrder(BaseModel):
    """An order with another plan, and what it costs more (or less)."""

    order_id: int
    number: str
    at: datetime
    extra_cost: Money
    now: Plan
    draft: Plan


class Guardrails(BaseModel):
    """How much worse a draft may be: its cost per order as a ratio, the others in percentage points."""

    cost_ratio: float
    split_points: float
    miss_points: float
    reject_points: float
    sample: int


class TrialTotals(Totals):
    """The results of one side of a trial."""

    rejects: int


class TrialState(BaseModel):
    """A trial after the action."""

    id: int
    draft: int
    kind: str
    running: bool


class TrialReport(BaseModel):
    """A trial with the results so far: of the active rules (`now`) and of the draft (`tried`). `breached`: a guardrail ended it."""

    id: int
    draft: int
    against: int | None
    kind: str
    percent: int
    guardrails: Guardrails
    why: str
    started_at: datetime
    ended_at: datetime | None
    ended_why: str
    breached: bool
    is_enough: bool
    is_better: bool
    now: TrialTotals
    tried: TrialTotals


class Promoted(BaseModel):
    """The version that is active now."""

    number: int
    state: str


def _figure(measure: Measure, value: float, currency: str) -> Figure:
    if measure.unit == "money":
        return Figure(number=None, money=money(round(value), currency))
    return Figure(number=value, money=None)


def _totals(found: Measured, currency: str) -> SimulatedTotals:
    fields = msgspec.to_builtins(found)
    return SimulatedTotals(cost=money(fields.pop("cost_minor"), currency), **fields)


def run(found: LabRun, currency: str, *, same_costs: bool) -> Simulation:
    """Map a simulation."""
    reported = Simulation.model_validate(found, from_attributes=True)
    reported.same_costs = same_costs
    if found.before is None or found.after is None:
        return reported
    reported.compared = [
        Comparison(
            key=each.measure.key,
            label=each.measure.label,
            unit=each.measure.unit,
            now=_figure(each.measure, each.before, currency),
            draft=_figure(each.measure, each.after, currency),
            ratio=each.ratio,
            mark=each.mark,
        )
        for each in compare(found.before, found.after)
    ]
    reported.totals = SimulatedSides(
        now=_totals(found.before, currency), draft=_totals(found.after, currency)
    )
    return reported


def plan(found: OrderPlan, currency: str) -> Plan:
    """Map the result of one order."""
    fields = msgspec.to_builtins(found)
    return Plan(cost=money(fields.pop("cost_minor"), currency), **fields)


def side(found: Tally, currency: str) -> TrialTotals:
    """Map one side of a trial."""
    fields = asdict(found)
    return TrialTotals(cost=money(fields.pop("cost_minor"), currency), **fields)
