"""What can be promised for a cart: per service the day, the price, the carbon, how sure it is, and from where."""

from __future__ import annotations

from dataclasses import dataclass
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


class Line(BaseModel):
    """So many of a SKU, as the customer sees it."""

    sku: str
    quantity: int = Field(ge=1, le=1_000_000)


class Destination(BaseModel):
    """Where it would go; the postal code is enough where we know it, coordinates are taken first."""

    country: str = Field(pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2.")
    postal_code: str = ""
    state_code: str = Field("", description="The part of ISO 3166-2 after the country: DL, MH.")
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)


class Cart(BaseModel):
    """What somebody thinks of buying."""

    lines: list[Line] = Field(min_length=1, max_length=200)
    address: Destination
    channel: str = Field("", description="Key of the sales channel: its rules, pools and safety stock hold.")
    tags: list[str] = Field(default=[], description="The buyer's and the order's tags: vip, b2b.")
    cart_reference: str = Field("", description="The cart that holds stock for this buyer already.")
    services: list[str] = Field(default=[], description="Only these services; empty: all.")
    pickup: str = Field("", description="Code of the location where it would be fetched.")
    confidence: float | None = Field(
        None, ge=0.5, le=0.999, description="How sure a day must be; null: the network's."
    )

    def basket(self) -> Basket:
        """The same in the words of the flow."""
        place = self.address
        return Basket(
            [(Sku(each.sku), each.quantity) for each in self.lines],
            Address(
                country=place.country,
                postal_code=place.postal_code,
                state_code=place.state_code,
                latitude=place.latitude,
                longitude=place.longitude,
            ),
            self.channel,
            tuple(self.tags),
            self.cart_reference,
            tuple(self.services),
            self.pickup,
            self.confidence,
        )


@dataclass(frozen=True, slots=True)
class PromisedLine:
    """Pieces of a line of the cart (counted from 1); `because` says why they come from there, or why nobody has them."""

    line: int
    sku: str
    quantity: int
    because: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one location would send, with whom, and when."""

    location: str
    name: str
    carrier: str
    ship_by: datetime | None
    lines: list[PromisedLine]


@dataclass(frozen=True, slots=True)
class Offered:
    """One service. Days are null where nobody knows how long a parcel takes, money where nobody says in which currency.

    `carriage` is what carriers ask, `cost` everything that the routing rules count. `confidence` is the probability that all
    parcels have arrived on `deliver_by`.
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
    parcels: list[Parcel]
    unfillable: list[PromisedLine]


@dataclass(frozen=True, slots=True)
class Promises:
    """Options, the best first: whole carts before parts, then the soonest, then the cheapest. Nothing is reserved."""

    as_of: datetime
    confidence: float
    options: list[Offered]


def _offered(option: Option, found: Options) -> Offered:
    decision, promise, currency = option.decision, option.promise, found.network.currency
    because = {each.line_no: each.sentence for each in decision.receipt.lines}
    places = found.network.places
    chosen = sorted({each.location_id for each in decision.choices})
    offers = promise.offers if promise else {}
    parcels = [
        Parcel(
            places[place].code,
            places[place].name,
            offers[place].carrier if place in offers else "",
            offers[place].leaves.at if place in offers else None,
            [
                PromisedLine(each.line_no, each.sku, each.quantity, because.get(each.line_no, ""))
                for each in decision.choices
                if each.location_id == place
            ],
        )
        for place in chosen
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
            PromisedLine(each.line_no, each.sku, each.quantity, because.get(each.line_no, ""))
            for each in decision.short
        ],
    )


@router.post("/promise")
def promise(calling: Calling, body: Cart) -> Promises:
    """By when could this cart be there, and at what cost? Planned with the rules that orders are routed by; read-only."""
    calling.principal.require(Permission.INVENTORY_READ)
    at = calling.app.clock.now()
    found = calling.read(lambda tx: delivery_options.options(tx, basket=body.basket(), at=at))
    return Promises(at, found.confidence, [_offered(each, found) for each in found.options])
