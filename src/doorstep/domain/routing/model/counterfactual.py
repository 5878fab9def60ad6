"""Explain why one plan won, and what would have changed the result."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from doorstep.domain.routing.model import score
from doorstep.domain.routing.model.candidates import Stop
from doorstep.domain.routing.model.measure import Values
from doorstep.domain.routing.model.order_problem import OrderProblem, Part, Plan
from doorstep.domain.routing.model.rules.document import Measure, Sort
from doorstep.kernel.i18n import mark, plural
from doorstep.kernel.ids import LocationId
from doorstep.kernel.message import Counted, Listed, Message, Value
from doorstep.kernel.money import CURRENCIES, Money

# What would have to differ, for a measure where the smaller wins and where the greater wins: of a count both forms.
_COUNTS: dict[Measure, tuple[tuple[str, str], tuple[str, str]]] = {
    Measure.PARCELS: (
        plural("it needs {n} fewer parcel", "it needs {n} fewer parcels"),
        plural("it needs {n} more parcel", "it needs {n} more parcels"),
    ),
    Measure.LEAVES: (
        plural("it leaves {n} day earlier", "it leaves {n} days earlier"),
        plural("it leaves {n} day later", "it leaves {n} days later"),
    ),
    Measure.ARRIVES: (
        plural("it arrives {n} day earlier", "it arrives {n} days earlier"),
        plural("it arrives {n} day later", "it arrives {n} days later"),
    ),
    Measure.SEQUENCE: (
        plural(
            "it is {n} position higher in the rule's list", "it is {n} positions higher in the rule's list"
        ),
        plural("it is {n} position lower in the rule's list", "it is {n} positions lower in the rule's list"),
    ),
    Measure.STOCK: (
        plural("it has {n} fewer unit in stock", "it has {n} fewer units in stock"),
        plural("it has {n} more unit in stock", "it has {n} more units in stock"),
    ),
    Measure.BROKEN_STYLE: (
        plural("it has {n} more line with broken sizes", "it has {n} more lines with broken sizes"),
        plural("it has {n} fewer line with broken sizes", "it has {n} fewer lines with broken sizes"),
    ),
    Measure.LOAD: (
        plural("it has {n} minute less open work", "it has {n} minutes less open work"),
        plural("it has {n} minute more open work", "it has {n} minutes more open work"),
    ),
}
_AMOUNTS: dict[Measure, tuple[str, str]] = {
    Measure.CARBON: (mark("it emits %(amount)s g less CO₂"), mark("it emits %(amount)s g more CO₂")),
    Measure.DISTANCE: (mark("it is %(amount)s km nearer"), mark("it is %(amount)s km farther")),
    Measure.UNIT_DISTANCE: (mark("it is %(amount)s km nearer"), mark("it is %(amount)s km farther")),
    Measure.VELOCITY: (
        mark("it sells %(amount)s fewer units a day"),
        mark("it sells %(amount)s more units a day"),
    ),
    Measure.COST: (mark("it costs %(amount)s less"), mark("it costs %(amount)s more")),
    Measure.MISS: (
        mark("it is %(amount)s percentage points less likely to be late"),
        mark("it is %(amount)s percentage points more likely to be late"),
    ),
}


def counterfactual(
    problem: OrderProblem, plan: Plan, runner_up: Plan, better: Values, worse: Values
) -> Message | None:
    """What would have made another plan win: the runner-up, or a nearer location that was ruled out."""
    first = _runner_up(problem, runner_up, better, worse) if runner_up else None
    following = _excluded_nearer(problem, plan)
    if first and following:
        return Message("%(first)s %(next)s", first=first, next=following)
    return first or following


def _runner_up(problem: OrderProblem, runner_up: Plan, better: Values, worse: Values) -> Message:
    tier, difference = _first_difference(problem, better, worse)
    if len(runner_up) == 1:
        name = runner_up[0].stop.location.name
        if tier is None:
            return Message("%(place)s is equally good: tie, decided by location ID.", place=name)
        return Message(
            "%(place)s wins if %(difference)s.", place=name, difference=_by(problem, tier, difference)
        )
    names = Listed(tuple([part.stop.location.name for part in runner_up]), "and")
    if tier is None:
        return Message("%(places)s are equally good: tie, decided by location ID.", places=names)
    return Message(
        "%(places)s win if %(difference)s.", places=names, difference=_by(problem, tier, difference)
    )


def _excluded_nearer(problem: OrderProblem, plan: Plan) -> Message | None:
    """The nearest location that has everything, ships, and is nearer than all chosen ones, but was ruled out."""
    locations, used = problem.candidates.frame.network.locations, {part.stop.id for part in plan}
    if problem.candidates.pickup or not (problem.candidates.reasons or problem.capacity):
        return None
    nearer = takewhile(lambda each: each not in used, problem.candidates.lanes)
    shut = ((each, problem.reason_against(each)) for each in nearer if locations[each].ships)
    reported = (
        Message(
            "%(place)s is nearer and has everything, but %(reason)s.", place=locations[each].name, reason=why
        )
        for each, why in shut
        if why and _has_everything(problem, each)
    )
    return next(reported, None)


def _has_everything(problem: OrderProblem, location: LocationId) -> bool:
    wants = zip(problem.wants, problem.stock_at, strict=True)
    return all(there.get(location, 0) >= want.quantity for want, there in wants)


def why_not_nearest(problem: OrderProblem, index: int, chosen: Stop, nearest: Stop, location: str) -> Message:
    """Why a line comes from a place and not from the nearest location that has it."""
    takes, nearer = ((index, problem.wants[index].quantity),), nearest.location.name
    one, other = (score.values(problem, (Part(stop, takes),)) for stop in (chosen, nearest))
    by, difference = _first_difference(problem, one, other)
    if by is None:
        return Message(
            "%(place)s: %(nearer)s is nearer, but its stock serves other lines or orders better.",
            place=location,
            nearer=nearer,
        )
    return Message(
        "%(place)s: preferred over %(nearer)s, which is nearer and wins if %(difference)s.",
        place=location,
        nearer=nearer,
        difference=_by(problem, by, difference),
    )


def _first_difference(problem: OrderProblem, better: Values, worse: Values) -> tuple[Sort | None, int]:
    """The first tier in which two plans differ, and by how much; both may be within its tolerance."""
    tiers = problem.candidates.scale.tiers
    for tier, one, other in zip(tiers, better, worse, strict=True):
        if other > one:
            return tier, other - one
    return None, 0


def _by(problem: OrderProblem, tier: Sort, difference: int) -> Value:
    if tier.by in _COUNTS:
        return Counted(difference, _COUNTS[tier.by][tier.descending])
    amount = _cost(problem, difference) if tier.by is Measure.COST else _UNITS[tier.by](difference)
    return Message(_AMOUNTS[tier.by][tier.descending], amount=amount)


def _cost(problem: OrderProblem, minor: int) -> Value:
    currency = problem.candidates.frame.network.currency
    return Money(minor, currency) if currency in CURRENCIES else minor


def _km(meters: int) -> int:
    return max(1, round(meters / 1000))


# How people read measures that are kept in smaller units.
_UNITS: dict[Measure, Callable[[int], int | float]] = {
    Measure.CARBON: int,
    Measure.DISTANCE: _km,
    Measure.UNIT_DISTANCE: _km,
    Measure.VELOCITY: lambda thousandths: thousandths / 1000,
    Measure.MISS: lambda millionths: round(millionths / 10_000, 1),
}
