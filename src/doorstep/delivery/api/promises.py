"""Delivery promises for a cart: per service the day, price, carbon, confidence and ship-from location."""

from __future__ import annotations

from datetime import date, datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.shapes import Money, money
from doorstep.domain.identity.model import Permission
from doorstep.domain.orders.model import Address
from doorstep.flows.availability import delivery_options
from doorstep.flows.availability.delivery_options import Basket, Option, Options
from doorstep.kernel.ids import Sku

router = APIRouter(tags=["Promises"])


class CartLine(BaseModel):
    """A quantity of a SKU, as the customer sees it."""

    sku: str = Field(description="The SKU.")
    quantity: int = Field(ge=1, le=1_000_000, description="The number of units.")


class Destination(BaseModel):
    """The destination. A known postal code is enough; coordinates take precedence."""

    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")
    postal_code: str = Field("", description="The postal code.")
    state_code: str = Field("", description="The ISO 3166-2 subdivision without the country: DL, MH.")
    latitude: float | None = Field(None, ge=-90, le=90, description="The latitude in degrees.")
    longitude: float | None = Field(None, ge=-180, le=180, description="The longitude in degrees.")


class CartToPromise(BaseModel):
    """A cart to promise."""

    lines: list[CartLine] = Field(min_length=1, max_length=200, description="The lines.")
    address: Destination = Field(description="The delivery address.")
    channel: str = Field("", description="Key of the sales channel: its rules, pools and safety stock apply.")
    tags: list[str] = Field(default=[], description="The buyer's and the order's tags: vip, b2b.")
    cart_reference: str = Field("", description="The cart that already holds a reservation for this buyer.")
    services: list[str] = Field(default=[], description="Only these services; empty: all.")
    pickup: str = Field("", description="Code of the location for pickup.")
    confidence: float | None = Field(
        None, ge=0.5, le=0.999, description="Required confidence of the day; null: the network's."
    )

    def basket(self) -> Basket:
        """The same request for the flow."""
        location = self.address
        return Basket(
            [(Sku(each.sku), each.quantity) for each in self.lines],
            Address(
                country=location.country,
                postal_code=location.postal_code,
                state_code=location.state_code,
                latitude=location.latitude,
                longitude=location.longitude,
            ),
            self.channel,
            tuple(self.tags),
            self.cart_reference,
            tuple(self.services),
            self.pickup,
            self.confidence,
        )


class PromisedLine(BaseModel):
    """Units of a cart line (counted from 1); `because` says why they ship from there, or why they are not available."""

    line: int
    sku: str
    quantity: int
    because: str


class PromisedParcel(BaseModel):
    """The parcel from one location: its carrier and its days."""

    location: str
    name: str
    carrier: str
    ship_by: datetime | None
    lines: list[PromisedLine]


class Offered(BaseModel):
    """One service. Days are null where the transit time is unknown, money is null where the currency is unknown.

    `carriage` is the carriers' price, `cost` includes everything that the routing rules count. `confidence` is the probability
    that all parcels arrive by `deliver_by`.
    """

    service: str
    name: str
    complete: bool
    deliver_by: date | None
    arrives_at: datetime | None
    ship_by: datetime | None
    confidence: float | None
    carriage: Money | None
    cost: Money | None
    co2_grams: int
    rule: str
    parcels: list[PromisedParcel]
    unfillable: list[PromisedLine]


class Promises(BaseModel):
    """Options, the best first: complete carts before partial ones, then the soonest, then the cheapest. Nothing is reserved."""

    as_of: datetime
    confidence: float
    options: list[Offered]


def _offered(option: Option, found: Options) -> Offered:
    decision, promise, currency = option.decision, option.promise, found.network.currency
    because = {each.line_no: each.sentence.english() for each in decision.explanation.lines}
    locations = found.network.locations
    chosen = sorted({each.location_id for each in decision.choices})
    offers = promise.offers if promise else {}
    parcels = [
        PromisedParcel(
            location=locations[location].code,
            name=locations[location].name,
            carrier=offers[location].carrier if location in offers else "",
            ship_by=offers[location].leaves.at if location in offers else None,
            lines=[
                PromisedLine(
                    line=each.line_no,
                    sku=each.sku,
                    quantity=each.quantity,
                    because=because.get(each.line_no, ""),
                )
                for each in decision.choices
                if each.location_id == location
            ],
        )
        for location in chosen
    ]
    return Offered(
        service=option.service,
        name=option.name,
        complete=not decision.short,
        deliver_by=promise.day if promise else None,
        arrives_at=promise.arrives_at if promise else None,
        ship_by=promise.ships_at if promise else None,
        confidence=round(promise.confidence, 4) if promise else None,
        carriage=money(decision.scores.carriage_minor, currency) if currency else None,
        cost=money(decision.scores.cost_minor, currency) if currency else None,
        co2_grams=decision.scores.co2_grams,
        rule=decision.rule,
        parcels=parcels,
        unfillable=[
            PromisedLine(
                line=each.line_no, sku=each.sku, quantity=each.quantity, because=because.get(each.line_no, "")
            )
            for each in decision.short
        ],
    )


@router.post("/promise")
def promise_delivery(calling: Calling, body: CartToPromise) -> Promises:
    """Get delivery days and costs for a cart, planned with the rules that orders are routed by. Read-only."""
    calling.principal.require(Permission.INVENTORY_READ)
    at = calling.app.clock.now()
    found = calling.read(lambda tx: delivery_options.options(tx, basket=body.basket(), at=at))
    return Promises(
        as_of=at, confidence=found.confidence, options=[_offered(each, found) for each in found.options]
    )
