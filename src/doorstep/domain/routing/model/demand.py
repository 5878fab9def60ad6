"""Define the input and output of routing: demand lines, order attributes, choices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from doorstep.kernel.ids import LocationId, OrderId, Sku
from doorstep.kernel.message import Message

# The key of stock: a SKU, or a SKU in another condition under a key of its own (see component).
StockKey = str


def stock_key(sku: Sku, condition: str) -> StockKey:
    """The stock key of a SKU in a condition."""
    return sku if condition == "new" else f"{sku} ({condition})"


class DemandLine(msgspec.Struct, frozen=True):
    """A line that needs stock (a struct, like Choice: a batch has thousands). A unit weighs `grams`, the line is worth `value_minor`."""

    line_no: int
    sku: Sku
    quantity: int
    grams: int = 0
    value_minor: int = 0
    category: str = ""
    style: str = ""


class OrderAttributes(msgspec.Struct, frozen=True):
    """Attributes of an order that rules can read. Weight and value of a line are on its demand line.

    `queue` is its exception queue ("" for orders that were not routed yet); `service` is the delivery promised (the channel's
    method name if no service is known by it); `pickup` is the code of the location where the customer picks up;
    `tries` is how often routing could not serve it before.
    """

    placed_at: datetime | None = None
    promised_at: datetime | None = None
    ship_after: datetime | None = None
    queue: str = ""
    method: str = ""
    service: str = ""
    priority: int = 0
    origin: str = ""
    tags: tuple[str, ...] = ()
    value_minor: int = 0
    payment: str = "prepaid"
    country: str = ""
    region: str = ""
    customer: str = ""
    pickup: str = ""
    tries: int = 0


NO_ATTRIBUTES = OrderAttributes()


@dataclass(frozen=True, slots=True)
class StockLimits:
    """Stock that a buyer may not take. `kept_back` units stay at a location (safety stock, a location closed to the channel),
    with the reason; of all that is there, `set_aside` units are for carts and other buyers.
    """

    kept_back: Mapping[tuple[StockKey, LocationId], int] = field(default_factory=dict)
    reasons: Mapping[tuple[StockKey, LocationId], Message] = field(default_factory=dict)
    set_aside: Mapping[StockKey, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.kept_back or self.set_aside)


ANYTHING = StockLimits()


@dataclass(frozen=True, slots=True)
class Demand:
    """The demand of one order and its destination; without coordinates, distance does not count.

    `channel` sells it and `buyer` names whose pools may be used; `cart` is the reference of the cart that became this order.
    `companion_locations` names locations that pack a parcel for the same customer and address anyway: joining it adds no parcel.
    `has_claim` says that units were set aside for this order (its cart, a promise): it is served before orders without.
    """

    order_id: OrderId
    wants: tuple[DemandLine, ...]
    latitude: float | None = None
    longitude: float | None = None
    excluded: frozenset[tuple[Sku, LocationId]] = frozenset()
    channel: str = ""
    buyer: frozenset[str] = frozenset()
    cart: str = ""
    terms: StockLimits = ANYTHING
    attributes: OrderAttributes = NO_ATTRIBUTES
    companion_locations: frozenset[LocationId] = frozenset()
    has_claim: bool = False


class Choice(msgspec.Struct, frozen=True):
    """Units of a line from a location."""

    line_no: int
    sku: Sku
    location_id: LocationId
    quantity: int
