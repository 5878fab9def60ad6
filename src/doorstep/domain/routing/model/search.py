"""Search the best plan of one order under one rule: complete lines first, then split lines, then the rule's limits."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.routing.model import exact, score, single_parcel
from doorstep.domain.routing.model.cover import Cover
from doorstep.domain.routing.model.demand import DemandLine
from doorstep.domain.routing.model.exact import Assignment
from doorstep.domain.routing.model.order_problem import BestPlans, LineGroup, OrderProblem, Part, Plan
from doorstep.domain.routing.model.rules.document import Split
from doorstep.domain.routing.model.spread import Spread

_ANY_NUMBER = 1_000


def best(problem: OrderProblem, *, parcels_before: int = 0) -> BestPlans:
    """The result of this rule for the order. `parcels_before` are from earlier rules and count towards the maximum."""
    split = problem.candidates.rule.split
    most = (_ANY_NUMBER if split.max_parcels is None else split.max_parcels) - parcels_before
    if split.by == "none":
        most = min(most, 1)
    if most <= 0:
        return BestPlans()
    return single_parcel.best(problem, most) or searched(problem, most)


def searched(problem: OrderProblem, most: int) -> BestPlans:
    """The best of all ways to serve the order."""
    split = problem.candidates.rule.split
    units = units_of(problem)
    found = _ranked(problem, _whole(problem, units, most))
    filled = {index for part in found.plan for index, _quantity in part.takes}
    if len(filled) < len(problem.wants):
        found = _completed(problem, found, units, most)
    return found if found.plan and _is_allowed(problem, found.plan, split) else BestPlans()


def units_of(problem: OrderProblem) -> list[LineGroup]:
    """Units that stay together: the whole order, or lines of one entry of `keep_together`, or each line."""
    split = problem.candidates.rule.split
    if split.by == "none":
        return [problem.unit(tuple(range(len(problem.wants))))]
    if not split.keep_together:
        return [problem.unit((index,)) for index in range(len(problem.wants))]
    groups: dict[str | int, list[int]] = {}
    for index, want in enumerate(problem.wants):
        groups.setdefault(_entry(want, split.keep_together, index), []).append(index)
    return [problem.unit(tuple(lines)) for lines in groups.values()]


def _entry(want: DemandLine, entries: Sequence[str], index: int) -> str | int:
    """The entry that names a line's style or category; its own index if there is none."""
    return next((entry for entry in entries if entry in {want.style, want.category}), index)


def _whole(problem: OrderProblem, units: Sequence[LineGroup], most: int) -> list[Plan]:
    """Plans of complete lines only, with as many lines as possible."""
    there = [unit for unit in units if unit.fits]
    split = problem.candidates.rule.split
    if split.by == "none" and len(there) < len(units):
        return []
    if problem.shares_components or len(there) > exact.MOST_UNITS:
        return Cover(problem, there, most).plans()
    if split.all_or_nothing and split.by == "lines" and len(there) < len(units):
        return []
    return Assignment(problem, there, most, split.min_parcel_value_minor).plans()


def _ranked(problem: OrderProblem, plans: Sequence[Plan]) -> BestPlans:
    """The best by the rule's tiers, and the runner-up from other locations."""
    if not plans:
        return BestPlans()
    plans = sorted(plans, key=_locations)
    measured = [score.values(problem, plan) for plan in plans]
    ranking = problem.candidates.scale.sift(measured)
    first = ranking[0]
    second = next((each for each in ranking if _locations(plans[each]) != _locations(plans[first])), None)
    if second is None:
        return BestPlans(plans[first], measured[first])
    return BestPlans(plans[first], measured[first], plans[second], measured[second])


def _locations(plan: Plan) -> tuple[int, ...]:
    return tuple([part.stop.id for part in plan])


def _completed(problem: OrderProblem, found: BestPlans, units: Sequence[LineGroup], most: int) -> BestPlans:
    """The plan with split lines that no location can fill, if the rule splits lines."""
    split = problem.candidates.rule.split
    if split.by != "quantity":
        return found
    filled = {index for part in found.plan for index, _quantity in part.takes}
    spread = Spread(problem, found.plan, most)
    alone = [unit.lines[0] for unit in units if len(unit.lines) == 1]
    added = [index for index in alone if index not in filled and spread.add(index)]
    if not added:
        return found
    plan = spread.finished()
    return BestPlans(plan, score.values(problem, plan), found.runner_up, found.runner_up_values)


def _is_allowed(problem: OrderProblem, plan: Plan, split: Split) -> bool:
    """Whether the plan keeps the limits that depend on the whole plan."""
    filled = _filled(problem, plan)
    if split.all_or_nothing and len(filled) < len(problem.wants):
        return False
    least = split.min_parcel_value_minor
    if not least or (len(plan) == 1 and len(filled) == len(problem.wants)):
        return True
    left = sum(want.value_minor for index, want in enumerate(problem.wants) if index not in filled)
    return all(_worth(problem, part) >= least for part in plan) and (
        left >= least or len(filled) == len(problem.wants)
    )


def _filled(problem: OrderProblem, plan: Plan) -> set[int]:
    return {index for part in plan for index, _quantity in part.takes}


def _worth(problem: OrderProblem, part: Part) -> int:
    """The value of a parcel; a split line counts by its share."""
    return sum(
        problem.wants[index].value_minor * quantity // problem.wants[index].quantity
        for index, quantity in part.takes
    )
