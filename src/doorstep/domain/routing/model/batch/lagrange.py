"""Price scarce stock in a batch by Lagrangian relaxation, so that orders with alternatives leave it to others.

The stock limits of a pool are priced instead of enforced, so that every order can be served exactly on its own, for all orders
at once with arrays; prices rise where more is taken than there is and fall where less is. The cost of the orders at these
prices, less the value of the stock, is a lower bound of every plan.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from doorstep.domain.routing.model.batch.pool import Floats, Ints, Pool

STEPS = 300
_PATIENCE = 12
_FAR = 1e15


@dataclass(slots=True)
class _Group:
    """Orders with equally many units, as one array: `cost` (order, unit, place) and `toll` (order, place) before prices; `out`
    (order, unit) is the cost of not serving a unit.
    """

    units: int
    cost: Floats
    toll: Floats
    rows: Ints
    needs: Floats
    slots: Ints
    out: Floats

    def served(self, prices: Floats) -> tuple[float, Floats]:
        """The cost of all orders at these prices, and what they take, by row."""
        cost = self.cost + prices[self.rows] * self.needs
        toll = self.toll + prices[self.slots]
        masks = 1 << self.units
        best = np.zeros((masks, len(toll)))
        location = np.zeros((masks, len(toll)), dtype=np.int64)
        first = np.zeros((masks, len(toll)), dtype=np.int64)
        for mask in range(1, masks):
            chosen = [unit for unit in range(self.units) if mask >> unit & 1]
            every = cost[:, chosen].sum(1) + toll
            location[mask] = every.argmin(1)
            best[mask] = np.take_along_axis(every, location[mask][:, None], 1)[:, 0]
            first[mask] = mask
            if len(chosen) == 1:
                self._left_out(mask, chosen[0], best, location)
            self._parted(mask, best, first)
        return float(best[-1].sum()), self._usage(len(prices), location, first)

    def _left_out(self, mask: int, unit: int, best: Floats, location: Ints) -> None:
        """A unit may stay unserved, if it is unserved now."""
        out = best[mask] > self.out[:, unit]
        best[mask][out] = self.out[out, unit]
        location[mask][out] = -1

    def _parted(self, mask: int, best: Floats, first: Ints) -> None:
        """A set of units can be combined from smaller sets: one parcel with its lowest unit, and the rest."""
        lowest = mask & -mask
        others = mask ^ lowest
        rest = others
        while rest:
            rest = (rest - 1) & others
            one = lowest | rest
            total = np.where(first[one] == one, best[one], _FAR) + best[mask ^ one]
            better = total < best[mask] - 1e-9
            best[mask][better] = total[better]
            first[mask][better] = one

    def _usage(self, rows: int, location: Ints, first: Ints) -> Floats:
        """The stock taken, by row, from the full set down to its parcels."""
        orders = np.arange(location.shape[1])
        left = np.full(len(orders), (1 << self.units) - 1)
        usage = np.zeros(rows)
        while left.any():
            parcel = first[left, orders]
            at = location[parcel, orders]
            sent = (parcel > 0) & (at >= 0)
            np.add.at(usage, self.slots[orders[sent], at[sent]], 1.0)
            for unit in range(self.units):
                has = sent & (parcel >> unit & 1 > 0)
                who, where = orders[has], at[has]
                np.add.at(usage, self.rows[who, unit, where], self.needs[who, unit, where])
            left = left ^ parcel
        return usage


@dataclass(slots=True)
class Prices:
    """The result of the price search: `of` is by row, `bound` is a lower bound of every plan of the batch."""

    of: Floats
    bound: float
    steps: int = 0


@dataclass(slots=True)
class Market:
    """The groups of a pool. The last row stands for everything that is not scarce: it never has a price."""

    pool: Pool
    _groups: list[_Group] = field(init=False)

    def __post_init__(self) -> None:
        sizes = sorted({each.units for each in self.pool.columns})
        self._groups = [self._group(units) for units in sizes]

    def prices(self, goal: float, *, until: Callable[[], bool]) -> Prices:
        """Adjust prices towards a total that is known to be reachable (`goal`), until time or progress ends."""
        stock, free = self.pool.stock, len(self.pool.stock)
        prices, best = np.zeros(free + 1), Prices(np.zeros(free + 1), -np.inf)
        scale, idle = 1.5, 0
        for step in range(STEPS):
            total, usage = self._answer(prices)
            value = total - float(prices[:free] @ stock)
            if value > best.bound + 1e-6 * abs(best.bound if np.isfinite(best.bound) else 1.0):
                best, idle = Prices(prices.copy(), value, step), 0
            elif (idle := idle + 1) > _PATIENCE:
                scale, idle = scale / 2, 0
            excess = usage[:free] - stock
            excess[(excess < 0) & (prices[:free] <= 0)] = 0.0
            steep = float(excess @ excess)
            if not steep or scale < 0.02 or until():  # noqa: PLR2004 - steps that small change nothing
                break
            prices[:free] = np.maximum(
                0.0, prices[:free] + scale * max(goal - value, 1e-3 * abs(goal)) / steep * excess
            )
        return best

    def _answer(self, prices: Floats) -> tuple[float, Floats]:
        answers = [group.served(prices) for group in self._groups]
        return sum(cost for cost, _usage in answers), np.sum([usage for _cost, usage in answers], axis=0)

    def _group(self, units: int) -> _Group:
        """Orders of one size, padded to the longest list of locations; padding costs too much to be chosen."""
        numbers = [number for number, each in enumerate(self.pool.columns) if each.units == units]
        chosen = [self.pool.columns[number] for number in numbers]
        width, free = max(1, *(len(each.locations) for each in chosen)), len(self.pool.stock)
        shape = (len(chosen), units, width)
        cost, rows, needs = np.full(shape, _FAR), np.full(shape, free), np.zeros(shape)
        toll, slots = np.full((len(chosen), width), _FAR), np.full((len(chosen), width), free)
        for order, each in enumerate(chosen):
            stops = len(each.locations)
            toll[order, :stops] = each.toll
            slots[order, :stops] = np.where(each.slot >= 0, each.slot, free)
            cost[order, each.unit, each.stop] = each.cost
            rows[order, each.unit[each.of], each.stop[each.of]] = each.row
            needs[order, each.unit[each.of], each.stop[each.of]] = each.need
        waits = [self.pool.waits[number] for number in numbers]
        out = np.array(
            [np.where(each.may_wait, wait, _FAR) for each, wait in zip(chosen, waits, strict=True)]
        )
        return _Group(units, cost, toll, rows, needs, slots, out)
