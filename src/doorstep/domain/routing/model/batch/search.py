"""Search a better plan of a batch within a time budget: exact if small, else prices, then large neighborhood search."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from doorstep.domain.routing.model import partition
from doorstep.domain.routing.model.batch.lagrange import Market
from doorstep.domain.routing.model.batch.mip import solve
from doorstep.domain.routing.model.batch.pool import Floats, Ints, Pool, RoutingLocation, Served
from doorstep.kernel.i18n import mark
from doorstep.kernel.ids import LocationId

_SHARE_OF_PRICES = 0.2
_PROVEN = 1e-6
# The number of columns that HiGHS solves to optimality in seconds.
EXACT = 9_000
_FREED = 3_000
_GAP = 0.002


@dataclass(slots=True)
class Search:
    """Improves a pool. `clock` counts seconds; `seed` selects the neighborhoods."""

    pool: Pool
    clock: Callable[[], float]
    until: float
    seed: int = 0
    bound: float | None = None
    steps: list[tuple[float, float]] = field(default_factory=list)
    _began: float = field(init=False)

    def __post_init__(self) -> None:
        self._began = self.clock()
        self._note()

    def run(self) -> str:
        """Improve until the time is over; returns a sentence on how."""
        if self.pool.size <= EXACT:
            is_best = self._exact()
            self._note()
            return mark("proven optimal") if is_best else mark("the best plan found in time")
        self._prices()
        self._neighborhoods()
        return mark("improved step by step in the time given")

    @property
    def left(self) -> float:
        """Seconds left."""
        return self.until - self.clock()

    def _exact(self) -> bool:
        """Solve all orders at once; returns whether the result is proven optimal."""
        every = list(range(len(self.pool.members)))
        solved = solve(self.pool, every, self.pool.stock, seconds=max(0.1, self.left))
        if solved is None:
            return False
        self.bound = solved.bound
        self._take(every, solved.served)
        return solved.cost - solved.bound <= _PROVEN * max(1.0, abs(solved.cost))

    def _prices(self) -> None:
        """Price the scarce stock, and serve the orders one by one at these prices, those with most lines first."""
        until = self.clock() + _SHARE_OF_PRICES * self.left
        found = Market(self.pool).prices(self.pool.total(), until=lambda: self.clock() > until)
        self.bound = found.bound
        served = served_at_prices(self.pool, found.of)
        if served is not None:
            self._take(list(range(len(served))), served)
        self._note()

    def _neighborhoods(self) -> None:
        """Free some orders that compete for the same stock, serve them best, keep improvements; until the time is over."""
        count = len(self.pool.members)
        rivals = _rivals(self.pool)
        chance = np.random.default_rng(self.seed)
        usage = self.pool.usage(range(count))
        while self.left > 0 and count:
            freed = self._freed(rivals, chance)
            own = self.pool.usage(freed)
            spare = self.pool.stock - usage + own
            solved = solve(self.pool, freed, spare, seconds=min(1.0, max(0.05, self.left)), gap=_GAP)
            if solved is not None and self._take(freed, solved.served):
                usage += self.pool.usage(freed) - own
                self._note()

    def _take(self, numbers: list[int], found: Served) -> bool:
        """Keep a plan if it is cheaper."""
        before = sum(self.pool.cost(number) for number in numbers)
        kept = [self.pool.served[number] for number in numbers]
        for number, served in zip(numbers, found, strict=True):
            self.pool.served[number] = served
        if sum(self.pool.cost(number) for number in numbers) < before:
            return True
        for number, served in zip(numbers, kept, strict=True):
            self.pool.served[number] = served
        return False

    def _freed(self, rivals: list[Ints], chance: np.random.Generator) -> list[int]:
        """A random order, its competitors, and their competitors: until the program is large enough."""
        freed: dict[int, None] = {}
        waiting, size = [int(chance.integers(len(rivals)))], 0
        while waiting and size < _FREED:
            number = waiting.pop(0)
            if number in freed:
                continue
            freed[number] = None
            size += len(self.pool.columns[number].unit)
            near = rivals[number]
            waiting += [int(each) for each in chance.permutation(near)[:8] if int(each) not in freed]
            if not waiting:
                waiting.append(int(chance.integers(len(rivals))))
            if len(freed) == len(rivals):
                break
        return list(freed)

    def _note(self) -> None:
        self.steps.append((self.clock() - self._began, self.pool.total()))


def _rivals(pool: Pool) -> list[Ints]:
    """For every order its competitors for the same scarce stock."""
    users: dict[int, list[int]] = {}
    for number, each in enumerate(pool.columns):
        for row in set(each.row.tolist()):
            users.setdefault(row, []).append(number)
    result = []
    for number, each in enumerate(pool.columns):
        near = {other for row in set(each.row.tolist()) for other in users[row]} - {number}
        result.append(np.array(sorted(near), dtype=np.int64))
    return result


def served_at_prices(pool: Pool, prices: Floats) -> Served | None:
    """Serve every order best at these prices from the stock left by earlier ones; None if an order loses a unit it had."""
    spare = pool.stock.copy()
    result: Served = [()] * len(pool.members)
    for number in sorted(range(len(pool.members)), key=lambda each: (-pool.columns[each].units, each)):
        served = _served(pool, number, prices, spare)
        if served is None:
            return None
        result[number] = served
        spare -= pool.taken(number, served)
    return result


def _served(pool: Pool, number: int, prices: Floats, spare: Floats) -> tuple[RoutingLocation, ...] | None:
    each = pool.columns[number]
    worth = each.cost.copy()
    np.add.at(worth, each.of, prices[each.row] * each.need)
    is_there = np.ones(len(each.unit), dtype=bool)
    is_there[each.of[spare[each.row] < each.need]] = False
    has_slot = np.array([slot < 0 or spare[slot] >= 1 for slot in each.slot], dtype=bool)
    tolls = {
        location: round(toll + (prices[slot] if slot >= 0 else 0.0))
        for location, toll, slot in zip(each.locations, each.toll.tolist(), each.slot.tolist(), strict=True)
    }
    units: list[dict[LocationId, int]] = [{} for _ in range(each.units)]
    for (unit, location), column in each.x_by_location.items():
        if is_there[column] and has_slot[each.stop[column]]:
            units[unit][location] = round(worth[column])
    found = split_units(tolls, units, each.most)
    lost = found is not None and any(
        location is None and not waits for location, waits in zip(found, each.may_wait.tolist(), strict=True)
    )
    return None if lost else found


def split_units(
    tolls: Mapping[LocationId, int], units: Sequence[Mapping[LocationId, int]], most: int
) -> tuple[RoutingLocation, ...] | None:
    """The cheapest way to serve the units that can be served; None if they do not fit in so few parcels."""
    there = [unit for unit, prices in enumerate(units) if prices]
    found = partition.ways(tolls, [units[unit] for unit in there], most=most)[-1] if there else []
    if there and not found:
        return None
    result: list[RoutingLocation] = [None] * len(units)
    for mask, location in min(found)[1] if found else ():
        for bit, unit in enumerate(there):
            if mask >> bit & 1:
                result[unit] = location
    return tuple(result)
