"""Read the order page: one order with its history, and its money compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from doorstep.domain.analytics import model
from doorstep.domain.analytics.model import TimeLeft, TimelineEntry
from doorstep.domain.analytics.store import order as store
from doorstep.domain.analytics.store.order import (
    Header,
    HoldRow,
    LineRow,
    Message,
    Note,
    Parcel,
    Payment,
    Refund,
    ReturnSummary,
    Work,
)
from doorstep.domain.analytics.views import decisions
from doorstep.domain.analytics.views.decisions import Decision
from doorstep.domain.fulfillment.model import State
from doorstep.domain.orders import model as orders
from doorstep.domain.orders.model import Address, Counters, OrderStatus
from doorstep.domain.payments.model import PaymentStatus, RefundState
from doorstep.domain.returns import model as returns
from doorstep.domain.returns.model import ReturnStatus
from doorstep.domain.routing import views as routing
from doorstep.domain.routing.model import LineExplanation
from doorstep.domain.shipping.model import LabelState
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import ReadTx
from doorstep.kernel.event_log import Event
from doorstep.kernel.message import Message as Sentence
from doorstep.kernel.money import Money

__all__ = ["Parcel"]

_STOPPED = frozenset({State.REJECTED, State.CANCELED})


@dataclass(frozen=True, slots=True)
class Group:
    """A fulfillment order with its lines, the reason for its location, and its parcels."""

    work: Work
    lines: Sequence[tuple[LineRow, int]]
    why: Sequence[LineExplanation]
    decision: Decision | None
    parcels: Sequence[Parcel]
    time_left: TimeLeft | None

    @property
    def has_labels(self) -> bool:
        """Whether it is packed and every parcel has its label."""
        return bool(self.parcels) and all(each.label_state is LabelState.PURCHASED for each in self.parcels)

    @property
    def is_delivered(self) -> bool:
        """Whether everything of it is delivered."""
        return self.work.state is State.SHIPPED and all(each.delivered_at for each in self.parcels)


@dataclass(frozen=True, slots=True)
class Return:
    """A return with its parcel and its refund."""

    summary: ReturnSummary
    status: ReturnStatus
    parcel: Parcel | None
    refund: Refund | None


@dataclass(frozen=True, slots=True)
class Balance:
    """The order's money: ordered, paid, refunded, and still to be refunded.

    `is_reported`: the channel says that the order is paid, and no payment of a gateway stands behind it.
    """

    total: Money
    paid: Money
    is_reported: bool
    refunded: Money
    owed: Money


@dataclass(frozen=True, slots=True)
class OrderDetail:
    """Everything the order page shows."""

    header: Header
    headline: OrderStatus
    counters: Counters
    time_left: TimeLeft | None
    lines: Sequence[LineRow]
    groups: Sequence[Group]
    past_groups: Sequence[Group]
    unallocated: Sequence[tuple[LineRow, int]]
    canceled: Sequence[tuple[LineRow, int]]
    refused: Sequence[LineRow]
    missing: Mapping[int, Sentence]
    decisions: Sequence[Decision]
    shipping_address: Address
    billing_address: Address
    returns: Sequence[Return]
    payments: Sequence[Payment]
    refunds: Sequence[Refund]
    balance: Balance
    messages: Sequence[Message]
    holds: Sequence[HoldRow]
    notes: Sequence[Note]
    timeline: Sequence[TimelineEntry]
    names: Mapping[str, str]

    @property
    def is_held(self) -> bool:
        return any(hold.released_at is None for hold in self.holds)


def detail(tx: ReadTx, *, order_id: int, now: datetime) -> OrderDetail:
    """One order for its page; raises NotFound."""
    header = store.select_header(tx, order_id=order_id)
    if header is None:
        raise errors.NotFound(f"There is no order {order_id}.")
    lines = store.select_lines(tx, order_id=order_id)
    parcels = store.select_parcels(tx, order_id=order_id)
    works = store.select_work(tx, order_id=order_id)
    recorded = event_log.of_stream(tx, stream="order", stream_id=order_id)
    rows = routing.decisions(tx, order_id=order_id)
    decided = decisions.described(tx, rows=rows, works=works, recorded=recorded)
    groups = _groups(works, lines, parcels, decided, now=now)
    refunds = store.select_refunds(tx, order_id=order_id)
    payments = store.select_payments(tx, order_id=order_id)
    holds, notes = store.select_holds(tx, order_id=order_id), store.select_notes(tx, order_id=order_id)
    timeline = _timeline(recorded)
    addresses = {each.kind: each.address for each in store.select_addresses(tx, order_id=order_id)}
    shipping = addresses.get("shipping", Address())
    counters = total_of([line.counters for line in lines])
    held = any(hold.released_at is None for hold in holds)
    live = [group.time_left for group in groups if group.time_left]
    return OrderDetail(
        header=header,
        headline=orders.order_status(counters, held=held, short=header.is_short),
        counters=counters,
        time_left=min(live, key=lambda each: each.left) if live else None,
        lines=lines,
        groups=[group for group in groups if group.work.state not in _STOPPED],
        past_groups=[group for group in groups if group.work.state in _STOPPED],
        unallocated=_units(
            lines, lambda line: line.counters.ordered - line.counters.canceled - line.counters.allocated
        ),
        canceled=_units(lines, lambda line: line.counters.canceled),
        refused=[line for line in lines if line.counters.ordered < 1],
        missing=_missing(decided),
        decisions=decided,
        shipping_address=shipping,
        billing_address=addresses.get("billing", shipping),
        returns=_returns(store.select_returns(tx, order_id=order_id), parcels, refunds),
        payments=payments,
        refunds=refunds,
        balance=_balance(header, payments, refunds),
        messages=store.select_messages(tx, order_id=order_id),
        holds=holds,
        notes=notes,
        timeline=timeline,
        names=_names(tx, timeline, holds, notes),
    )


def total_of(counters: Sequence[Counters]) -> Counters:
    """The sum of all lines' counters."""
    return Counters(*(sum(getattr(each, field.name) for each in counters) for field in fields(Counters)))


def _units(lines: Sequence[LineRow], count: Callable[[LineRow], int]) -> list[tuple[LineRow, int]]:
    return [(line, count(line)) for line in lines if count(line) > 0]


def _missing(decided: Sequence[Decision]) -> dict[int, Sentence]:
    """The newest decision's sentence for each line; decisions come newest first."""
    return {line.line_no: line.sentence for each in reversed(decided) for line in each.explanation.lines}


def _groups(
    works: Sequence[Work],
    lines: Sequence[LineRow],
    parcels: Sequence[Parcel],
    decided: Sequence[Decision],
    *,
    now: datetime,
) -> list[Group]:
    by_no = {line.line_no: line for line in lines}
    by_id = {each.id: each for each in decided}
    groups = []
    for work in works:
        decision = by_id.get(work.decision_id or 0)
        numbers = {line.line_no for line in work.lines}
        waits = work.state not in _STOPPED and work.state is not State.SHIPPED
        groups.append(
            Group(
                work=work,
                lines=[(by_no[line.line_no], line.quantity) for line in work.lines],
                why=[line for line in decision.explanation.lines if line.line_no in numbers]
                if decision
                else [],
                decision=decision,
                parcels=[each for each in parcels if each.fulfillment_order_id == work.id],
                time_left=model.time_left(work.ship_by, now=now) if waits else None,
            )
        )
    return groups


def _returns(
    found: Sequence[ReturnSummary], parcels: Sequence[Parcel], refunds: Sequence[Refund]
) -> list[Return]:
    by_return = {parcel.return_id: parcel for parcel in parcels if parcel.return_id}
    refund_of = {refund.return_id: refund for refund in refunds if refund.return_id}
    return [
        Return(
            summary,
            returns.status_of(summary.custody, summary.money),
            by_return.get(summary.id),
            refund_of.get(summary.id),
        )
        for summary in found
    ]


def _balance(header: Header, payments: Sequence[Payment], refunds: Sequence[Refund]) -> Balance:
    def amount(minor: int) -> Money:
        return Money(minor, header.currency)

    captured = sum(each.amount_minor for each in payments if each.status is PaymentStatus.CAPTURED)
    is_reported = header.is_paid and not payments
    return Balance(
        total=amount(header.total_minor),
        paid=amount(header.total_minor if is_reported else captured),
        is_reported=is_reported,
        refunded=amount(sum(each.amount_minor for each in refunds if each.state is RefundState.SUCCEEDED)),
        owed=amount(sum(each.amount_minor for each in refunds if each.state is not RefundState.SUCCEEDED)),
    )


def _timeline(recorded: Sequence[Event]) -> list[TimelineEntry]:
    """Events, newest first; events that arrive late (a carrier's scans) are placed by the time they happened."""
    return [
        TimelineEntry(
            each.type,
            model.describe(each.type, each.data),
            each.actor,
            each.trace_id,
            each.occurred_at,
            each.data,
        )
        for each in sorted(recorded, key=lambda each: (each.occurred_at, each.version), reverse=True)
    ]


def _names(
    tx: ReadTx, timeline: Sequence[TimelineEntry], holds: Sequence[HoldRow], notes: Sequence[Note]
) -> dict[str, str]:
    actors = {fact.actor for fact in timeline} | {note.author for note in notes}
    actors |= {actor for hold in holds for actor in (hold.placed_by, hold.released_by) if actor}
    return store.select_names(tx, actors=sorted(actors))
