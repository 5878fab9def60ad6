"""Routing decisions of an order: where its lines went, why, and what the alternatives would have cost."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.shapes import Money, maybe_money, money
from doorstep.domain.analytics.views import decisions as views
from doorstep.domain.analytics.views.decisions import Decision as Reported
from doorstep.domain.identity.model import Permission
from doorstep.domain.routing.model import explanation as stored
from doorstep.domain.routing.model import score as stored_scores
from doorstep.kernel.db import ReadTx
from doorstep.kernel.message import english

router = APIRouter(tags=["Orders"])


class AssignedUnits(BaseModel):
    """Units of a line that were assigned to a location."""

    location: str
    line_no: int
    quantity: int


class DecisionCandidate(BaseModel):
    """A location as it was then; `eliminated` is the reason why it could not serve the line (empty: it could).

    Cost, probability to miss the promise and arrival are of the line in a parcel of its own.
    """

    location: str
    available: int
    distance_km: int | None
    eliminated: str
    cost: Money
    miss_probability: float
    arrives_date: date | None


class ExplainedLine(BaseModel):
    """Why a line was allocated there: a sentence, and the nearest locations (`others` more had some stock too)."""

    line_no: int
    sku: str
    quantity: int
    sentence: str
    candidates: list[DecisionCandidate]
    others: int


class Scores(BaseModel):
    """A plan in numbers. `cost` is the sum of the costs after it; the days are those of the last parcel."""

    miss_probability: float
    cost: Money
    carriage: Money
    handling: Money
    split: Money
    reroute: Money
    late: Money
    load: Money
    last_unit: Money
    scarcity: Money
    carbon: Money
    parcels: int
    km: int
    leaves_date: date | None
    arrives_date: date | None
    co2_grams: int


class RunnerUp(BaseModel):
    """The second-best plan."""

    locations: list[str]
    scores: Scores


class RuledOut(BaseModel):
    """How many locations were ruled out for the whole order, and why."""

    reason: str
    locations: int


class DecisionExplanation(BaseModel):
    """Why the decision is as it is.

    `run`, `routing` and `rule` name the part of the rule set that decided; `asked` locations were considered. `flip` says what
    would have made the runner-up win. `together` are orders of the same customer whose parcel this order joins. `batch` says
    what batch re-optimization changed.
    """

    run: str
    routing: str
    rule: str
    lines: list[ExplainedLine]
    scores: Scores
    runner_up: RunnerUp | None
    flip: str
    ruled_out: list[RuledOut]
    asked: int
    together: list[int]
    batch: str


class Decision(BaseModel):
    """A stored decision. `best` is the cost of the best plan for the complete day, `actual` the cost of this one; null: not computed yet."""

    id: int
    decided_at: datetime
    actor: str
    rules: str
    rules_version: int | None
    sent: list[AssignedUnits]
    best: Money | None
    actual: Money | None
    explanation: DecisionExplanation


def _scores(found: stored_scores.Scores, currency: str) -> Scores:
    costs = {
        name: money(getattr(found, f"{name}_minor"), currency)
        for name in ("cost", "carriage", "handling", "split", "reroute", "late", "load", "last_unit", "scarcity", "carbon")
    }  # fmt: skip
    return Scores(
        miss_probability=found.miss,
        parcels=found.parcels,
        km=found.km,
        leaves_date=found.leaves,
        arrives_date=found.arrives,
        co2_grams=found.co2_grams,
        **costs,
    )


def _line(found: stored.LineExplanation, currency: str) -> ExplainedLine:
    candidates = [
        DecisionCandidate(
            location=each.location,
            available=each.available,
            distance_km=each.distance_km,
            eliminated=english(each.eliminated),
            cost=money(each.cost_minor, currency),
            miss_probability=each.miss,
            arrives_date=each.arrives,
        )
        for each in found.candidates
    ]
    return ExplainedLine(
        line_no=found.line_no,
        sku=found.sku,
        quantity=found.quantity,
        sentence=found.sentence.english(),
        candidates=candidates,
        others=found.others,
    )


def _runner_up(found: stored.Alternative | None, currency: str) -> RunnerUp | None:
    if found is None:
        return None
    return RunnerUp(locations=list(found.locations), scores=_scores(found.scores, currency))


def _explanation(found: stored.Explanation, currency: str) -> DecisionExplanation:
    return DecisionExplanation(
        run=found.run,
        routing=found.routing,
        rule=found.rule,
        lines=[_line(each, currency) for each in found.lines],
        scores=_scores(found.scores, currency),
        runner_up=_runner_up(found.runner_up, currency),
        flip=english(found.flip),
        ruled_out=[RuledOut(reason=reason.english(), locations=number) for reason, number in found.excluded],
        asked=found.asked,
        together=list(found.together),
        batch=english(found.batch),
    )


def _reported(found: Reported, currency: str) -> Decision:
    sent = [
        AssignedUnits(location=code, line_no=line_no, quantity=quantity)
        for code, lines in found.sent.items()
        for line_no, quantity in lines.items()
    ]
    return Decision(
        id=found.id,
        decided_at=found.decided_at,
        actor=found.actor,
        rules=found.row.rules,
        rules_version=found.version,
        sent=sent,
        best=maybe_money(found.row.best_minor, currency),
        actual=maybe_money(found.row.actual_minor, currency),
        explanation=_explanation(found.explanation, currency),
    )


@router.get("/orders/{order_id}/decisions")
def list_order_decisions(calling: Calling, order_id: int) -> list[Decision]:
    """List every routing decision of an order, newest first."""
    calling.principal.require(Permission.ORDERS_READ)
    calling.principal.require(Permission.RULES_READ)

    def load(tx: ReadTx) -> list[Decision]:
        found = views.of_order(tx, order_id=order_id)
        currency = views.currency(tx, order_id=order_id)
        return [_reported(each, currency) for each in found]

    return calling.read(load)
