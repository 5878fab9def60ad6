"""Shapes of the API's answers, separate from the console's, so that a changed page does not break clients."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, WithJsonSchema

from doorstep.domain.analytics.views.order import Group, OrderDetail, Parcel
from doorstep.domain.analytics.views.orders import OrderRow
from doorstep.domain.orders.model import Handling, line_status
from doorstep.domain.returns.model import ReturnStatus
from doorstep.domain.routing.model import LineExplanation
from doorstep.kernel import money as kernel_money
from doorstep.kernel.message import english

# A document with a JSON Schema of its own: a rule set (GET /routing/schema), the network (GET /network/schema), or such a schema.
Document = Annotated[
    dict[str, object],
    WithJsonSchema(
        {
            "type": "object",
            "title": "Document",
            "description": "By GET /routing/schema or GET /network/schema.",
        }
    ),
]


class Money(BaseModel):
    """An amount of money. Where both numbers are given, they are exact and say the same."""

    amount: str = Field(description="In major units as text, so that no client rounds it: 1499.00.")
    amount_minor: int | None = Field(
        description="In minor units (paise, cents), as requests take it: 149900. Null for a currency that is not in "
        "ISO 4217: it has no known minor unit, and `amount` is the number as the channel wrote it."
    )
    currency: str = Field(
        description='ISO 4217; "" for costs of a network or rule set that names no currency: then both numbers are the same.'
    )


def money(minor: int, currency: str) -> Money:
    """Convert minor units to the API's money."""
    amount = kernel_money.text(minor, currency) if currency else str(minor)
    has_minor_unit = not currency or currency in kernel_money.CURRENCIES
    return Money(amount=amount, amount_minor=minor if has_minor_unit else None, currency=currency)


def maybe_money(minor: int | None, currency: str) -> Money | None:
    """The same for an amount that may be missing."""
    return None if minor is None else money(minor, currency)


class OrderSummary(BaseModel):
    """An order in the list."""

    id: int
    number: str
    channel: str
    status: str
    placed_at: datetime
    customer: str
    city: str
    units: int
    total: Money
    payment: str
    locations: list[str]
    holds: list[str]


def summary(row: OrderRow) -> OrderSummary:
    """Map a row of the order list."""
    order = row.order
    return OrderSummary(
        id=order.id,
        number=order.number,
        channel=order.channel,
        status=row.headline.value,
        placed_at=order.placed_at,
        customer=order.customer,
        city=order.city,
        units=order.counters.ordered,
        total=money(order.total_minor, order.currency),
        payment=row.payment,
        locations=list(order.locations),
        holds=list(order.holds),
    )


class LineCounters(BaseModel):
    """Units of a line per stage; each later stage is included in the earlier ones."""

    ordered: int
    allocated: int
    picked: int
    packed: int
    shipped: int
    delivered: int
    canceled: int
    returned: int


class OrderLine(BaseModel):
    """A line and the progress of its units."""

    line_no: int
    sku: str
    title: str
    quantity: int
    unit_price: Money
    status: str
    counters: LineCounters


class ShipmentLine(BaseModel):
    """Units of an order line in a parcel."""

    line_no: int
    sku: str
    quantity: int


class OrderShipment(BaseModel):
    """What a parcel has of the fulfillment order; `parcel_id` is the same for orders that share a parcel."""

    id: int
    parcel_id: int
    direction: str
    carrier: str
    tracking_number: str
    tracking_url: str
    label: str
    tracking_status: str
    invoice: str
    dispatched_at: datetime | None
    delivered_at: datetime | None
    lines: list[ShipmentLine]


class Candidate(BaseModel):
    """A candidate location of the decision; `eliminated` says why it could not serve the line (empty: it could)."""

    location: str
    available: int
    distance_km: int | None
    eliminated: str


class AllocationReason(BaseModel):
    """Why a line was allocated there: a sentence, and the nearest other locations (`others` more had stock too)."""

    line_no: int
    sku: str
    quantity: int
    sentence: str
    candidates: list[Candidate]
    others: int


def _why(receipt: LineExplanation) -> AllocationReason:
    candidates = [
        Candidate(
            location=each.location,
            available=each.available,
            distance_km=each.distance_km,
            eliminated=english(each.eliminated),
        )
        for each in receipt.candidates
    ]
    return AllocationReason(
        line_no=receipt.line_no,
        sku=receipt.sku,
        quantity=receipt.quantity,
        sentence=receipt.sentence.english(),
        candidates=candidates,
        others=receipt.others,
    )


class OrderWorkLine(BaseModel):
    """Units of a line that the location sends."""

    line_no: int
    sku: str
    quantity: int


class FulfillmentOrder(BaseModel):
    """A location's fulfillment order, why it was allocated there, and its parcels. `actions` are allowed now."""

    id: int
    location: str
    location_name: str
    status: str
    version: int
    lines: list[OrderWorkLine]
    why: list[AllocationReason]
    parcels: list[OrderShipment]


class ReturnLine(BaseModel):
    """Units of an order line that come back."""

    return_line_no: int
    line_no: int
    sku: str
    quantity: int


class ReturnSummary(BaseModel):
    """A return of the order."""

    id: int
    number: str
    status: ReturnStatus
    custody: str
    money: str
    reason: str
    tracking_number: str
    lines: list[ReturnLine]


class OrderPayment(BaseModel):
    """A payment of the order; no external id: the gateway has not named it yet."""

    gateway: str
    external_id: str | None
    status: str
    amount: Money


class TimelineEntry(BaseModel):
    """An event in the timeline."""

    type: str
    words: str
    actor: str
    at: datetime
    trace_id: str


class Order(BaseModel):
    """An order with everything that belongs to it."""

    id: int
    number: str
    channel: str
    external_id: str
    status: str
    handling: Handling = Field(
        description="Whose work it is: `elsewhere` (others ship it) and `history` (older than the connection) are shown only."
    )
    placed_at: datetime
    completed_at: datetime | None
    total: Money
    paid: Money
    paid_as_reported: bool = Field(
        description="The channel reports the order as paid; no payment of a gateway is known."
    )
    refunded: Money
    lines: list[OrderLine]
    fulfillment_orders: list[FulfillmentOrder]
    returns: list[ReturnSummary]
    holds: list[str]
    payments: list[OrderPayment]
    timeline: list[TimelineEntry]


def order(detail: OrderDetail) -> Order:
    """Map the data of the order page."""
    header = detail.header
    return Order(
        id=header.id,
        number=header.number,
        channel=header.channel,
        external_id=header.external_id,
        status=detail.headline.value,
        handling=header.handling,
        placed_at=header.placed_at,
        completed_at=header.completed_at,
        total=money(header.total_minor, header.currency),
        paid=money(detail.balance.paid.minor, header.currency),
        paid_as_reported=detail.balance.is_reported,
        refunded=money(detail.balance.refunded.minor, header.currency),
        lines=[
            OrderLine(
                line_no=line.line_no,
                sku=line.sku,
                title=line.title,
                quantity=line.counters.ordered,
                unit_price=money(line.unit_price_minor, header.currency),
                status=line_status(line.counters),
                counters=LineCounters(**asdict(line.counters)),
            )
            for line in detail.lines
        ],
        fulfillment_orders=[_work(group) for group in detail.groups],
        returns=_returns(detail),
        holds=[hold.message.english() for hold in detail.holds if hold.released_at is None],
        payments=[
            OrderPayment(
                gateway=each.gateway,
                external_id=each.external_id,
                status=each.status.value,
                amount=money(each.amount_minor, each.currency),
            )
            for each in detail.payments
        ],
        timeline=[
            TimelineEntry(
                type=each.type, words=each.words, actor=each.actor, at=each.at, trace_id=each.trace_id
            )
            for each in detail.timeline
        ],
    )


def _work(group: Group) -> FulfillmentOrder:
    return FulfillmentOrder(
        id=group.work.id,
        location=group.work.location.code,
        location_name=group.work.location.name,
        status=group.work.state.value,
        version=group.work.version,
        lines=[
            OrderWorkLine(line_no=line.line_no, sku=line.sku, quantity=quantity)
            for line, quantity in group.lines
        ],
        why=[_why(each) for each in group.why],
        parcels=[_parcel(each) for each in group.parcels],
    )


def _parcel(parcel: Parcel) -> OrderShipment:
    return OrderShipment(
        id=parcel.id,
        parcel_id=parcel.parcel_id,
        direction=parcel.direction.value,
        carrier=parcel.carrier,
        tracking_number=parcel.tracking_number,
        tracking_url=parcel.tracking_url,
        label=parcel.label_state.value,
        tracking_status=parcel.tracking_status.value,
        invoice=parcel.invoice_number,
        dispatched_at=parcel.dispatched_at,
        delivered_at=parcel.delivered_at,
        lines=[
            ShipmentLine(line_no=each.line_no, sku=each.sku, quantity=each.quantity) for each in parcel.lines
        ],
    )


def _returns(detail: OrderDetail) -> list[ReturnSummary]:
    return [
        ReturnSummary(
            id=each.summary.id,
            number=each.summary.number,
            status=each.status,
            custody=each.summary.custody.value,
            money=each.summary.money.value,
            reason=each.summary.reason,
            tracking_number=each.parcel.tracking_number if each.parcel else "",
            lines=[
                ReturnLine(
                    return_line_no=line.return_line_no,
                    line_no=line.line_no,
                    sku=line.sku,
                    quantity=line.quantity,
                )
                for line in each.summary.lines
            ],
        )
        for each in detail.returns
    ]
