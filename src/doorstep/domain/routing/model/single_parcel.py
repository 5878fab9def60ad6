"""Plan one parcel for the whole order where no two parcels can be better: the shortcut for nearly every order.

The result equals that of the full search (see exact), but only locations that have everything are compared. Where it is not
certain that two parcels are no better, it returns None, and the order is searched.
"""

from __future__ import annotations

from collections.abc import Sequence

from doorstep.domain.routing.model.candidates import Stop
from doorstep.domain.routing.model.exact import MOST_UNITS
from doorstep.domain.routing.model.measure import Values
from doorstep.domain.routing.model.order_problem import BestPlans, OrderProblem, Part
from doorstep.kernel.ids import LocationId


def best(problem: OrderProblem, most: int) -> BestPlans | None:
    """The best location for everything and the runner-up, or None if the order must be searched."""
    scale, wants, split = problem.candidates.scale, problem.wants, problem.candidates.rule.split
    if (
        problem.companion_locations
        or problem.shares_components
        or split.keep_together
        or len(wants) > MOST_UNITS
        or not scale.is_plain
    ):
        return None
    may_part = most > 1 and len(wants) > 1
    stops = _with_everything(problem)
    # The only candidate is still compared with the best of two parcels: users ask why it was not that.
    if len(stops) <= may_part:
        return None
    measured = _measured(problem, stops)
    if may_part and not _is_safe(problem, measured):
        return None
    takes = tuple([(index, want.quantity) for index, want in enumerate(wants)])
    first, *others = scale.sift(measured)
    if not others:
        return BestPlans((Part(stops[first], takes),), measured[first])
    second = others[0]
    return BestPlans(
        (Part(stops[first], takes),), measured[first], (Part(stops[second], takes),), measured[second]
    )


def _with_everything(problem: OrderProblem) -> list[Stop]:
    """Locations that can fill every line, by id."""
    safety, locations = problem.safety, list[LocationId]()
    for index, (want, there) in enumerate(zip(problem.wants, problem.stock_at, strict=True)):
        need = want.quantity + safety
        if index:
            locations = [location for location in locations if there.get(location, 0) >= need]
        else:
            locations = [location for location, quantity in there.items() if quantity >= need]
    locations.sort()
    if problem.capacity or problem.demand.excluded:
        skus = [want.sku for want in problem.wants]
        locations = [
            location for location in locations if all(problem.candidate(location, sku) for sku in skus)
        ]
    stops = problem.candidates.stops
    return [stop for location in locations if (stop := stops[location]) is not None]


def _measured(problem: OrderProblem, stops: Sequence[Stop]) -> list[Values]:
    """Everything from each of these locations, tier by tier."""
    scale, frame = problem.candidates.scale, problem.candidates.frame
    tier, sign = scale.cost, -1 if scale.tiers[scale.cost].descending else 1
    is_dear = bool(frame.network.prices or frame.costs.last_unit_minor)
    measured = []
    for stop in stops:
        values, lane = stop.values, stop.lane
        if is_dear or lane.kilo_minor or lane.unit_minor:
            added = sum(
                [problem.added(index, stop, want.quantity) for index, want in enumerate(problem.wants)]
            )
            values = (*values[:tier], values[tier] + sign * added, *values[tier + 1 :])
        measured.append(values)
    return measured


def _is_safe(problem: OrderProblem, measured: Sequence[Values]) -> bool:
    """Whether no two parcels can be better, by the leading measure of each comparison number (see measure).

    Two parcels measure at least twice the smallest value. They are no better if one parcel measures less, or, where that value
    is zero, if the number of parcels is compared next.
    """
    leads = problem.candidates.scale.leads
    if leads is None:
        return False
    for tier, is_count_next in leads:
        least = min([values[tier] for values in measured])
        if not least:
            if not is_count_next:
                return False
        elif least >= 2 * _least(problem, tier):
            return False
    return True


def _least(problem: OrderProblem, tier: int) -> int:
    """The smallest value of a parcel of any line."""
    return min(
        [stop.values[tier] for index in range(len(problem.wants)) for stop in problem.fits(index).values()]
    )
