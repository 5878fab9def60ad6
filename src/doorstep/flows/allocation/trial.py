"""Apply a trial rule set: in shadow mode, or as a canary on a share of the orders (trial_control ends it)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from doorstep.domain.routing import model
from doorstep.domain.routing.actions import rules as versions
from doorstep.domain.routing.actions import trials as verbs
from doorstep.domain.routing.actions.trials import Trial
from doorstep.domain.routing.model import Decision, Network, Supply
from doorstep.domain.routing.model.lab import TrialKind, guardrails
from doorstep.domain.routing.model.rules import CompiledRules, Run
from doorstep.domain.routing.views import rules, trials
from doorstep.flows.allocation.inputs import PlanningInputs
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import LocationId


def plan(tx: WriteTx, *, inputs: PlanningInputs, now: datetime, run: Run | None) -> list[Decision]:
    """Plan a batch: by the active rules, and orders of the trial by its draft."""
    trial = trials.running(tx)
    if trial is None or run is not None or (trial.against or 0) != inputs.compiled_rules.number:
        return model.plan(
            inputs.demands, inputs.supply, inputs.network, inputs.compiled_rules, now=now, run=run
        )
    draft = rules.compiled_rules_of(tx, number=trial.draft)
    if trial.kind is TrialKind.SHADOW:
        decided, tried = _silently(inputs, draft, now)
        _record(tx, trial, decided, tried, now)
        found = decided
    else:
        decided, tried = _shared(inputs, draft, trial.percent, now)
        _record(tx, trial, decided, tried, now)
        by_order = {each.order_id: each for each in (*decided, *tried)}
        found = [by_order[each.order_id] for each in inputs.demands]
    versions.record_failures(tx, compiled_rules=draft, at=now)
    return found


def _silently(
    inputs: PlanningInputs, draft: CompiledRules, now: datetime
) -> tuple[list[Decision], list[Decision]]:
    """Plan by both on the same stock; only the active rules' plan is used."""
    same = replace(
        inputs.supply, available={name: dict(there) for name, there in inputs.supply.available.items()}
    )
    tried = model.plan(inputs.demands, same, inputs.network, draft, now=now)
    return model.plan(inputs.demands, inputs.supply, inputs.network, inputs.compiled_rules, now=now), tried


def _shared(
    inputs: PlanningInputs, draft: CompiledRules, percent: int, now: datetime
) -> tuple[list[Decision], list[Decision]]:
    """Each rule set plans its own orders; the one with the first order of the batch plans first, so neither is favored."""
    drafts = [each for each in inputs.demands if guardrails.is_drafts(each.order_id, percent)]
    others = [each for each in inputs.demands if not guardrails.is_drafts(each.order_id, percent)]
    first, second = (others, inputs.compiled_rules), (drafts, draft)
    if drafts and drafts[0] is inputs.demands[0]:
        first, second = second, first
    early = _planned(first, inputs.supply, inputs.network, now)
    taken = [location for each in early for location in {choice.location_id for choice in each.choices}]
    late = _planned(second, inputs.supply, _after(inputs.network, taken), now)
    return (early, late) if first[1] is inputs.compiled_rules else (late, early)


def _after(network: Network, works: Sequence[LocationId]) -> Network:
    """The network without the capacity that was just used."""
    locations = dict(network.locations)
    for location, count in Counter(works).items():
        capacity = locations[location].free_capacity
        if capacity is not None:
            locations[location] = replace(locations[location], free_capacity=max(0, capacity - count))
    return replace(network, locations=locations)


def _planned(
    side: tuple[Sequence[model.Demand], CompiledRules], supply: Supply, network: Network, now: datetime
) -> list[Decision]:
    demands, compiled_rules = side
    return model.plan(demands, supply, network, compiled_rules, now=now) if demands else []


def _record(
    tx: WriteTx, trial: Trial, decided: Sequence[Decision], tried: Sequence[Decision], now: datetime
) -> None:
    for by_draft, decisions in ((False, decided), (True, tried)):
        verbs.record(tx, trial=trial, decisions=decisions, by_draft=by_draft, at=now)
