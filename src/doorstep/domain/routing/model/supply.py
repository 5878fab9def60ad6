"""Hold the stock available to a batch, with tentative allocation for one order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from doorstep.domain.routing.model.demand import Choice, Demand, StockKey, StockLimits
from doorstep.kernel.ids import LocationId, Sku

_NOWHERE: Mapping[LocationId, int] = {}


@dataclass(slots=True)
class Supply:
    """Available stock by stock key and location; planning takes from it, so that a batch never promises a unit twice.

    `recipes` give the components of one kit or B-grade SKU; other SKUs are their own component. `velocity` is units sold a day;
    `broken` names the locations where a style misses sizes. Both are needed only if a rule sorts by them.
    """

    available: dict[StockKey, dict[LocationId, int]]
    recipes: Mapping[Sku, Mapping[StockKey, int]] = field(default_factory=dict)
    velocity: Mapping[Sku, Mapping[LocationId, float]] = field(default_factory=dict)
    broken: Mapping[str, frozenset[LocationId]] = field(default_factory=dict)

    def at(self, component: StockKey) -> Mapping[LocationId, int]:
        """Units of a stock key by location."""
        return self.available.get(component, _NOWHERE)

    def recipe(self, sku: Sku) -> Mapping[StockKey, int]:
        """The components of one unit of a SKU."""
        return self.recipes.get(sku) or {sku: 1}

    def is_plain(self, demand: Demand) -> bool:
        """Whether an order has ordinary SKUs only, and no stock is kept from its buyer: nearly every order."""
        return not demand.terms and not (
            self.recipes and any(want.sku in self.recipes for want in demand.wants)
        )

    def available_to(self, sku: Sku, terms: StockLimits) -> dict[LocationId, int]:
        """How many of a SKU each location can give this buyer, if it gives nothing else."""
        recipe = self.recipe(sku)
        first = next(iter(recipe))
        if len(recipe) > 1 or recipe[first] > 1:
            basket = Basket(self, terms)
            return {location: basket.free(sku, location) for location in self.at(first)}
        there, kept = self.at(first), terms.kept_back
        if kept:
            there = {
                location: max(0, units - kept.get((first, location), 0)) for location, units in there.items()
            }
        if first not in terms.set_aside:
            return dict(there)
        spare = max(0, sum(self.at(first).values()) - terms.set_aside[first])
        return {location: min(units, spare) for location, units in there.items()}

    def take(self, choice: Choice) -> None:
        for component, units in self.recipe(choice.sku).items():
            self.available[component][choice.location_id] -= units * choice.quantity

    def restore(self, choice: Choice) -> None:
        """Add back what was taken."""
        for component, units in self.recipe(choice.sku).items():
            self.available[component][choice.location_id] += units * choice.quantity


@dataclass(slots=True)
class Basket:
    """The tentative allocation of one order: repeated SKUs and kits that share a component are summed."""

    supply: Supply
    terms: StockLimits
    _here: dict[tuple[StockKey, LocationId], int] = field(init=False, default_factory=dict)
    _everywhere: dict[StockKey, int] = field(init=False, default_factory=dict)

    def free(self, sku: Sku, location: LocationId) -> int:
        """How many more of a SKU are available there."""
        return max(
            0,
            min(
                self._left(component, location) // units
                for component, units in self.supply.recipe(sku).items()
            ),
        )

    def has_spare(self, sku: Sku, quantity: int) -> bool:
        """Whether this many more leave enough, at any location, of the units set aside for others."""
        return all(
            self._spare(component) >= units * quantity
            for component, units in self.supply.recipe(sku).items()
            if component in self.terms.set_aside
        )

    def _spare(self, component: StockKey) -> int:
        total = sum(self.supply.at(component).values())
        return total - self.terms.set_aside[component] - self._everywhere.get(component, 0)

    def _left(self, component: StockKey, location: LocationId) -> int:
        key = component, location
        here = (
            self.supply.at(component).get(location, 0)
            - self.terms.kept_back.get(key, 0)
            - self._here.get(key, 0)
        )
        if component not in self.terms.set_aside:
            return here
        return min(here, self._spare(component))

    def copied(self) -> Basket:
        """A copy of the basket, for further tries."""
        copy = Basket(self.supply, self.terms)
        copy.become(self)
        return copy

    def become(self, other: Basket) -> None:
        """Replace the content with that of another basket."""
        self._here, self._everywhere = dict(other._here), dict(other._everywhere)

    def add(self, choice: Choice) -> None:
        for component, units in self.supply.recipe(choice.sku).items():
            taken, key = units * choice.quantity, (component, choice.location_id)
            self._here[key] = self._here.get(key, 0) + taken
            self._everywhere[component] = self._everywhere.get(component, 0) + taken
