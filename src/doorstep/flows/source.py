"""Route orders: lock the stock, decide purely, reserve and open the work, in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from doorstep.domain.catalog import views as catalog
from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock
from doorstep.domain.network import views as network
from doorstep.domain.network.model import Location
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import Parking
from doorstep.domain.routing import actions as routing
from doorstep.domain.routing import model
from doorstep.domain.routing.model import Decision, Demand, GreatCircle, Network, Place, Supply, rules, thing
from doorstep.flows import demand, pools, terms, waiting
from doorstep.flows.routes import Routes, pieces_of
from doorstep.flows.world import World
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Delivery

_DEFAULT = rules.compile(rules.DEFAULT, rules.DEFAULT_VERSION)


def source(tx: WriteTx, *, order_ids: Sequence[OrderId], now: datetime) -> None:
    """Give every line that is not allocated its location, as far as stock goes. The orders are stored and locked."""
    if not order_ids:
        return
    routes = decide(tx, demands=demand.of_stored(tx, order_ids=order_ids, now=now), now=now)
    orders.allocate(
        tx, counts=routes.counts, routed=routes.routed, short=routes.short, parked=routes.parked, now=now
    )
    carry_out(tx, routes=routes, now=now)
    waiting.settle(tx, order_ids=order_ids, now=now)


def decide(tx: WriteTx, *, demands: Sequence[Demand], now: datetime, held: Sequence[Demand] = ()) -> Routes:
    """Lock what the demands may take, let carts become orders, and plan; nothing of the orders is written yet.

    Demands of `held` orders are not planned, but their carts end here, too.
    """
    places = {each.id: _place(each) for each in network.locations(tx).values() if each.active}
    everybody = [*demands, *held]
    goods = terms.goods(tx, skus={want.sku for each in everybody for want in each.wants})
    inventory.lock_supply(tx, parts=goods.lying)
    claims = inventory.consume(tx, parts=goods.lying, carts=_carts(everybody), at=now)
    agreed = terms.agreed(tx, demands=demands, goods=goods, claims=claims)
    asking = [_claiming(each, claims.served) for each in agreed.demands]
    free = stock.free(tx, parts=goods.lying)
    supply = Supply({thing(*part): there for part, there in free.items()}, goods.recipes)
    ways = Network(places, GreatCircle(places))
    decisions = model.plan(asking, supply, ways, _DEFAULT, now=now)
    receipt_ids = routing.number(tx, decisions=[each for each in decisions if each.receipt.lines])
    return Routes(
        decisions,
        receipt_ids,
        {each.id: each.code for each in places.values()},
        goods,
        agreed.has_pools,
        parked={each.order_id: _parking(each, now) for each in decisions if each.short},
    )


def _claiming(demand: Demand, served: Collection[int]) -> Demand:
    """What a cart held is its order's."""
    return replace(demand, has_claim=True) if demand.order_id in served else demand


def _parking(decision: Decision, now: datetime) -> Parking:
    return Parking("", "", now, now + timedelta(minutes=15))


def _carts(demands: Sequence[Demand]) -> dict[tuple[str, str], int]:
    return {(each.channel, each.cart): each.order_id for each in demands if each.cart}


def carry_out(tx: WriteTx, *, routes: Routes, now: datetime) -> None:
    """Write the receipts, open the work and reserve its stock. The orders are stored by now."""
    routing.record(tx, decisions=routes.decisions, ids=routes.receipt_ids, at=now)
    assignments = routes.assignments
    work_ids = fulfillment.open_work(tx, assignments=assignments, decisions=routes.receipt_ids, at=now)
    pieces = [
        piece
        for work_id, each in zip(work_ids, assignments, strict=True)
        for piece in pieces_of(work_id, each, routes.goods)
    ]
    inventory.reserve(tx, pieces=pieces, at=now)
    if routes.has_pools:
        pools.draw(tx, order_ids=[each.order_id for each in routes.decisions])


def wake_short(world: World, tx: WriteTx, deliveries: list[Delivery]) -> None:
    """Step: stock came (counted, returned, let go by a cart or a cancelled order): orders that wait for it are routed."""
    named = {sku for each in deliveries for sku in _skus(each)}
    given_back = [OrderId(each.key) for each in deliveries if not {"sku", "skus"} & each.data.keys()]
    sold = order_views.skus(tx, order_ids=given_back)
    parts = named | sold | {str(part.sku) for each in catalog.parts(tx, skus=sold).values() for part in each}
    orders.wake_short(tx, skus=sorted(parts | catalog.made_of(tx, skus=parts)), now=world.clock.now())


def _skus(delivery: Delivery) -> list[str]:
    """The SKUs that a fact names; an order's fact names none, it stands for the order's own."""
    several = delivery.data.get("skus", ())
    return [str(delivery.data["sku"])] if "sku" in delivery.data else [str(sku) for sku in _listed(several)]


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _place(location: Location) -> Place:
    return Place(
        location.id, location.code, location.name, location.latitude, location.longitude, ships=location.ships
    )
