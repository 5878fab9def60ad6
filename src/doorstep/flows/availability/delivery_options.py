"""Delivery options for a cart: date, price, carbon, confidence. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from msgspec import structs

from doorstep.domain.catalog import views as catalog
from doorstep.domain.inventory.actions import NetworkClaims
from doorstep.domain.inventory.model import Requested
from doorstep.domain.inventory.views import network as held
from doorstep.domain.orders.model import Address
from doorstep.domain.routing import model
from doorstep.domain.routing.model import Decision, Demand, DemandLine, Network, OrderAttributes, Supply
from doorstep.domain.routing.model.promise import Promise, promise_for
from doorstep.flows.allocation import eligible_stock, inputs
from doorstep.flows.allocation.eligible_stock import StockNeeds
from doorstep.flows.network import lanes, order_attributes
from doorstep.flows.network.lanes import Configuration
from doorstep.kernel import errors, geography
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId, Sku


@dataclass(frozen=True, slots=True)
class Basket:
    """A cart to promise: (SKU, quantity) and the destination.

    `services` limits the services (none: all that are sold); `confidence` overrides the configured one; `pickup` is the code of
    the pickup location; `cart` names the cart whose reservations belong to this customer.
    """

    wanted: Sequence[tuple[Sku, int]]
    address: Address
    channel: str = ""
    tags: tuple[str, ...] = ()
    cart: str = ""
    services: tuple[str, ...] = ()
    pickup: str = ""
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Option:
    """One service and its plan if the order came now. `promise` is None if its transit time is unknown."""

    service: str
    name: str
    decision: Decision
    promise: Promise | None

    @property
    def rank(self) -> tuple[bool, date, int, str]:
        """Complete orders first, then the earliest, then the cheapest."""
        when = date.max if self.promise is None else self.promise.day
        return bool(self.decision.short), when, self.decision.scores.cost_minor, self.service


@dataclass(frozen=True, slots=True)
class Options:
    """All options, best first, and the network that they were planned in."""

    options: tuple[Option, ...]
    network: Network
    confidence: float
    at: datetime


def options(tx: ReadTx, *, basket: Basket, at: datetime) -> Options:
    """Plan the cart once per service. Raises NotFound for unknown SKUs, services and locations."""
    known = lanes.configuration(tx, at=at)
    goods = eligible_stock.needs(tx, skus={sku for sku, _ in basket.wanted})
    demand, claims = _demand(tx, basket, at), _claims(tx, basket, goods)
    seen = inputs.load(tx, demands=[demand], goods=goods, claims=claims, at=at)
    (agreed,) = seen.demands
    confidence = basket.confidence or known.compiled.document.confidence
    found = []
    for service, name in _services(known, basket):
        # Rules know the service as the order's shipping method.
        asked = replace(agreed, attributes=structs.replace(agreed.attributes, service=service, method=name))
        supply = Supply({each: dict(there) for each, there in seen.supply.available.items()}, goods.recipes)
        (decision,) = model.plan([asked], supply, seen.network, seen.compiled_rules, now=at)
        promise = promise_for(decision.choices, asked, seen.network.ways, confidence=confidence)
        found.append(Option(service, name, decision, promise))
    return Options(tuple(sorted(found, key=lambda each: each.rank)), seen.network, confidence, at)


def _services(known: Configuration, basket: Basket) -> list[tuple[str, str]]:
    """Code and name of every service to plan; one unnamed service without tariffs, or for a pickup."""
    table = known.compiled.lane_table
    names = {
        code: each.name for carrier in table.carriers.values() for code, each in carrier.services.items()
    }
    unknown = sorted(set(basket.services) - names.keys())
    if unknown:
        raise errors.NotFound(
            f"There is no service {unknown[0]!r}. Services: {', '.join(table.services) or 'none'}."
        )
    if basket.pickup:
        return [("", "")]
    return [(code, names[code]) for code in basket.services or table.services] or [("", "")]


def _demand(tx: ReadTx, basket: Basket, at: datetime) -> Demand:
    skus = {sku for sku, _ in basket.wanted}
    traits = catalog.attributes(tx, skus=skus)
    if missing := sorted(skus - traits.keys()):
        raise errors.NotFound(f"The catalog does not have {', '.join(missing[:5])}.")
    wants = tuple(
        DemandLine(
            number, sku, quantity, traits[sku].weight_grams, 0, traits[sku].category, traits[sku].style
        )
        for number, (sku, quantity) in enumerate(basket.wanted, start=1)
    )
    address = basket.address
    spot = (
        geography.of_postal_code(address.country, address.postal_code) if address.latitude is None else None
    )
    latitude, longitude = spot or (address.latitude, address.longitude)
    region = geography.region(address.country, address.state_code)
    return Demand(
        OrderId(0),
        wants,
        latitude,
        longitude,
        channel=basket.channel,
        buyer=order_attributes.pool_audiences(basket.channel, basket.tags),
        attributes=OrderAttributes(
            at, tags=basket.tags, country=address.country, region=region, pickup=basket.pickup
        ),
    )


def _claims(tx: ReadTx, basket: Basket, goods: StockNeeds) -> NetworkClaims:
    """Reservations of other carts; this cart's own are available to it."""
    asked = held.requested(tx, parts=goods.locked_parts)
    for hold in held.holds(tx, carts=[(basket.channel, basket.cart)]) if basket.cart else ():
        before = asked.get(hold.part, Requested())
        asked[hold.part] = Requested(max(0, before.held - hold.quantity), before.committed)
    return NetworkClaims(asked, frozenset())
