"""Decide which location fulfills which line of an order: a pure function with an explanation.

An order is taken by the first routing that matches it and served in that routing's sequence; its rules are applied in turn to
what is left. A rule has its candidate locations (candidates), the order as these can fill it (order_problem), the best way to split it
(search), and its score (score). Stock that is taken is not available to later orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from doorstep.domain.routing.model import explanation as explanations
from doorstep.domain.routing.model import score, search
from doorstep.domain.routing.model.bundle import Bundles
from doorstep.domain.routing.model.candidates import CandidateViews, Frame
from doorstep.domain.routing.model.counterfactual import counterfactual
from doorstep.domain.routing.model.demand import Choice, Demand, DemandLine
from doorstep.domain.routing.model.explanation import Alternative, Explain, Explanation, LineExplanation
from doorstep.domain.routing.model.network import Lane, Network
from doorstep.domain.routing.model.order_problem import BestPlans, OrderProblem, Plan
from doorstep.domain.routing.model.rules.compiled import CompiledRules, RuleEvaluator
from doorstep.domain.routing.model.rules.document import Remainder, Routing, Rule, Run
from doorstep.domain.routing.model.score import Scores
from doorstep.domain.routing.model.supply import Supply
from doorstep.kernel.ids import LocationId, OrderId
from doorstep.kernel.message import Message

_NO_ROUTING = Message("No routing of the rule set takes this order. Backordered; nothing is reserved.")
_LINE = attrgetter("line_no")
_UNLIMITED: Mapping[LocationId, int] = {}
_NO_RULE = Message("No rule of this routing is active. Backordered; nothing is reserved.")


@dataclass(frozen=True, slots=True)
class Decision:
    """The plan for one order. `short` has the lines that no rule could allocate, `rest` what happens to them (None: the order
    waits). `hold_back` says that allocated units are reserved but wait for the rest.
    """

    order_id: OrderId
    choices: tuple[Choice, ...]
    short: tuple[DemandLine, ...]
    remainder: Remainder | None
    hold_back: bool
    routing: str
    rule: str
    scores: Scores
    explanation: Explanation


def plan(
    demands: Sequence[Demand],
    supply: Supply,
    network: Network,
    compiled_rules: CompiledRules,
    *,
    now: datetime,
    run: Run | None = None,
) -> list[Decision]:
    """Decide for a batch of orders, in the given sequence; `supply` has the remaining stock afterwards."""
    planner = Planner.of(supply, network, compiled_rules, now=now)
    return planner.decide(demands, run)


@dataclass(slots=True)
class Progress:
    """The progress of an order through the rules of its routing."""

    left: Sequence[DemandLine]
    choices: list[Choice] = field(default_factory=list)
    lines: dict[int, LineExplanation] = field(default_factory=dict)
    scores: Scores = score.NOTHING
    rule: str = ""
    remainder: Remainder | None = None
    hold_back: bool = False
    runner_up: Alternative | None = None
    flip: Message | None = None
    ruled_out: tuple[tuple[Message, int], ...] = ()
    together: tuple[OrderId, ...] = ()


@dataclass(slots=True)
class Planner:
    """What the orders of a batch share: supply, capacity, candidate views, and open parcels by customer."""

    supply: Supply
    frame: Frame
    evaluator: RuleEvaluator
    bundles: Bundles
    candidate_views: CandidateViews = field(init=False)
    capacity: dict[LocationId, int] = field(init=False)
    _named: dict[int, tuple[int, str]] = field(init=False)

    @classmethod
    def of(cls, supply: Supply, network: Network, compiled_rules: CompiledRules, *, now: datetime) -> Planner:
        """A planner for one batch."""
        document = compiled_rules.document
        frame = Frame(network, document.costs, now.toordinal())
        return cls(
            supply,
            frame,
            compiled_rules.at(now, network.locations),
            Bundles(document.bundle_customers_orders),
        )

    def __post_init__(self) -> None:
        self.candidate_views = CandidateViews(self.frame)
        locations = self.frame.network.locations.values()
        self.capacity = {
            location.id: location.free_capacity
            for location in locations
            if location.free_capacity is not None
        }
        routings = ((each, run.name) for run in self.evaluator.rules.document.runs for each in run.routings)
        self._named = {id(each): (rank, run) for rank, (each, run) in enumerate(routings)}

    def decide(self, demands: Sequence[Demand], run: Run | None = None) -> list[Decision]:
        """Serve routing by routing, each in its sequence; results are in the sequence of the input."""
        takers: dict[int, tuple[Routing, list[Demand]]] = {}
        decided: dict[OrderId, Decision] = {}
        for demand in demands:
            routing = self.evaluator.routing(demand, run)
            if routing is None:
                decided[demand.order_id] = self._decision(demand, None, Progress(demand.wants))
            else:
                takers.setdefault(id(routing), (routing, []))[1].append(demand)
        for routing, demand in self._sequence(list(takers.values())):
            decided[demand.order_id] = self.serve(demand, routing)
        return [decided[demand.order_id] for demand in demands]

    def _sequence(self, takers: list[tuple[Routing, list[Demand]]]) -> list[tuple[Routing, Demand]]:
        """Sort by routing, each in its own sequence; orders with units set aside for them come first."""
        takers.sort(key=lambda each: self._named[id(each[0])])
        served = [
            (routing, each) for routing, taken in takers for each in self.evaluator.sorted(routing, taken)
        ]
        return sorted(served, key=lambda each: not each[1].has_claim)

    def routing_named(self, run: str, name: str) -> Routing | None:
        """A routing by the names in an explanation."""
        runs = (each for each in self.evaluator.rules.document.runs if each.name == run)
        return next((each for run_ in runs for each in run_.routings if each.name == name), None)

    def serve(self, demand: Demand, routing: Routing) -> Decision:
        """Apply the routing's rules, first to last, until the order is allocated or a rule decides about the remainder."""
        progress = Progress(sorted(demand.wants, key=_LINE))
        lanes = self.frame.network.ways.lanes(demand)
        rules = [rule for rule in routing.rules if rule.active]
        for rule in rules:
            goes_on = rule.remainder.then == "next_rule" and rule is not rules[-1]
            self._try(demand, rule, lanes, progress, is_last=not goes_on)
            if not progress.left:
                break
            if not goes_on:
                progress.remainder = None if rule.remainder.then == "next_rule" else rule.remainder
                progress.hold_back = rule.split.hold_in_stock_part and bool(progress.choices)
                break
        return self._decision(demand, routing, progress)

    def problem(
        self,
        demand: Demand,
        wants: Sequence[DemandLine],
        rule: Rule,
        lanes: Mapping[LocationId, Lane],
        companion_locations: frozenset[LocationId],
    ) -> OrderProblem:
        """The open lines of the order under a rule."""
        refused = self.evaluator.refusals(rule, demand, lanes)
        candidates = self.candidate_views.of(rule, demand, lanes, refused)
        capacity = _UNLIMITED if rule.locations.ignore_capacity else self.capacity
        return OrderProblem(demand, wants, candidates, self.supply, capacity, companion_locations)

    def _try(
        self,
        demand: Demand,
        rule: Rule,
        lanes: Mapping[LocationId, Lane],
        progress: Progress,
        *,
        is_last: bool,
    ) -> None:
        """Allocate what one rule can. A rule that allocates nothing is explained only if it is the last."""
        used = frozenset([choice.location_id for choice in progress.choices])
        problem = self.problem(demand, progress.left, rule, lanes, demand.companion_locations | used)
        found = search.best(problem, parcels_before=len(used))
        problem, found, together = self.bundles.joined(problem, found, parcels_before=len(used))
        if not found.plan and not is_last:
            return
        choices = choices_of(problem, found.plan)
        explain = Explain(problem)
        progress.lines.update(explain.lines(choices))
        progress.ruled_out = explain.ruled_out()
        if found.plan:
            # Several rules may each have allocated a part: all of them are named.
            progress.rule = f"{progress.rule}, {rule.name}" if progress.choices else rule.name
            progress.together += together
            self._take(problem, found, choices, progress)
        elif not progress.choices:
            progress.rule = rule.name

    def _take(
        self, problem: OrderProblem, found: BestPlans, choices: Sequence[Choice], progress: Progress
    ) -> None:
        """Take the allocated stock, and record the score."""
        own = score.scores(problem, found.plan, is_further=bool(progress.choices))
        progress.scores = own if not progress.choices else score.joined(progress.scores, own)
        if found.runner_up:
            names = tuple([part.stop.location.code for part in found.runner_up])
            progress.runner_up = Alternative(names, score.scores(problem, found.runner_up))
        progress.flip = counterfactual(
            problem, found.plan, found.runner_up, found.values, found.runner_up_values
        )
        before = {choice.location_id for choice in progress.choices}
        for location in {choice.location_id for choice in choices} - before:
            if location in self.capacity:
                self.capacity[location] -= 1
        for choice in choices:
            self.supply.take(choice)
        progress.choices.extend(choices)
        filled = {choice.line_no for choice in choices}
        progress.left = [want for want in progress.left if want.line_no not in filled]
        self.bundles.opened(problem.demand, found.plan)

    def _decision(self, demand: Demand, routing: Routing | None, progress: Progress) -> Decision:
        name = "" if routing is None else routing.name
        return Decision(
            demand.order_id,
            tuple(progress.choices),
            tuple(progress.left),
            progress.remainder,
            progress.hold_back,
            name,
            progress.rule,
            progress.scores,
            self._explanation(demand, routing, progress),
        )

    def _explanation(self, demand: Demand, routing: Routing | None, progress: Progress) -> Explanation:
        lines = tuple(progress.lines.values())
        if not lines:
            lines = explanations.not_asked(demand.wants, _NO_ROUTING if routing is None else _NO_RULE)
        return Explanation(
            explanations.VERSION,
            self.evaluator.rules.version,
            "" if routing is None else self._named[id(routing)][1],
            "" if routing is None else routing.name,
            progress.rule,
            lines,
            progress.scores,
            progress.runner_up,
            progress.flip,
            asked=len(self.frame.network.locations),
            together=progress.together,
            ruled_out=progress.ruled_out,
        )


def choices_of(problem: OrderProblem, plan_: Plan) -> list[Choice]:
    """A plan as choices of the order, line by line."""
    wants = problem.wants
    choices = [
        Choice(wants[index].line_no, wants[index].sku, part.stop.id, quantity)
        for part in plan_
        for index, quantity in part.takes
    ]
    if len(plan_) > 1:
        meters = {part.stop.id: part.stop.meters for part in plan_}
        choices.sort(key=lambda each: (each.line_no, meters[each.location_id], each.location_id))
    return choices
