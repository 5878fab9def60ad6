"""Shapes of the API's answers, separate from the console's, so that a changed page does not break clients."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.analytics.views.order import Group, OrderDetail
from doorstep.domain.analytics.views.orders import OrderRow
from doorstep.domain.orders.model import Counters, line_status
from doorstep.domain.routing.model import LineExplanation
from doorstep.kernel import money as kernel_money


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in major units as text, so that no client rounds it."""

    amount: str
    currency: str


def money(minor: int, currency: str) -> Money:
    """Convert minor units to the API's money; an amount in an unknown currency is not converted."""
    return Money(kernel_money.text(minor, currency), currency)


@dataclass(frozen=True, slots=True)
class OrderSummary:
    """An order in the list."""

    id: int
    number: str
    channel: str
    status: str
    placed_at: datetime
    customer: str
    city: str
    pieces: int
    total: Money
    payment: str
    locations: list[str]
    holds: list[str]


def summary(row: OrderRow) -> OrderSummary:
    """Map a row of the order list."""
    facts = row.facts
    return OrderSummary(
        id=facts.id,
        number=facts.number,
        channel=facts.channel,
        status=row.headline.value,
        placed_at=facts.placed_at,
        customer=facts.customer,
        city=facts.city,
        pieces=facts.counters.ordered,
        total=money(facts.total_minor, facts.currency),
        payment=row.payment,
        locations=list(facts.locations),
        holds=list(facts.holds),
    )


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line and the progress of its units."""

    line_no: int
    sku: str
    title: str
    quantity: int
    unit_price: Money
    status: str
    counters: Counters


@dataclass(frozen=True, slots=True)
class Shipment:
    """A parcel."""

    id: int
    direction: str
    carrier: str
    tracking_number: str
    tracking_url: str
    label: str
    tracking_status: str
    invoice: str
    dispatched_at: datetime | None
    delivered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Candidate:
    """A candidate location of the decision; `eliminated` says why it could not serve the line (empty: it could)."""

    location: str
    available: int
    distance_km: int | None
    eliminated: str


@dataclass(frozen=True, slots=True)
class Why:
    """Why a line was allocated there: a sentence, and the nearest other locations (`others` more had stock too)."""

    line_no: int
    sku: str
    quantity: int
    sentence: str
    candidates: list[Candidate]
    others: int


def _why(receipt: LineExplanation) -> Why:
    candidates = [
        Candidate(each.location, each.available, each.distance_km, each.eliminated)
        for each in receipt.candidates
    ]
    return Why(receipt.line_no, receipt.sku, receipt.quantity, receipt.sentence, candidates, receipt.others)


@dataclass(frozen=True, slots=True)
class FulfillmentOrder:
    """A location's fulfillment order, why it was allocated there, and its parcel. `actions` are allowed now."""

    id: int
    location: str
    location_name: str
    status: str
    version: int
    lines: list[dict[str, object]]
    why: list[Why]
    shipment: Shipment | None


@dataclass(frozen=True, slots=True)
class ReturnSummary:
    """A return of the order."""

    id: int
    number: str
    status: str
    custody: str
    money: str
    reason: str
    tracking_number: str
    lines: list[dict[str, object]]


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """An event in the timeline."""

    type: str
    words: str
    actor: str
    at: datetime
    trace_id: str


@dataclass(frozen=True, slots=True)
class Order:
    """An order with everything that belongs to it."""

    id: int
    number: str
    channel: str
    external_id: str
    status: str
    placed_at: datetime
    completed_at: datetime | None
    total: Money
    paid: Money
    refunded: Money
    lines: list[OrderLine]
    fulfillment_orders: list[FulfillmentOrder]
    returns: list[ReturnSummary]
    holds: list[str]
    payments: list[dict[str, object]]
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
        placed_at=header.placed_at,
        completed_at=header.completed_at,
        total=money(header.total_minor, header.currency),
        paid=money(detail.balance.paid.minor, header.currency),
        refunded=money(detail.balance.refunded.minor, header.currency),
        lines=[
            OrderLine(
                line_no=line.line_no,
                sku=line.sku,
                title=line.title,
                quantity=line.counters.ordered,
                unit_price=money(line.unit_price_minor, header.currency),
                status=line_status(line.counters),
                counters=line.counters,
            )
            for line in detail.lines
        ],
        fulfillment_orders=[_work(group) for group in detail.groups],
        returns=_returns(detail),
        holds=[hold.message for hold in detail.holds if hold.released_at is None],
        payments=[
            {
                "gateway": each.gateway,
                "external_id": each.external_id,
                "status": each.status,
                "amount": money(each.amount_minor, each.currency),
            }
            for each in detail.payments
        ],
        timeline=[
            TimelineEntry(each.type, each.words, each.actor, each.at, each.trace_id)
            for each in detail.timeline
        ],
    )


def _work(group: Group) -> FulfillmentOrder:
    parcel = group.parcel
    return FulfillmentOrder(
        id=group.work.id,
        location=group.work.place.code,
        location_name=group.work.place.name,
        status=group.work.state.value,
        version=group.work.version,
        lines=[
            {"line_no": line.line_no, "sku": line.sku, "quantity": quantity} for line, quantity in group.lines
        ],
        why=[_why(each) for each in group.why],
        shipment=None
        if parcel is None
        else Shipment(
            id=parcel.id,
            direction=parcel.direction.value,
            carrier=parcel.carrier,
            tracking_number=parcel.tracking_number,
            tracking_url=parcel.tracking_url,
            label=parcel.label_state.value,
            tracking_status=parcel.tracking_status.value,
            invoice=parcel.invoice_number,
            dispatched_at=parcel.dispatched_at,
            delivered_at=parcel.delivered_at,
        ),
    )


def _returns(detail: OrderDetail) -> list[ReturnSummary]:
    return [
        ReturnSummary(
            id=each.facts.id,
            number=each.facts.number,
            status=each.words,
            custody=each.facts.custody.value,
            money=each.facts.money.value,
            reason=each.facts.reason,
            tracking_number=each.parcel.tracking_number if each.parcel else "",
            lines=[
                {
                    "return_line_no": line.return_line_no,
                    "line_no": line.line_no,
                    "sku": line.sku,
                    "quantity": line.quantity,
                }
                for line in each.facts.lines
            ],
        )
        for each in detail.returns
    ]
