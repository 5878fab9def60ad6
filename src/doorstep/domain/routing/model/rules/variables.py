"""Define the variables of filters and conditions: names, types, descriptions, and how they are read.

Names are added and never removed: stored versions of rule sets use them, and every process compiles the active one again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from doorstep.domain.routing.model.demand import Demand
from doorstep.domain.routing.model.network import Lane, RoutingLocation
from doorstep.kernel.message import Message

NO_PROMISE_DAYS = 9_999
NO_LIMIT = 1_000_000
_GRAMS_PER_KILO = 1_000
Read = Callable[["Reading"], object]


class Kind(StrEnum):
    """The types of variables, as named in conditions."""

    TEXT = "string"
    WHOLE = "int"
    FRACTION = "double"
    YES_OR_NO = "bool"
    INSTANT = "timestamp"
    TEXTS = "list(string)"


class Reading(msgspec.Struct, frozen=True):
    """The subject of a filter: an order, and for location filters a location and its lane (a struct: there are many)."""

    demand: Demand
    now: datetime
    location: RoutingLocation
    lane: Lane


@dataclass(frozen=True, slots=True)
class Variable:
    """A name that conditions may use."""

    kind: Kind
    meaning: Message
    read: Read


def _days(reading: Reading, at: datetime | None) -> int:
    """Local calendar days from now, at the time of `at`; an order without a promise is far away."""
    return NO_PROMISE_DAYS if at is None else (at.date() - reading.now.astimezone(at.tzinfo).date()).days


def _cost_minor(reading: Reading) -> int:
    lane, wants = reading.lane, reading.demand.wants
    quantity = sum(want.quantity for want in wants)
    kilos = -(-sum(want.quantity * want.grams for want in wants) // _GRAMS_PER_KILO)
    return lane.parcel_minor + lane.kilo_minor * kilos + lane.unit_minor * quantity


def _in_time(reading: Reading) -> bool:
    promised, arrives = reading.demand.attributes.promised_at, reading.lane.arrives_at
    return promised is None or arrives is None or arrives <= promised


def _free_capacity(reading: Reading) -> int:
    return NO_LIMIT if reading.location.free_capacity is None else reading.location.free_capacity


VARIABLES: Mapping[str, Variable] = {
    "order.channel": Variable(Kind.TEXT, Message("Key of the sales channel."), lambda of: of.demand.channel),
    "order.queue": Variable(Kind.TEXT, Message("Its exception queue; empty for orders that were not routed yet."), lambda of: of.demand.attributes.queue),
    "order.method": Variable(Kind.TEXT, Message("Delivery method, as named by the channel."), lambda of: of.demand.attributes.method),
    "order.service": Variable(Kind.TEXT, Message("Promised service."), lambda of: of.demand.attributes.service),
    "order.priority": Variable(Kind.WHOLE, Message("Higher values are served first."), lambda of: of.demand.attributes.priority),
    "order.placed_at": Variable(Kind.INSTANT, Message("When it was placed."), lambda of: of.demand.attributes.placed_at),
    "order.promised_in_days": Variable(Kind.WHOLE, Message("Days until its promise, 0 today; %(no_promise)s without one.", no_promise=str(NO_PROMISE_DAYS)), lambda of: _days(of, of.demand.attributes.promised_at)),
    "order.origin": Variable(Kind.TEXT, Message("Where it was taken: a store's code, or empty."), lambda of: of.demand.attributes.origin),
    "order.tags": Variable(Kind.TEXTS, Message("Its tags."), lambda of: of.demand.attributes.tags),
    "order.value_minor": Variable(Kind.WHOLE, Message("Its value in minor units: 150000 is 1,500.00."), lambda of: of.demand.attributes.value_minor),
    "order.payment": Variable(Kind.TEXT, Message("prepaid or on_delivery."), lambda of: of.demand.attributes.payment),
    "order.country": Variable(Kind.TEXT, Message("Destination country, in two letters."), lambda of: of.demand.attributes.country),
    "order.region": Variable(Kind.TEXT, Message("Destination state or province."), lambda of: of.demand.attributes.region),
    "order.customer": Variable(Kind.TEXT, Message("The customer's reference."), lambda of: of.demand.attributes.customer),
    "order.is_pickup": Variable(Kind.YES_OR_NO, Message("Whether the customer picks it up."), lambda of: bool(of.demand.attributes.pickup)),
    "order.skus": Variable(Kind.TEXTS, Message("SKUs that need a location."), lambda of: tuple(sorted({want.sku for want in of.demand.wants}))),
    "order.categories": Variable(Kind.TEXTS, Message("Their categories."), lambda of: tuple(sorted({want.category for want in of.demand.wants if want.category}))),
    "order.lines": Variable(Kind.WHOLE, Message("Lines that need a location."), lambda of: len(of.demand.wants)),
    "order.units": Variable(Kind.WHOLE, Message("Units on them."), lambda of: sum(want.quantity for want in of.demand.wants)),
    "order.grams": Variable(Kind.WHOLE, Message("Their weight in grams."), lambda of: sum(want.quantity * want.grams for want in of.demand.wants)),
    "location.code": Variable(Kind.TEXT, Message("Its code."), lambda of: of.location.code),
    "location.kind": Variable(Kind.TEXT, Message("Its type: warehouse, store, dark_store …"), lambda of: of.location.kind),
    "location.groups": Variable(Kind.TEXTS, Message("Groups it belongs to."), lambda of: tuple(sorted(of.location.groups))),
    "location.country": Variable(Kind.TEXT, Message("Its country, in two letters."), lambda of: of.location.country),
    "location.region": Variable(Kind.TEXT, Message("Its state or province."), lambda of: of.location.region),
    "location.is_open": Variable(Kind.YES_OR_NO, Message("Whether it is open now."), lambda of: of.location.is_open),
    "location.backlog_hours": Variable(Kind.FRACTION, Message("Hours its open work will take."), lambda of: of.location.backlog_hours),
    "location.reject_rate": Variable(Kind.FRACTION, Message("Share of its work it rejected lately: 0.05 is 5 %."), lambda of: of.location.reject_rate),
    "location.free_capacity": Variable(Kind.WHOLE, Message("Remaining capacity of its shift in orders; %(no_limit)s without a limit.", no_limit=str(NO_LIMIT)), _free_capacity),
    "lane.km": Variable(Kind.FRACTION, Message("Kilometers to the customer."), lambda of: of.lane.km),
    "lane.days": Variable(Kind.WHOLE, Message("Days until a parcel arrives, 0 today; %(no_promise)s if unknown.", no_promise=str(NO_PROMISE_DAYS)), lambda of: _days(of, of.lane.arrives_at)),
    "lane.in_time": Variable(Kind.YES_OR_NO, Message("Whether it arrives by the promise."), _in_time),
    "lane.cost_minor": Variable(Kind.WHOLE, Message("Cost of one parcel with the whole order, in minor units."), _cost_minor),
    "lane.today": Variable(Kind.YES_OR_NO, Message("Whether today's cut-off can be met."), lambda of: of.lane.today),
    "lane.miss": Variable(Kind.FRACTION, Message("Probability to miss the promise: 0.1 is 10 %."), lambda of: of.lane.miss),
    "lane.carrier": Variable(Kind.TEXT, Message("Carrier."), lambda of: of.lane.carrier),
    "lane.service": Variable(Kind.TEXT, Message("Its service."), lambda of: of.lane.service),
    "lane.zone": Variable(Kind.TEXT, Message("Tariff zone."), lambda of: of.lane.zone),
}  # fmt: skip


def is_of_order(name: str) -> bool:
    """Whether a variable is of the order: the same for every location."""
    return name.startswith("order.")


def is_of_location(name: str) -> bool:
    """Whether a variable is of a location: the same for every order of a batch."""
    return name.startswith("location.")
