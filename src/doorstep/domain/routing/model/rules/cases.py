"""Define test cases: an order and a stock level, and the plan that the rule set must find."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from doorstep.domain.routing.model.rules.part import Part

Instant = Annotated[datetime, Meta(tz=True)]
Count = Annotated[int, Meta(ge=0)]
Positive = Annotated[int, Meta(ge=1)]


class CaseLine(Part, frozen=True):
    """A line of the order; lines are numbered in sequence, from 1."""

    sku: str
    quantity: Positive = 1
    grams: Count = 0
    value_minor: Count = 0
    category: str = ""
    style: str = ""


class CaseOrder(Part, frozen=True):
    """The order, in the terms of filters. `rejected_by` are codes of locations that can no longer fulfill it."""

    lines: tuple[CaseLine, ...]
    latitude: float | None = None
    longitude: float | None = None
    channel: str = ""
    queue: str = ""
    method: str = ""
    service: str = ""
    priority: int = 0
    origin: str = ""
    tags: tuple[str, ...] = ()
    payment: Literal["prepaid", "on_delivery"] = "prepaid"
    country: str = ""
    region: str = ""
    customer: str = ""
    pickup: str = ""
    placed_at: Instant | None = None
    promised_at: Instant | None = None
    ship_after: Instant | None = None
    rejected_by: tuple[str, ...] = ()


class CaseLocation(Part, frozen=True):
    """A location in this case. Missing values are as installed; an unknown code is a new location."""

    code: str
    name: str | None = None
    latitude: float | None = None
    longitude: float | None = None
    ships: bool | None = None
    kind: str | None = None
    groups: tuple[str, ...] | None = None
    country: str | None = None
    region: str | None = None
    is_open: bool | None = None
    handling_minor: Count | None = None
    reject_rate: Annotated[float, Meta(ge=0, le=1)] | None = None
    backlog_hours: Annotated[float, Meta(ge=0)] | None = None
    free_capacity: Count | None = None
    paused: str | None = None


class CaseLane(Part, frozen=True):
    """The lane from a location in this case. Missing values come from calendars and rates."""

    location: str
    km: float | None = None
    parcel_minor: Count | None = None
    kilo_minor: Count | None = None
    unit_minor: Count | None = None
    leaves_at: Instant | None = None
    arrives_at: Instant | None = None
    today: bool | None = None
    miss: Annotated[float, Meta(ge=0, le=1)] | None = None
    carrier: str | None = None
    service: str | None = None
    zone: str | None = None
    closed: str | None = None


class Sent(Part, frozen=True):
    """Units of a line from a location."""

    line: Positive
    location: str
    units: Positive = 1


class Expected(Part, frozen=True):
    """The expected plan. Routing and rule are compared if given; `rest` says what happens to short lines."""

    sent: tuple[Sent, ...] = ()
    routing: str = ""
    rule: str = ""
    remainder: Literal["", "queue", "backorder", "customer_care", "cancel"] = ""
    queue: str = ""


class Case(Part, frozen=True):
    """A test case. With `only_locations` the network consists of `locations` alone."""

    name: str
    at: Instant
    order: CaseOrder
    stock: dict[str, dict[str, Count]]
    expect: Expected
    why: str = ""
    locations: tuple[CaseLocation, ...] = ()
    only_locations: bool = False
    lanes: tuple[CaseLane, ...] = ()
