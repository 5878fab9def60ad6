"""In words: what a plan had that another had not, and what would have turned the decision."""

from __future__ import annotations

from collections.abc import Callable
from itertools import takewhile

from doorstep.domain.routing.model import score
from doorstep.domain.routing.model.ask import OrderProblem, Part, Plan
from doorstep.domain.routing.model.measure import Values
from doorstep.domain.routing.model.outlook import Stop
from doorstep.domain.routing.model.rules.document import Measure, Sort
from doorstep.kernel.ids import LocationId
from doorstep.kernel.money import CURRENCIES, Money

# What would have to be otherwise, for a measure of which little wins and for one of which much wins.
_WINS: dict[Measure, tuple[str, str]] = {
    Measure.PARCELS: ("it needs {} parcels less", "it needs {} parcels more"),
    Measure.LEAVES: ("it leaves {} days sooner", "it leaves {} days later"),
    Measure.ARRIVES: ("it arrives {} days sooner", "it arrives {} days later"),
    Measure.SEQUENCE: (
        "it stands {} places higher in the rule's list",
        "it stands {} places lower in the rule's list",
    ),
    Measure.STOCK: ("it has {} pieces less", "it has {} pieces more"),
    Measure.BROKEN_STYLE: ("it has {} lines more of broken sizes", "it has {} lines less of broken sizes"),
    Measure.LOAD: ("it has {} minutes less of open work", "it has {} minutes more of open work"),
    Measure.CARBON: ("it saves {} g of CO₂", "it takes {} g more of CO₂"),
    Measure.DISTANCE: ("it is {} km nearer", "it is {} km farther"),
    Measure.PIECE_DISTANCE: ("it is {} km nearer", "it is {} km farther"),
    Measure.VELOCITY: ("it sells {} pieces a day less", "it sells {} pieces a day more"),
    Measure.COST: ("it costs {} less", "it costs {} more"),
    Measure.MISS: (
        "it is {} points of a hundred less likely to be late",
        "it is {} points of a hundred likelier to be late",
    ),
}


def counterfactual(ask: OrderProblem, plan: Plan, runner_up: Plan, better: Values, worse: Values) -> str:
    """What would have made another plan win: the runner-up, or a nearer location that was out of the question."""
    words = _runner_up(ask, runner_up, better, worse) if runner_up else ""
    return f"{words} {_shut_out(ask, plan)}".strip()


def _runner_up(ask: OrderProblem, runner_up: Plan, better: Values, worse: Values) -> str:
    names = " and ".join(part.stop.place.name for part in runner_up)
    several = len(runner_up) > 1
    tier, difference = _first_difference(ask, better, worse)
    if tier is None:
        return f"{names} {'are' if several else 'is'} as good: the smaller location id wins."
    return f"{names} {'win' if several else 'wins'} if {_by_words(ask, tier, difference)}."


def _shut_out(ask: OrderProblem, plan: Plan) -> str:
    """The nearest location that has everything, ships, and is nearer than all that were chosen, but was ruled out."""
    places, used = ask.outlook.frame.network.places, {part.stop.id for part in plan}
    if ask.outlook.pickup or not (ask.outlook.reasons or ask.rooms):
        return ""
    nearer = takewhile(lambda each: each not in used, ask.outlook.lanes)
    shut = ((each, ask.why_not(each)) for each in nearer if places[each].ships)
    told = (
        f"{places[each].name} is nearer and has everything, but {why}."
        for each, why in shut
        if why and _has_everything(ask, each)
    )
    return next(told, "")


def _has_everything(ask: OrderProblem, place: LocationId) -> bool:
    wants = zip(ask.wants, ask.sights, strict=True)
    return all(there.get(place, 0) >= want.quantity for want, there in wants)


def why_not_nearest(ask: OrderProblem, index: int, chosen: Stop, nearest: Stop) -> str:
    """Why a line did not come from the nearest location that has it."""
    takes, name = ((index, ask.wants[index].quantity),), nearest.place.name
    one, other = (score.values(ask, (Part(stop, takes),)) for stop in (chosen, nearest))
    by, difference = _first_difference(ask, one, other)
    if by is None:
        return f"{name} is nearer, but what it has serves other lines or orders better"
    return f"before {name}, which is nearer and would win if {_by_words(ask, by, difference)}"


def _first_difference(ask: OrderProblem, better: Values, worse: Values) -> tuple[Sort | None, int]:
    """The tier that told two plans apart, and by how much; tiers that are tolerant may have passed both."""
    tiers = ask.outlook.scale.tiers
    for tier, one, other in zip(tiers, better, worse, strict=True):
        if other > one:
            return tier, other - one
    return None, 0


def _by_words(ask: OrderProblem, tier: Sort, difference: int) -> str:
    words = _WINS[tier.by][tier.descending]
    if tier.by in _TOLD:
        return words.format(_TOLD[tier.by](ask, difference))
    return _singular(words.format(difference)) if difference == 1 else words.format(difference)


def _singular(words: str) -> str:
    return (
        words.replace("parcels", "parcel")
        .replace("days", "day")
        .replace("places", "place")
        .replace("lines", "line")
    )


def _money(ask: OrderProblem, minor: int) -> str:
    currency = ask.outlook.frame.network.currency
    return str(Money(minor, currency)) if currency in CURRENCIES else str(minor)


def _km(_ask: OrderProblem, metres: int) -> str:
    return str(max(1, round(metres / 1000)))


# How measures are told that are not counted one by one.
_TOLD: dict[Measure, Callable[[OrderProblem, int], str]] = {
    Measure.COST: _money,
    Measure.DISTANCE: _km,
    Measure.PIECE_DISTANCE: _km,
    Measure.VELOCITY: lambda _ask, thousandths: f"{thousandths / 1000:g}",
    Measure.MISS: lambda _ask, millionths: f"{millionths / 10_000:.1f}",
}
