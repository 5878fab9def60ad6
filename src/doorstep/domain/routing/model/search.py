"""Search the best plan of one order under one rule: complete lines first, then split lines, then the rule's limits."""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.routing.model import alone, exact, score
from doorstep.domain.routing.model.ask import Found, OrderProblem, Part, Plan, Unit
from doorstep.domain.routing.model.cover import Cover
from doorstep.domain.routing.model.demand import DemandLine
from doorstep.domain.routing.model.exact import Parting
from doorstep.domain.routing.model.rules.document import Split
from doorstep.domain.routing.model.spread import Spread

_ANY_NUMBER = 1_000


def best(ask: OrderProblem, *, parcels_before: int = 0) -> Found:
    """The result of this rule for the order. `parcels_before` are from earlier rules and count towards the maximum."""
    split = ask.outlook.rule.split
    most = (_ANY_NUMBER if split.max_parcels is None else split.max_parcels) - parcels_before
    if split.by == "none":
        most = min(most, 1)
    if most <= 0:
        return Found()
    return alone.best(ask, most) or searched(ask, most)


def searched(ask: OrderProblem, most: int) -> Found:
    """The best of all ways to serve the order."""
    split = ask.outlook.rule.split
    units = units_of(ask)
    found = _ranked(ask, _whole(ask, units, most))
    filled = {index for part in found.plan for index, _pieces in part.takes}
    if len(filled) < len(ask.wants):
        found = _completed(ask, found, units, most)
    return found if found.plan and _is_allowed(ask, found.plan, split) else Found()


def units_of(ask: OrderProblem) -> list[Unit]:
    """Units that stay together: the whole order, or lines of one entry of `keep_together`, or each line."""
    split = ask.outlook.rule.split
    if split.by == "none":
        return [ask.unit(tuple(range(len(ask.wants))))]
    if not split.keep_together:
        return [ask.unit((index,)) for index in range(len(ask.wants))]
    groups: dict[str | int, list[int]] = {}
    for index, want in enumerate(ask.wants):
        groups.setdefault(_entry(want, split.keep_together, index), []).append(index)
    return [ask.unit(tuple(lines)) for lines in groups.values()]


def _entry(want: DemandLine, entries: Sequence[str], index: int) -> str | int:
    """The entry that names a line's style or category; its own index if there is none."""
    return next((entry for entry in entries if entry in {want.style, want.category}), index)


def _whole(ask: OrderProblem, units: Sequence[Unit], most: int) -> list[Plan]:
    """Plans of complete lines only, with as many lines as possible."""
    there = [unit for unit in units if unit.fits]
    split = ask.outlook.rule.split
    if split.by == "none" and len(there) < len(units):
        return []
    if ask.is_tangled or len(there) > exact.MOST_UNITS:
        return Cover(ask, there, most).plans()
    if split.all_or_nothing and split.by == "lines" and len(there) < len(units):
        return []
    return Parting(ask, there, most, split.min_parcel_value_minor).plans()


def _ranked(ask: OrderProblem, plans: Sequence[Plan]) -> Found:
    """The best by the rule's tiers, and the runner-up from other locations."""
    if not plans:
        return Found()
    plans = sorted(plans, key=_places)
    measured = [score.values(ask, plan) for plan in plans]
    ranking = ask.outlook.scale.sift(measured)
    first = ranking[0]
    second = next((each for each in ranking if _places(plans[each]) != _places(plans[first])), None)
    if second is None:
        return Found(plans[first], measured[first])
    return Found(plans[first], measured[first], plans[second], measured[second])


def _places(plan: Plan) -> tuple[int, ...]:
    return tuple([part.stop.id for part in plan])


def _completed(ask: OrderProblem, found: Found, units: Sequence[Unit], most: int) -> Found:
    """The plan with split lines that no location can fill, if the rule splits lines."""
    split = ask.outlook.rule.split
    if split.by != "quantity":
        return found
    filled = {index for part in found.plan for index, _pieces in part.takes}
    spread = Spread(ask, found.plan, most)
    alone = [unit.lines[0] for unit in units if len(unit.lines) == 1]
    added = [index for index in alone if index not in filled and spread.add(index)]
    if not added:
        return found
    plan = spread.finished()
    return Found(plan, score.values(ask, plan), found.runner_up, found.runner_up_values)


def _is_allowed(ask: OrderProblem, plan: Plan, split: Split) -> bool:
    """Whether the plan keeps the limits that depend on the whole plan."""
    filled = _filled(ask, plan)
    if split.all_or_nothing and len(filled) < len(ask.wants):
        return False
    least = split.min_parcel_value_minor
    if not least or (len(plan) == 1 and len(filled) == len(ask.wants)):
        return True
    left = sum(want.value_minor for index, want in enumerate(ask.wants) if index not in filled)
    return all(_worth(ask, part) >= least for part in plan) and (
        left >= least or len(filled) == len(ask.wants)
    )


def _filled(ask: OrderProblem, plan: Plan) -> set[int]:
    return {index for part in plan for index, _pieces in part.takes}


def _worth(ask: OrderProblem, part: Part) -> int:
    """The value of a parcel; a split line counts by its share."""
    return sum(
        ask.wants[index].value_minor * pieces // ask.wants[index].quantity for index, pieces in part.takes
    )
