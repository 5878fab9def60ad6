"""Load everything the planner needs: demand, stock, lanes, rules. Reads only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import NetworkClaims
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.model import Demand, Network, Supply, stock_key
from doorstep.domain.routing.model.rules import CompiledRules
from doorstep.domain.routing.views import rules, runs
from doorstep.flows.allocation import eligible_stock, stock_signals
from doorstep.flows.allocation.eligible_stock import StockNeeds
from doorstep.flows.network import lanes
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import LocationId, Sku

_NO_CUSTOMERS: Mapping[work_views.Destination, frozenset[LocationId]] = {}


@dataclass(frozen=True, slots=True)
class PlanningInputs:
    """The inputs of `model.plan`. Whoever reserves by them holds the locks of stock and shifts."""

    demands: list[Demand]
    supply: Supply
    network: Network
    compiled_rules: CompiledRules
    goods: StockNeeds


def load(
    tx: ReadTx, *, demands: Sequence[Demand], goods: StockNeeds, claims: NetworkClaims, at: datetime
) -> PlanningInputs:
    """Load the inputs once for a batch of orders."""
    compiled_rules = rules.compiled_rules(tx)
    document = compiled_rules.document
    limited = eligible_stock.with_limits(tx, demands=demands, goods=goods, claims=claims)
    free = stock.free(tx, parts=goods.locked_parts)
    supply = Supply({stock_key(*part): there for part, there in free.items()}, goods.recipes)
    stock_signals.load(tx, supply=supply, document=document, demands=demands, at=at)
    network = lanes.network(tx, currency=document.currency, at=at, demands=demands)
    if document.scarcity_prices:
        network = replace(network, prices=runs.prices(tx, stock_keys=supply.available))
    blocked = routing.blocked(tx, skus=goods.parts, at=at)
    packing = _packing(tx, demands) if document.bundle_customers_orders else _NO_CUSTOMERS
    wanted = [_with_context(each, claims.served, blocked, packing) for each in limited]
    return PlanningInputs(wanted, supply, network, compiled_rules, goods)


def _packing(tx: ReadTx, demands: Sequence[Demand]) -> Mapping[work_views.Destination, frozenset[LocationId]]:
    """Locations that pack a parcel for one of these customers anyway."""
    customers = {each.attributes.customer for each in demands if each.attributes.customer}
    if not customers:
        return _NO_CUSTOMERS
    return work_views.packing_for(tx, customers=customers, besides=[each.order_id for each in demands])


def _with_context(
    demand: Demand,
    served: Collection[int],
    blocked: Collection[tuple[Sku, LocationId]],
    packing: Mapping[work_views.Destination, frozenset[LocationId]],
) -> Demand:
    """The demand with its cart reservation, blocked locations and locations that already pack for its customer."""
    if demand.order_id in served:
        demand = replace(demand, has_claim=True)
    if blocked:
        demand = replace(demand, excluded=demand.excluded.union(blocked))
    if packing and demand.latitude is not None and demand.longitude is not None:
        here = packing.get((demand.attributes.customer, demand.latitude, demand.longitude))
        demand = demand if here is None else replace(demand, companion_locations=here)
    return demand
