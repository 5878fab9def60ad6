"""Compare plans: the tiers of a rule encoded as whole numbers, so that many measures compare as fast as one.

A lexicographic comparison of sums equals the comparison of one number whose digits, in a base that no sum reaches, are the
measures: parcels first, then cost, then meters. A rule without tolerances has one such number per plan. With tolerances there
is one more for every tier below a tolerant one, led by that tier, and the best plans by each number are filtered tier by tier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from operator import itemgetter, mul

from doorstep.domain.routing.model.rules.document import Measure, Sort

_BITS = 46
# Every comparison ends with these, and then with the ids of the locations, so that ties are deterministic.
_TAIL = (Sort(by=Measure.PARCELS), Sort(by=Measure.COST), Sort(by=Measure.DISTANCE))
# A relative tolerance of a probability or a date has no meaning: here a tolerance is an absolute difference.
_STEPS: Mapping[Measure, int] = {Measure.MISS: 1_000_000, Measure.LEAVES: 1, Measure.ARRIVES: 1}
_OF_LINES = frozenset({Measure.STOCK, Measure.VELOCITY, Measure.BROKEN_STYLE, Measure.UNIT_DISTANCE})
# Measures that every parcel has, whatever its content.
_ADDING_UP = frozenset({Measure.MISS, Measure.DISTANCE, Measure.SEQUENCE, Measure.LOAD, Measure.CARBON})
_LATEST_COUNTS = frozenset({Measure.LEAVES, Measure.ARRIVES})

_SIX_ADD_UP, _FAR_DAYS = 8, 14
# Measures that depend on the location alone, in the sequence in which `Scale.of_stop` takes them.
_OF_STOPS = (
    Measure.MISS,
    Measure.COST,
    Measure.PARCELS,
    Measure.DISTANCE,
    Measure.LEAVES,
    Measure.ARRIVES,
    Measure.SEQUENCE,
    Measure.LOAD,
    Measure.CARBON,
)

# A plan, or a parcel, measured tier by tier: smaller is better.
Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """The tiers of a rule.

    `count` numbers compare plans; `few_first` marks those led by the number of parcels. `of_lines` are measures besides
    cost that depend on which line is taken where; `latest` are the positions of tiers where the maximum counts, not the sum.
    `cost` is the position of cost, and `cost_worth` what a unit of it adds to each number. `of_stop` takes measures that a
    location alone decides (in the sequence of _OF_STOPS) tier by tier. `is_plain` says that plans of one parcel compare by
    their measures as they do by numbers. `leads` are the tiers that lead numbers in place of parcels, and whether parcels come
    next; None if two parcels may have less than twice the minimum of a leading measure.
    """

    tiers: tuple[Sort, ...]
    count: int = field(init=False)
    few_first: tuple[bool, ...] = field(init=False)
    of_lines: frozenset[Measure] = field(init=False)
    latest: tuple[int, ...] = field(init=False)
    is_loose: bool = field(init=False)
    cost: int = field(init=False)
    cost_worth: tuple[int, ...] = field(init=False)
    is_plain: bool = field(init=False)
    leads: tuple[tuple[int, bool], ...] | None = field(init=False)
    of_stop: Callable[[Values], Values] = field(init=False)
    _weights: tuple[tuple[int, ...], ...] = field(init=False)

    def __post_init__(self) -> None:
        kinds = [each.by for each in self.tiers]
        loose = [number for number, each in enumerate(self.tiers) if each.tolerance]
        leads = [0, *(number + 1 for number in loose if number + 1 < len(kinds))]
        orders = [_order(self.tiers, lead) for lead in leads]
        cost = kinds.index(Measure.COST)
        sign = -1 if self.tiers[cost].descending else 1
        for name, value in (
            ("count", len(orders)),
            ("few_first", tuple(self.tiers[order[0]] == _TAIL[0] for order in orders)),
            ("of_lines", _OF_LINES & set(kinds)),
            ("latest", tuple(number for number, kind in enumerate(kinds) if kind in _LATEST_COUNTS)),
            ("is_loose", bool(loose)),
            ("cost", cost),
            ("is_plain", not _OF_LINES & set(kinds) and (len(orders) > 1 or not _LATEST_COUNTS & set(kinds))),
            ("leads", _leads(self.tiers, orders)),
            ("of_stop", _of_stop(self.tiers)),
            ("_weights", tuple(_weights(each) for each in orders)),
            ("cost_worth", tuple(sign << _BITS * (len(each) - each.index(cost)) for each in orders)),
        ):
            object.__setattr__(self, name, value)

    def stop_keys(self, values: Values, tie: int) -> tuple[int, ...]:
        """The numbers of a candidate. Where the latest day counts, days are powers: a sum of up to six is led by the greatest."""
        if not self.latest:
            return self.keys(values, tie)
        powers = list(values)
        for tier in self.latest:
            days = values[tier]
            powers[tier] = (1 if days >= 0 else -1) * _SIX_ADD_UP ** min(abs(days), _FAR_DAYS)
        return self.keys(tuple(powers), tie)

    def signed(self, measures: Mapping[Measure, int]) -> Values:
        """Measures tier by tier, smaller is better; missing ones are 0."""
        return tuple(
            [
                -measures.get(each.by, 0) if each.descending else measures.get(each.by, 0)
                for each in self.tiers
            ]
        )

    def keys(self, values: Values, tie: int) -> tuple[int, ...]:
        """The numbers of these values; `tie` (a location id) is the last digit."""
        return tuple([sum(map(mul, values, each), tie) for each in self._weights])

    def total(self, parts: Sequence[Values]) -> Values:
        """The measures of several parcels together."""
        if len(parts) == 1:
            return parts[0]
        sums = [sum(each) for each in zip(*parts, strict=True)]
        for tier in self.latest:
            sums[tier] = max(part[tier] for part in parts)
        return tuple(sums)

    def sift(self, plans: Sequence[Values]) -> list[int]:
        """Indices of the plans, best first: those that pass every tier, by value, then the eliminated ones, the last eliminated first."""
        passing, fallen = list(range(len(plans))), list[int]()
        for each, column in zip(self.tiers, zip(*plans, strict=True), strict=True) if self.is_loose else ():
            still = column if len(passing) == len(column) else [column[index] for index in passing]
            most = limit(min(still), each)
            if max(still) > most:
                out = [index for index in passing if column[index] > most]
                passing = [index for index in passing if column[index] <= most]
                fallen = sorted(out, key=plans.__getitem__) + fallen
                if len(passing) == 1:
                    break
        return sorted(passing, key=plans.__getitem__) + fallen


def _of_stop(tiers: Sequence[Sort]) -> Callable[[Values], Values]:
    """Take the measures of a candidate tier by tier: 0 for line measures, negative where the greater wins."""
    if not any(each.descending or each.by in _OF_LINES for each in tiers):
        # Nearly every rule only needs another sequence, at a tenth of the time.
        return itemgetter(*[_OF_STOPS.index(each.by) for each in tiers])
    takes = [(0, 0) if each.by in _OF_LINES else (_OF_STOPS.index(each.by), _sign(each)) for each in tiers]
    return lambda measures: tuple([sign * measures[location] for location, sign in takes])


def _leads(tiers: Sequence[Sort], orders: Sequence[Sequence[int]]) -> tuple[tuple[int, bool], ...] | None:
    """The leading tiers of the numbers that parcels do not lead, and whether parcels are next."""
    others = [order for order in orders if tiers[order[0]] != _TAIL[0]]
    if any(tiers[order[0]].descending or tiers[order[0]].by not in _ADDING_UP for order in others):
        return None
    nexts = [tiers[order[1]] for order in others]
    few = [each.by is Measure.PARCELS and not each.descending for each in nexts]
    return tuple(zip([order[0] for order in others], few, strict=True))


def _sign(tier: Sort) -> int:
    return -1 if tier.descending else 1


def _weights(order: Sequence[int]) -> tuple[int, ...]:
    """The weight of each tier in a number with the tiers in this sequence."""
    return tuple([1 << _BITS * (len(order) - order.index(tier)) for tier in range(len(order))])


def limit(best: int, tier: Sort) -> float:
    """The greatest value that passes a tier with this best value."""
    if not tier.tolerance:
        return best
    step = _STEPS.get(tier.by)
    return best + tier.tolerance * (step if step is not None else abs(best))


def _order(tiers: Sequence[Sort], lead: int) -> list[int]:
    """Tiers by number, with `lead` before all tolerant tiers above it: those let more than the best pass, strict ones do not."""
    above = range(lead)
    strict = [number for number in above if not tiers[number].tolerance]
    return [
        *strict,
        lead,
        *(number for number in above if tiers[number].tolerance),
        *range(lead + 1, len(tiers)),
    ]


@lru_cache(maxsize=1_000)
def scale(choose: tuple[Sort, ...]) -> Scale:
    """The scale of a rule's tiers; a repeated measure counts at its first position."""
    tiers: dict[Measure, Sort] = {}
    for each in (*choose, *_TAIL):
        tiers.setdefault(each.by, each)
    return Scale(tuple(tiers.values()))
