"""Explain why one plan won, and what would have changed the result."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from doorstep.domain.routing.model import score
from doorstep.domain.routing.model.candidates import Stop
from doorstep.domain.routing.model.measure import Values
from doorstep.domain.routing.model.order_problem import OrderProblem, Part, Plan
from doorstep.domain.routing.model.rules.document import Measure, Sort
from doorstep.kernel.ids import LocationId
from doorstep.kernel.money import CURRENCIES, Money

# What would have to differ, for a measure where the smaller wins and where the greater wins.
_WINS: dict[Measure, tuple[str, str]] = {
    Measure.PARCELS: ("it needs {} fewer parcels", "it needs {} more parcels"),
    Measure.LEAVES: ("it leaves {} days earlier", "it leaves {} days later"),
    Measure.ARRIVES: ("it arrives {} days earlier", "it arrives {} days later"),
    Measure.SEQUENCE: (
        "it is {} positions higher in the rule's list",
        "it is {} positions lower in the rule's list",
    ),
    Measure.STOCK: ("it has {} fewer units in stock", "it has {} more units in stock"),
    Measure.BROKEN_STYLE: (
        "it has {} more lines with broken sizes",
        "it has {} fewer lines with broken sizes",
    ),
    Measure.LOAD: ("it has {} minutes less open work", "it has {} minutes more open work"),
    Measure.CARBON: ("it emits {} g less CO₂", "it emits {} g more CO₂"),
    Measure.DISTANCE: ("it is {} km nearer", "it is {} km farther"),
    Measure.UNIT_DISTANCE: ("it is {} km nearer", "it is {} km farther"),
    Measure.VELOCITY: ("it sells {} fewer units a day", "it sells {} more units a day"),
    Measure.COST: ("it costs {} less", "it costs {} more"),
    Measure.MISS: (
        "it is {} percentage points less likely to be late",
        "it is {} percentage points more likely to be late",
    ),
}


def counterfactual(problem: OrderProblem, plan: Plan, runner_up: Plan, better: Values, worse: Values) -> str:
    """What would have made another plan win: the runner-up, or a nearer location that was ruled out."""
    words = _runner_up(problem, runner_up, better, worse) if runner_up else ""
    return f"{words} {_excluded_nearer(problem, plan)}".strip()


def _runner_up(problem: OrderProblem, runner_up: Plan, better: Values, worse: Values) -> str:
    names = " and ".join(part.stop.place.name for part in runner_up)
    several = len(runner_up) > 1
    tier, difference = _first_difference(problem, better, worse)
    if tier is None:
        return f"{names} {'are' if several else 'is'} equally good: the smaller location id wins."
    return f"{names} {'win' if several else 'wins'} if {_by_words(problem, tier, difference)}."


def _excluded_nearer(problem: OrderProblem, plan: Plan) -> str:
    """The nearest location that has everything, ships, and is nearer than all chosen ones, but was ruled out."""
    places, used = problem.candidates.frame.network.places, {part.stop.id for part in plan}
    if problem.candidates.pickup or not (problem.candidates.reasons or problem.capacity):
        return ""
    nearer = takewhile(lambda each: each not in used, problem.candidates.lanes)
    shut = ((each, problem.reason_against(each)) for each in nearer if places[each].ships)
    reported = (
        f"{places[each].name} is nearer and has everything, but {why}."
        for each, why in shut
        if why and _has_everything(problem, each)
    )
    return next(reported, "")


def _has_everything(problem: OrderProblem, place: LocationId) -> bool:
    wants = zip(problem.wants, problem.stock_at, strict=True)
    return all(there.get(place, 0) >= want.quantity for want, there in wants)


def why_not_nearest(problem: OrderProblem, index: int, chosen: Stop, nearest: Stop) -> str:
    """Why a line did not come from the nearest location that has it."""
    takes, name = ((index, problem.wants[index].quantity),), nearest.place.name
    one, other = (score.values(problem, (Part(stop, takes),)) for stop in (chosen, nearest))
    by, difference = _first_difference(problem, one, other)
    if by is None:
        return f"{name} is nearer, but its stock serves other lines or orders better"
    return f"preferred over {name}, which is nearer and wins if {_by_words(problem, by, difference)}"


def _first_difference(problem: OrderProblem, better: Values, worse: Values) -> tuple[Sort | None, int]:
    """The first tier in which two plans differ, and by how much; both may be within its tolerance."""
    tiers = problem.candidates.scale.tiers
    for tier, one, other in zip(tiers, better, worse, strict=True):
        if other > one:
            return tier, other - one
    return None, 0


def _by_words(problem: OrderProblem, tier: Sort, difference: int) -> str:
    words = _WINS[tier.by][tier.descending]
    if tier.by in _FORMATS:
        return words.format(_FORMATS[tier.by](problem, difference))
    return _singular(words.format(difference)) if difference == 1 else words.format(difference)


def _singular(words: str) -> str:
    return (
        words.replace("parcels", "parcel")
        .replace("days", "day")
        .replace("positions", "position")
        .replace("lines", "line")
        .replace("units", "unit")
        .replace("minutes", "minute")
    )


def _money(problem: OrderProblem, minor: int) -> str:
    currency = problem.candidates.frame.network.currency
    return str(Money(minor, currency)) if currency in CURRENCIES else str(minor)


def _km(_problem: OrderProblem, meters: int) -> str:
    return str(max(1, round(meters / 1000)))


# Formats of measures that are not whole counts.
_FORMATS: dict[Measure, Callable[[OrderProblem, int], str]] = {
    Measure.COST: _money,
    Measure.DISTANCE: _km,
    Measure.UNIT_DISTANCE: _km,
    Measure.VELOCITY: lambda _problem, thousandths: f"{thousandths / 1000:g}",
    Measure.MISS: lambda _problem, millionths: f"{millionths / 10_000:.1f}",
}
