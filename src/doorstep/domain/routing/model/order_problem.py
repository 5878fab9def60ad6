"""Prepare the open lines of an order under one rule: which location can fill which line, and at what extra cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from doorstep.domain.routing.model.candidates import CandidateView, Stop
from doorstep.domain.routing.model.demand import Demand, DemandLine
from doorstep.domain.routing.model.measure import Values
from doorstep.domain.routing.model.rules.document import Measure
from doorstep.domain.routing.model.supply import Basket, Supply
from doorstep.kernel.ids import LocationId, Sku
from doorstep.kernel.message import Message

NO_CAPACITY = Message("has no capacity left in this shift")


class Part(msgspec.Struct, frozen=True):
    """A parcel of a plan: units of lines (by their index) from one location."""

    stop: Stop
    takes: tuple[tuple[int, int], ...]


Plan = tuple[Part, ...]


class BestPlans(msgspec.Struct, frozen=True):
    """The best plan and the runner-up from other locations, with their measures tier by tier; () if there is none."""

    plan: Plan = ()
    values: Values = ()
    runner_up: Plan = ()
    runner_up_values: Values = ()


class LineGroup(msgspec.Struct, frozen=True):
    """Lines that are not separated: where they can be filled completely, and what they add to a parcel there: to its cost,
    and to its numbers (see measure) if the rule measures lines by more than cost.
    """

    lines: tuple[int, ...]
    fits: Mapping[LocationId, Stop]
    costs: Mapping[LocationId, int]
    extras: Mapping[LocationId, tuple[int, ...]] | None = None

    def keys(self, number: int, worth: int) -> dict[LocationId, int]:
        """What the lines add to one of a parcel's numbers, where cost has this weight."""
        if self.extras is not None:
            return {location: each[number] for location, each in self.extras.items()}
        return {location: worth * cost for location, cost in self.costs.items()}


@dataclass(slots=True)
class OrderProblem:
    """An order's open lines under one rule. `capacity` is the remaining capacity of limited locations; `companion_locations` have open parcels."""

    demand: Demand
    wants: Sequence[DemandLine]
    candidates: CandidateView
    supply: Supply
    capacity: Mapping[LocationId, int]
    companion_locations: frozenset[LocationId]
    is_plain: bool = field(init=False)
    shares_components: bool = field(init=False)
    stock_at: list[Mapping[LocationId, int]] = field(init=False)
    _fits: dict[int, Mapping[LocationId, Stop]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        demand, supply = self.demand, self.supply
        self.is_plain = supply.is_plain(demand)
        self.shares_components = self._shares_components()
        if self.is_plain:
            self.stock_at = [supply.at(want.sku) for want in self.wants]
        else:
            self.stock_at = [supply.available_to(want.sku, demand.terms) for want in self.wants]

    def _shares_components(self) -> bool:
        """Whether lines share components, so that lines that fit one by one may not fit together."""
        if self.is_plain:
            return len({want.sku for want in self.wants}) < len(self.wants)
        components = [component for want in self.wants for component in self.supply.recipe(want.sku)]
        return len(set(components)) < len(components)

    @property
    def safety(self) -> int:
        """Units of every SKU that this rule keeps as safety stock."""
        return self.candidates.rule.locations.safety_stock

    def reason_against(self, location_id: LocationId) -> Message | None:
        """The reason why a location may not serve this order; None if it may."""
        return self.candidates.reasons.get(location_id) or (
            NO_CAPACITY if self.capacity.get(location_id, 1) <= 0 else None
        )

    def candidate(self, location_id: LocationId, sku: Sku) -> Stop | None:
        """The location as a candidate for this SKU, regardless of its stock; None if it may not serve it."""
        if self.capacity and self.capacity.get(location_id, 1) <= 0:
            return None
        if self.demand.excluded and (sku, location_id) in self.demand.excluded:
            return None
        if self.companion_locations and location_id in self.companion_locations:
            return self.candidates.companions[location_id]
        return self.candidates.stops[location_id]

    def fits(self, index: int) -> Mapping[LocationId, Stop]:
        """Locations that can fill a line completely."""
        if index not in self._fits:
            self._fits[index] = self._filling(index)
        return self._fits[index]

    def _filling(self, index: int) -> dict[LocationId, Stop]:
        want = self.wants[index]
        need = want.quantity + self.safety
        there = [location for location, quantity in self.stock_at[index].items() if quantity >= need]
        if self.capacity or self.companion_locations or self.demand.excluded:
            return {
                location: stop
                for location in there
                if (stop := self.candidate(location, want.sku)) is not None
            }
        stops = self.candidates.stops
        return {location: stop for location in there if (stop := stops[location]) is not None}

    def unit(self, lines: tuple[int, ...]) -> LineGroup:
        """Lines that must come from one location, with the keys of taking them there."""
        fits = self.fits(lines[0])
        for index in lines[1:]:
            others = self.fits(index)
            fits = {location: stop for location, stop in fits.items() if location in others}
        scale = self.candidates.scale
        extras = None
        if scale.of_lines:
            takes = [(index, self.wants[index].quantity) for index in lines]
            extras = {
                location: scale.keys(scale.signed(self.measured(takes, stop)), 0)
                for location, stop in fits.items()
            }
        return LineGroup(lines, fits, self.costs(lines, fits), extras)

    def costs(self, lines: Sequence[int], fits: Mapping[LocationId, Stop]) -> dict[LocationId, int]:
        """What taking these lines adds to a parcel from each location, in minor units."""
        frame = self.candidates.frame
        if len(lines) == 1 and not frame.network.prices and not frame.costs.last_unit_minor:
            # The hot path: the sum of `added`, inlined.
            quantity, grams = self.wants[lines[0]].quantity, self.wants[lines[0]].grams
            return {
                location: (lane.kilo_minor * grams * quantity + 500) // 1000 + lane.unit_minor * quantity
                for location, stop in fits.items()
                for lane in (stop.lane,)
            }
        return {
            location: sum(self.added(index, stop, self.wants[index].quantity) for index in lines)
            for location, stop in fits.items()
        }

    def added(self, index: int, stop: Stop, quantity: int) -> int:
        """What these units of a line add to a parcel, in minor units: carriage by weight, and scarcity prices."""
        want, lane, frame = self.wants[index], stop.lane, self.candidates.frame
        cost = (lane.kilo_minor * want.grams * quantity + 500) // 1000 + lane.unit_minor * quantity
        if frame.network.prices:
            cost += self.scarcity(index, stop.id, quantity)
        if frame.costs.last_unit_minor:
            cost += self.last(index, stop.id, quantity)
        return cost

    def scarcity(self, index: int, location: LocationId, quantity: int) -> int:
        """The scarcity price of these units at the location."""
        prices, sku = self.candidates.frame.network.prices, self.wants[index].sku
        if self.is_plain:
            return quantity * prices.get((sku, location), 0)
        return quantity * sum(
            each * prices.get((component, location), 0) for component, each in self.supply.recipe(sku).items()
        )

    def last(self, index: int, location: LocationId, quantity: int) -> int:
        """The cost of selling a SKU out at the location."""
        return (
            self.candidates.frame.costs.last_unit_minor
            if self.stock_at[index].get(location, 0) <= quantity
            else 0
        )

    def measured(self, takes: Sequence[tuple[int, int]], stop: Stop) -> dict[Measure, int]:
        """Measures of the units, without those of the parcel. Velocity is in thousandths of a unit a day."""
        supply, wants = self.supply, [self.wants[index] for index, _quantity in takes]
        broken = sum(stop.id not in supply.broken.get(want.style, ()) for want in wants)
        velocity = sum(supply.velocity.get(want.sku, {}).get(stop.id, 0.0) for want in wants)
        return {
            Measure.COST: sum(self.added(index, stop, quantity) for index, quantity in takes),
            Measure.STOCK: sum(self.stock_at[index].get(stop.id, 0) for index, _quantity in takes),
            Measure.VELOCITY: round(velocity * 1000),
            Measure.BROKEN_STYLE: broken,
            Measure.UNIT_DISTANCE: stop.meters * sum(quantity for _index, quantity in takes),
        }

    def basket(self) -> Basket:
        """A basket for trying allocations of this order."""
        return Basket(self.supply, self.demand.terms)
