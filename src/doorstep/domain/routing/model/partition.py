"""Find the cheapest way to split a few items between locations, with a fixed cost per location.

Sets of items are bit masks. First, the best location for each set; then, with one more parcel at a time, the best way to
combine smaller sets. A set of n items costs 3^n comparisons: enough for six, too many for ten.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from doorstep.kernel.ids import LocationId

# A way to serve a set: its cost, and its subsets with their locations.
Way = tuple[int, tuple[tuple[int, LocationId], ...]]


def ways(
    tolls: Mapping[LocationId, int],
    prices: Sequence[Mapping[LocationId, int]],
    *,
    most: int,
    is_refused: Callable[[int], bool] | None = None,
) -> list[list[Way]]:
    """For every set of items the best way by each number of parcels; `is_refused` excludes sets as one parcel."""
    size = 1 << len(prices)
    alone = _alone(tolls, prices, is_refused)
    result = [[each] if each else [] for each in alone]
    latest = alone
    for _count in range(2, min(most, len(prices)) + 1):
        following: list[Way | None] = [None] * size
        for mask in range(3, size):
            following[mask] = best = _joined(mask, alone, latest)
            if best is not None:
                result[mask].append(best)
        latest = following
    return result


def _alone(
    tolls: Mapping[LocationId, int],
    prices: Sequence[Mapping[LocationId, int]],
    is_refused: Callable[[int], bool] | None,
) -> list[Way | None]:
    """For every set the best location for all of it in one parcel."""
    result: list[Way | None] = [None]
    sums: list[Mapping[LocationId, int]] = [{}]
    for mask in range(1, 1 << len(prices)):
        top = mask.bit_length() - 1
        own, rest = prices[top], sums[mask ^ (1 << top)]
        if mask != 1 << top:
            own = {location: price + rest[location] for location, price in own.items() if location in rest}
        sums.append(own)
        if not own or (is_refused is not None and is_refused(mask)):
            result.append(None)
        else:
            cost, location = min([(price + tolls[location], location) for location, price in own.items()])
            result.append((cost, ((mask, location),)))
    return result


def _joined(mask: int, alone: Sequence[Way | None], latest: Sequence[Way | None]) -> Way | None:
    """The best of: one parcel with the first item of the set, and the best way to send the others with one parcel less."""
    best: Way | None = None
    lowest = mask & -mask
    rest = others = mask ^ lowest
    while rest:
        rest = (rest - 1) & others
        one, more = alone[lowest | rest], latest[others ^ rest]
        if one is not None and more is not None and (best is None or one[0] + more[0] < best[0]):
            best = (one[0] + more[0], one[1] + more[1])
    return best
