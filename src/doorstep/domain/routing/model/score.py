"""Score a plan: its measures for the tiers, and its cost by component for the explanation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from math import expm1
from operator import add

import msgspec

from doorstep.domain.routing.model.measure import Values
from doorstep.domain.routing.model.order_problem import OrderProblem, Part, Plan

# Defaults are omitted from the JSON if they are the very same object.
SURELY = 0.0


class Scores(msgspec.Struct, frozen=True, omit_defaults=True):
    """A plan in numbers. `cost_minor` is the sum of the components after it, expected values in minor units.

    `miss` is the probability that a parcel misses the promise; `leaves` and `arrives` are the days of the last parcel.
    """

    miss: float = SURELY
    cost_minor: int = 0
    carriage_minor: int = 0
    handling_minor: int = 0
    split_minor: int = 0
    reroute_minor: int = 0
    late_minor: int = 0
    load_minor: int = 0
    last_unit_minor: int = msgspec.field(default=0, name="last_piece_minor")  # as in stored explanations
    scarcity_minor: int = 0
    carbon_minor: int = 0
    parcels: int = 0
    km: int = 0
    leaves: date | None = None
    arrives: date | None = None
    co2_grams: int = 0


_SUMMED = tuple(name for name in Scores.__struct_fields__ if name not in {"miss", "leaves", "arrives"})
NOTHING = Scores()


def values(problem: OrderProblem, plan: Plan) -> Values:
    """A plan's measures tier by tier, smaller is better."""
    scale = problem.candidates.scale
    parts = [part.stop.values for part in plan]
    if scale.of_lines:
        lines = [scale.signed(problem.measured(part.takes, part.stop)) for part in plan]
        parts = [tuple(map(add, *each)) for each in zip(parts, lines, strict=True)]
        return scale.total(parts)
    added = sum(
        [problem.added(index, part.stop, quantity) for part in plan for index, quantity in part.takes]
    )
    total = list(scale.total(parts))
    total[scale.cost] += -added if scale.tiers[scale.cost].descending else added
    return tuple(total)


def scores(problem: OrderProblem, plan: Plan, *, is_further: bool = False) -> Scores:
    """A plan's cost by component, and what a customer notices. `is_further`: the order has parcels already."""
    if len(plan) == 1 and not is_further:
        return _of_one(problem, plan[0])
    stops = [part.stop for part in plan]
    fixed_costs, frame = [stop.fixed_cost for stop in stops], problem.candidates.frame
    takes = [(index, part.stop, quantity) for part in plan for index, quantity in part.takes]
    scarcity = (
        sum([problem.scarcity(index, stop.id, quantity) for index, stop, quantity in takes])
        if frame.network.prices
        else 0
    )
    last = (
        sum([problem.last(index, stop.id, quantity) for index, stop, quantity in takes])
        if frame.costs.last_unit_minor
        else 0
    )
    added = sum([problem.added(index, stop, quantity) for index, stop, quantity in takes])
    parcels = sum([not stop.is_companion for stop in stops])
    split = frame.costs.split_minor * max(0, parcels - (parcels == len(stops) and not is_further))
    return Scores(
        miss=_either(stops_miss=[stop.late for stop in stops]),
        cost_minor=sum([fixed_cost.total for fixed_cost in fixed_costs]) + added + split,
        carriage_minor=sum([fixed_cost.carriage_minor for fixed_cost in fixed_costs])
        + added
        - scarcity
        - last,
        handling_minor=sum([fixed_cost.handling_minor for fixed_cost in fixed_costs]),
        split_minor=split,
        reroute_minor=sum([fixed_cost.reroute_minor for fixed_cost in fixed_costs]),
        late_minor=sum([fixed_cost.late_minor for fixed_cost in fixed_costs]),
        load_minor=sum([fixed_cost.load_minor for fixed_cost in fixed_costs]),
        last_unit_minor=last,
        scarcity_minor=scarcity,
        carbon_minor=sum([fixed_cost.carbon_minor for fixed_cost in fixed_costs]),
        parcels=parcels,
        km=round(sum([stop.meters for stop in stops]) / 1000),
        leaves=_last([stop.lane.leaves_at for stop in stops]),
        arrives=_last([stop.lane.arrives_at for stop in stops]),
        co2_grams=sum([stop.co2_grams for stop in stops]),
    )


def _of_one(problem: OrderProblem, part: Part) -> Scores:
    """The scores of an order's only parcel: the case of nearly every order, without sums."""
    stop, frame, added, scarcity, last = part.stop, problem.candidates.frame, 0, 0, 0
    lane, fixed_cost = stop.lane, stop.fixed_cost
    for index, quantity in part.takes:
        added += problem.added(index, stop, quantity)
        if frame.network.prices:
            scarcity += problem.scarcity(index, stop.id, quantity)
        if frame.costs.last_unit_minor:
            last += problem.last(index, stop.id, quantity)
    return Scores(
        _either(stops_miss=(stop.late,)) if stop.late else SURELY,
        fixed_cost.total + added,
        fixed_cost.carriage_minor + added - scarcity - last,
        fixed_cost.handling_minor,
        0,
        fixed_cost.reroute_minor,
        fixed_cost.late_minor,
        fixed_cost.load_minor,
        last,
        scarcity,
        fixed_cost.carbon_minor,
        0 if stop.is_companion else 1,
        round(stop.meters / 1000),
        None if lane.leaves_at is None else lane.leaves_at.date(),
        None if lane.arrives_at is None else lane.arrives_at.date(),
        stop.co2_grams,
    )


def joined(one: Scores, other: Scores) -> Scores:
    """The scores of two parts of one order."""
    numbers = {name: getattr(one, name) + getattr(other, name) for name in _SUMMED}
    return Scores(
        miss=round(1 - (1 - one.miss) * (1 - other.miss), 4),
        leaves=_latest(one.leaves, other.leaves),
        arrives=_latest(one.arrives, other.arrives),
        **numbers,
    )


def _latest(one: date | None, other: date | None) -> date | None:
    return None if one is None or other is None else max(one, other)


def _either(*, stops_miss: Sequence[int]) -> float:
    """The probability that any parcel is late, from log-probabilities in millionths."""
    return round(-expm1(-sum(stops_miss) / 1_000_000), 4) if any(stops_miss) else SURELY


def _last(instants: Sequence[datetime | None]) -> date | None:
    known = [each for each in instants if each is not None]
    return max(known).date() if len(known) == len(instants) else None
