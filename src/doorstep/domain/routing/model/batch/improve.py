"""Improve the decisions of a batch together where the total cost falls; it never rises."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec

from doorstep.domain.routing.model import score
from doorstep.domain.routing.model.batch.member import Member, members
from doorstep.domain.routing.model.batch.pool import Pool, RoutingLocation
from doorstep.domain.routing.model.batch.search import Search
from doorstep.domain.routing.model.demand import Demand, StockKey
from doorstep.domain.routing.model.explanation import Alternative, Explain
from doorstep.domain.routing.model.network import Network
from doorstep.domain.routing.model.order_problem import OrderProblem
from doorstep.domain.routing.model.plan import Decision, Planner, choices_of
from doorstep.domain.routing.model.rules.compiled import CompiledRules
from doorstep.domain.routing.model.supply import Supply
from doorstep.kernel.i18n import mark, plural
from doorstep.kernel.ids import LocationId
from doorstep.kernel.message import Counted, Message

_ON_ITS_OWN = Message("The runner-up is the plan without batch re-optimization.")
_OTHERS = plural("{n} other order", "{n} other orders")
# The rest of the time budget is for the work before and after the search.
_OF_IT_FOR_SEARCH = 0.9


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders decided one by one, and the supply before the first of them (it is not changed)."""

    demands: Sequence[Demand]
    decisions: Sequence[Decision]
    supply_before: Supply


@dataclass(frozen=True, slots=True)
class Budget:
    """The time limit of an optimization: `clock` counts seconds (the model reads no clock of its own)."""

    clock: Callable[[], float]
    seconds: float
    seed: int = 0


@dataclass(frozen=True, slots=True)
class Reoptimized:
    """The decisions of a batch in their sequence, and the benefit of optimizing them together.

    `greedy_minor` and `solved_minor` are the cost of the orders that could change, before and after, where a waiting line
    costs the value of its units, but at least twice the highest cost of sending one; `bound_minor` is a lower bound of the
    cost, if one is known. `how` is a sentence. `steps` are (seconds, cost) during the search.
    """

    decisions: list[Decision]
    greedy_minor: int
    solved_minor: int
    bound_minor: int | None
    how: str
    changed: int = 0
    steps: tuple[tuple[float, float], ...] = ()


def improve(
    batch: Batch, network: Network, compiled_rules: CompiledRules, *, now: datetime, budget: Budget
) -> Reoptimized:
    """Optimize a batch together."""
    planner = Planner.of(batch.supply_before, network, compiled_rules, now=now)
    found = members(planner, batch.demands, batch.decisions)
    if len(found) <= 1:
        return Reoptimized(list(batch.decisions), 0, 0, None, mark("no swap lowers the cost"))
    pool = _pool(batch, found, planner)
    before, greedy = list(pool.served), pool.total()
    search = Search(pool, budget.clock, budget.clock() + _OF_IT_FOR_SEARCH * budget.seconds, budget.seed)
    how = search.run()
    changed = [number for number, served in enumerate(pool.served) if served != before[number]]
    others = len(found) - 1
    note = Message(
        "Optimized together with %(orders)s: %(how)s.", orders=Counted(others, _OTHERS), how=Message(how)
    )
    decisions = list(batch.decisions)
    for number in changed:
        index = found[number].index
        decisions[index] = _decided(decisions[index], found[number], pool.served[number], note)
    bound = None if search.bound is None else min(round(search.bound), round(pool.total()))
    return Reoptimized(
        decisions, round(greedy), round(pool.total()), bound, how, len(changed), tuple(search.steps)
    )


def _pool(batch: Batch, found: list[Member], planner: Planner) -> Pool:
    """The orders that may change, and the supply that the fixed orders leave to them."""
    free = {member.index for member in found}
    fixed = [each for index, each in enumerate(batch.decisions) if index not in free]
    capacity = dict(planner.capacity)
    for decision in fixed:
        for location in {choice.location_id for choice in decision.choices} & capacity.keys():
            capacity[location] -= 1
    supply = batch.supply_before
    taken: dict[tuple[StockKey, LocationId], int] = {}
    for decision in fixed:
        for choice in decision.choices:
            for component, quantity in supply.recipe(choice.sku).items():
                key = component, choice.location_id
                taken[key] = taken.get(key, 0) + quantity * choice.quantity
    return Pool(
        found,
        lambda component, location: (
            supply.at(component).get(location, 0) - taken.get((component, location), 0)
        ),
        capacity,
    )


def _decided(before: Decision, member: Member, served: Sequence[RoutingLocation], note: Message) -> Decision:
    """The decision as changed by the optimization. The runner-up is the plan of the order on its own."""
    problem, plan = member.problem, member.plan(served)
    choices, explain = choices_of(problem, plan), Explain(member.problem)
    lines = explain.lines(choices)
    scores = score.scores(problem, plan)
    filled = {choice.line_no for choice in choices}
    explanation = msgspec.structs.replace(
        before.explanation,
        lines=tuple(lines[want.line_no] for want in problem.wants),
        rule=member.rule.name,
        scores=scores,
        runner_up=_alone(before, problem),
        flip=_ON_ITS_OWN if before.choices else None,
        batch=note,
    )
    return replace(
        before,
        choices=tuple(choices),
        short=tuple(want for want in problem.wants if want.line_no not in filled),
        remainder=before.remainder if len(filled) < len(problem.wants) else None,
        rule=member.rule.name,
        scores=scores,
        explanation=explanation,
    )


def _alone(before: Decision, problem: OrderProblem) -> Alternative | None:
    """The plan of the order on its own."""
    locations = problem.candidates.frame.network.locations
    used = sorted({choice.location_id for choice in before.choices})
    return Alternative(tuple(locations[each].code for each in used), before.scores) if used else None
