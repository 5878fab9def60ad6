"""In words: what a plan had that another had not, and what would have turned the decision."""

from __future__ import annotations

from doorstep.domain.routing.model import score
from doorstep.domain.routing.model.ask import Ask, Part, Plan
from doorstep.domain.routing.model.measure import Values
from doorstep.domain.routing.model.outlook import Stop
from doorstep.domain.routing.model.rules.document import Measure, Sort
from doorstep.kernel.money import CURRENCIES, Money

_WINS: dict[Measure, str] = {
    Measure.PARCELS: "it needs {} parcels less",
    Measure.LEAVES: "it leaves {} days sooner",
    Measure.ARRIVES: "it arrives {} days sooner",
    Measure.SEQUENCE: "it stands {} places higher in the rule's list",
    Measure.STOCK: "it has {} pieces more",
    Measure.BROKEN_STYLE: "it has {} lines more of broken sizes",
    Measure.LOAD: "it has {} minutes less of open work",
    Measure.CARBON: "it saves {} g of CO₂",
}


def flip(ask: Ask, runner_up: Plan, better: Values, worse: Values) -> str:
    """What would have made the runner-up win."""
    names = " and ".join(part.stop.place.name for part in runner_up)
    by, difference = _first_difference(ask, better, worse)
    if by is None:
        return f"{names} is as good: the smaller location id wins."
    return f"{names} wins if {_by_words(ask, by, difference)}."


def why_not_nearest(ask: Ask, index: int, chosen: Stop, nearest: Stop) -> str:
    """Why a line did not come from the nearest location that has it."""
    takes, name = ((index, ask.wants[index].quantity),), nearest.place.name
    one, other = (score.values(ask, (Part(stop, takes),)) for stop in (chosen, nearest))
    by, difference = _first_difference(ask, one, other)
    if by is None:
        return f"the best for the order as a whole, though {name} is nearer"
    return f"before {name}, which is nearer and would win if {_by_words(ask, by, difference)}"


def _first_difference(ask: Ask, better: Values, worse: Values) -> tuple[Sort | None, int]:
    """The tier that told two plans apart, and by how much; tiers that are tolerant may have passed both."""
    tiers = ask.outlook.scale.tiers
    for tier, one, other in zip(tiers, better, worse, strict=True):
        if other > one:
            return tier, other - one
    return None, 0


def _by_words(ask: Ask, tier: Sort, difference: int) -> str:
    if tier.by is Measure.COST:
        return f"it costs {_money(ask, difference)} less"
    if tier.by is Measure.MISS:
        return f"it is {difference / 10_000:.1f} points of a hundred less likely to be late"
    if tier.by in {Measure.DISTANCE, Measure.PIECE_DISTANCE}:
        return f"it is {max(1, round(difference / 1000))} km {'farther' if tier.descending else 'nearer'}"
    if tier.by is Measure.VELOCITY:
        return f"it sells {difference / 1000:g} pieces a day {'more' if tier.descending else 'less'}"
    words = _WINS[tier.by].format(difference)
    return _singular(words) if difference == 1 else words


def _singular(words: str) -> str:
    return (
        words.replace("parcels", "parcel")
        .replace("days", "day")
        .replace("places", "place")
        .replace("lines", "line")
    )


def _money(ask: Ask, minor: int) -> str:
    currency = ask.outlook.frame.network.currency
    return str(Money(minor, currency)) if currency in CURRENCIES else str(minor)
