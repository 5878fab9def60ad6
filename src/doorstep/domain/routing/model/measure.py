"""What plans are measured by: tiers of a rule as whole numbers, so that many measures compare as fast as one.

A lexicographic comparison of sums is a comparison of sums of one number whose digits, in a base that no sum reaches, are the
measures: parcels first, then cost, then metres. A rule without tolerances has one such number per plan. With tolerances there
is one per tier that leads, and the plans that are best by each are sifted tier by tier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from doorstep.domain.routing.model.rules.document import Measure, Sort

_BASE = 1 << 46
# Every comparison ends with these, and then with the ids of the locations, so that equal plans do not depend on luck.
_TAIL = (Sort(by=Measure.PARCELS), Sort(by=Measure.COST), Sort(by=Measure.DISTANCE))
# A share of a probability, or of a date, means nothing: here a tolerance is the difference itself.
_STEPS: Mapping[Measure, int] = {Measure.MISS: 1_000_000, Measure.LEAVES: 1, Measure.ARRIVES: 1}
OF_LINES = frozenset(
    {Measure.COST, Measure.STOCK, Measure.VELOCITY, Measure.BROKEN_STYLE, Measure.PIECE_DISTANCE}
)
LATEST_COUNTS = frozenset({Measure.LEAVES, Measure.ARRIVES})

Values = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scale:
    """The tiers of a rule. `weights` say what a unit of a measure is worth in each of the numbers that plans are compared by."""

    tiers: tuple[Sort, ...]
    weights: tuple[Mapping[Measure, int], ...] = field(init=False)

    def __post_init__(self) -> None:
        leads = [0, *(number for number, above in enumerate(self.tiers, 1) if above.tolerance)]
        object.__setattr__(
            self, "weights", tuple(_weights(self.tiers, lead) for lead in leads if lead < len(self.tiers))
        )

    @property
    def is_loose(self) -> bool:
        """Whether a tier lets more than its best pass."""
        return any(each.tolerance for each in self.tiers)

    @property
    def of_lines(self) -> tuple[Measure, ...]:
        """Measures besides cost that depend on which line is taken where."""
        return tuple(each.by for each in self.tiers if each.by in OF_LINES and each.by is not Measure.COST)

    def keys(self, values: Mapping[Measure, int], tie: int) -> tuple[int, ...]:
        """The numbers of something with these values; `tie` (a location id) is the last digit."""
        return tuple(
            [
                tie
                + sum(worth * values[measure] for measure, worth in weights.items() if values.get(measure))
                for weights in self.weights
            ]
        )

    def signed(self, values: Mapping[Measure, int]) -> Values:
        """The values tier by tier, the smaller the better."""
        return tuple([-values[each.by] if each.descending else values[each.by] for each in self.tiers])

    def sift(self, plans: Sequence[Values]) -> list[int]:
        """Indices of the plans, best first: those that pass every tier, by value, then those that fell, last fallen first."""
        passing, fallen = list(range(len(plans))), list[int]()
        for tier, each in enumerate(self.tiers if self.is_loose else ()):
            limit = _limit(min(plans[index][tier] for index in passing), each)
            out = [index for index in passing if plans[index][tier] > limit]
            passing = [index for index in passing if plans[index][tier] <= limit]
            fallen = sorted(out, key=plans.__getitem__) + fallen
        return sorted(passing, key=plans.__getitem__) + fallen


def _limit(best: int, tier: Sort) -> float:
    step = _STEPS.get(tier.by)
    return best + tier.tolerance * (step if step is not None else abs(best))


def _weights(tiers: Sequence[Sort], lead: int) -> Mapping[Measure, int]:
    order = [tiers[lead], *tiers[:lead], *tiers[lead + 1 :]]
    return {
        each.by: (-1 if each.descending else 1) * _BASE ** (len(order) - place)
        for place, each in enumerate(order)
    }


@lru_cache(maxsize=1_000)
def scale(choose: tuple[Sort, ...]) -> Scale:
    """The scale of a rule's tiers; a measure that is named twice counts where it is named first."""
    tiers: dict[Measure, Sort] = {}
    for each in (*choose, *_TAIL):
        tiers.setdefault(each.by, each)
    return Scale(tuple(tiers.values()))
