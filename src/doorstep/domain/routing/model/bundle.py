"""Bundle orders of one customer to one address: joining a parcel that ships anyway adds no parcel."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from doorstep.domain.routing.model import search
from doorstep.domain.routing.model.demand import Demand
from doorstep.domain.routing.model.order_problem import BestPlans, OrderProblem, Plan
from doorstep.kernel.ids import LocationId, OrderId

_Key = tuple[object, ...]
_ALONE: tuple[OrderId, ...] = ()


@dataclass(slots=True)
class Bundles:
    """The open parcels of this batch, by customer, address and service."""

    is_wanted: bool
    _open: dict[_Key, dict[LocationId, list[OrderId]]] = field(init=False, default_factory=dict)

    def joined(
        self, problem: OrderProblem, found: BestPlans, *, parcels_before: int
    ) -> tuple[OrderProblem, BestPlans, tuple[OrderId, ...]]:
        """The plan that joins open parcels, with the orders it joins, if nothing arrives a day later because of it."""
        parcels = (
            self._open.get(_key(problem.demand)) if self._open and self._may_join(problem.demand) else None
        )
        if not parcels or not found.plan:
            return problem, found, _ALONE
        joining = replace(problem, companion_locations=problem.companion_locations | parcels.keys())
        other = search.best(joining, parcels_before=parcels_before)
        locations = {part.stop.id for part in other.plan}
        if not locations & parcels.keys() or _unit_count(other.plan) < _unit_count(found.plan):
            return problem, found, _ALONE
        if _arrives(other.plan) > _arrives(found.plan):
            return problem, found, _ALONE
        return (
            joining,
            other,
            tuple([order for location in sorted(locations) for order in parcels.get(location, ())]),
        )

    def opened(self, demand: Demand, plan: Plan) -> None:
        """Store the parcels of a plan, if the customer is known."""
        if self._may_join(demand):
            parcels = self._open.setdefault(_key(demand), {})
            for part in plan:
                parcels.setdefault(part.stop.id, []).append(demand.order_id)

    def _may_join(self, demand: Demand) -> bool:
        attributes = demand.attributes
        return (
            self.is_wanted
            and bool(attributes.customer)
            and not attributes.pickup
            and demand.latitude is not None
        )


def _key(demand: Demand) -> _Key:
    return demand.attributes.customer, demand.latitude, demand.longitude, demand.attributes.service


def _unit_count(plan: Plan) -> int:
    return sum(quantity for part in plan for _index, quantity in part.takes)


def _arrives(plan: Plan) -> int:
    return max(part.stop.arrives for part in plan)
