"""Stock each order may use: kit components, availability rules, cart reservations, pools."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from doorstep.domain.catalog import views as catalog
from doorstep.domain.fulfillment.model import Assignment, cause
from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import NetworkClaims, NewReservation
from doorstep.domain.inventory.model import Condition, Position
from doorstep.domain.inventory.model.policies import Policies
from doorstep.domain.inventory.views import promises, rules
from doorstep.domain.routing.model import Demand, StockKey, StockLimits, stock_key
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, Sku
from doorstep.kernel.message import Message


@dataclass(frozen=True, slots=True)
class StockNeeds:
    """Requested SKUs split into components: per SKU its (SKU, condition) and units."""

    parts: Mapping[Sku, Mapping[tuple[Sku, Condition], int]]

    @property
    def locked_parts(self) -> list[tuple[Sku, Condition]]:
        """Every stock position to lock for it."""
        return sorted({part for parts in self.parts.values() for part in parts})

    @property
    def recipes(self) -> dict[Sku, dict[StockKey, int]]:
        """Kits and B-grade SKUs, as routing expects them."""
        return {
            sku: {stock_key(*part): units for part, units in parts.items()}
            for sku, parts in self.parts.items()
            if parts != {(sku, Condition.NEW): 1}
        }

    @property
    def sold_as(self) -> dict[StockKey, tuple[tuple[Sku, Condition], Sku]]:
        """Stock keys, and the SKU whose rules apply: B-grade units follow the rules of the SKU they are sold as."""
        return {
            stock_key(*part): (part, part[0] if part[1] is Condition.NEW else sku)
            for sku, parts in self.parts.items()
            for part in parts
        }


def needs(tx: ReadTx, *, skus: Iterable[Sku]) -> StockNeeds:
    """The components of these SKUs."""
    found = catalog.parts(tx, skus=skus)
    return StockNeeds(
        {
            sku: {(part.sku, Condition(part.condition)): part.quantity for part in parts}
            for sku, parts in found.items()
        }
    )


def with_limits(
    tx: ReadTx, *, demands: Sequence[Demand], goods: StockNeeds, claims: NetworkClaims
) -> list[Demand]:
    """Set for each demand which stock it may use. The stock is locked, so the answer stays true.

    Orders whose promised units arrived come first; for all others those units are reserved, like a cart's.
    """
    held = {part: each.held for part, each in claims.asked.items() if each.held}
    order_ids = {each.order_id for each in demands}
    came = promises.arrived(
        tx, skus={sku for sku, condition in goods.locked_parts if condition is Condition.NEW}
    )
    for arrival in came:
        if arrival.order_id not in order_ids:
            part = Sku(arrival.sku), Condition.NEW
            held[part] = held.get(part, 0) + arrival.units
    if came:
        first = {arrival.order_id for arrival in came}
        demands = [
            replace(demand, has_claim=True) if demand.order_id in first else demand for demand in demands
        ]
    ruled = {ruled_as for _, ruled_as in goods.sold_as.values()}
    policies = rules.policies(tx, skus=ruled, channels={each.channel for each in demands})
    if not held and policies == Policies():
        return list(demands)
    positions = stock.positions_of(tx, parts=goods.locked_parts)
    known: dict[tuple[str, frozenset[str]], StockLimits] = {}
    result = []
    for each in demands:
        key = (each.channel, each.buyer)
        if key not in known:
            known[key] = _terms(each, goods, positions, policies, held)
        result.append(replace(each, terms=known[key]))
    return result


def _terms(
    demand: Demand,
    goods: StockNeeds,
    positions: Sequence[Position],
    policies: Policies,
    held: Mapping[tuple[Sku, Condition], int],
) -> StockLimits:
    kept: dict[tuple[StockKey, LocationId], int] = {}
    why: dict[tuple[StockKey, LocationId], Message] = {}
    for position in positions:
        name = stock_key(position.sku, position.condition)
        ruled_as = goods.sold_as[name][1]
        units, reason = policies.kept_back(
            ruled_as, position.location_id, demand.channel, on_hand=position.on_hand
        )
        if units:
            kept[name, position.location_id], why[name, position.location_id] = units, reason
    aside = {
        name: held.get(part, 0) + policies.set_aside(ruled_as, demand.buyer)
        for name, (part, ruled_as) in goods.sold_as.items()
    }
    return StockLimits(kept, why, {name: units for name, units in aside.items() if units})


def stock_lines(
    work_id: FulfillmentOrderId, assignment: Assignment, goods: StockNeeds
) -> list[NewReservation]:
    """What a fulfillment order reserves; kits reserve their components."""
    return [
        NewReservation(
            cause(work_id, line.line_no),
            sku,
            assignment.location_id,
            units * line.quantity,
            condition,
            assignment.order_id,
        )
        for line in assignment.lines
        for (sku, condition), units in goods.parts[line.sku].items()
    ]
