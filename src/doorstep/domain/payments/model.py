"""Payments and refunds: snapshots, intents, states, and the one rule for what is owed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import money
from doorstep.kernel.ids import RefundId


class PaymentStatus(StrEnum):
    """State of a payment at its gateway."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PaymentSnapshot:
    """A payment as a gateway (or a channel, for its gateway) reports it; amounts in minor units.

    `order_reference` is the sales channel's order id, as the payment carries it; `channel` the key of that sales channel,
    empty if the payment does not name it (channels may use the same order ids). `refunded_minor`: what was refunded of it
    so far, by whomever; None where the gateway does not say.
    """

    gateway: str
    external_id: str
    order_reference: str
    status: PaymentStatus
    amount_minor: int
    currency: str
    method: str
    at: datetime
    payer: str = ""
    channel: str = ""
    refunded_minor: int | None = None


class RefundState(StrEnum):
    """A refund is an intent first; in_doubt blocks further refunds on the payment until the outcome is known."""

    REQUESTED = "requested"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


REFUND_MOVES: dict[RefundState, frozenset[RefundState]] = {
    RefundState.REQUESTED: frozenset({RefundState.SUCCEEDED, RefundState.FAILED, RefundState.IN_DOUBT}),
    RefundState.IN_DOUBT: frozenset({RefundState.SUCCEEDED, RefundState.FAILED, RefundState.REQUESTED}),
    RefundState.FAILED: frozenset({RefundState.REQUESTED}),
    RefundState.SUCCEEDED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class RefundSnapshot:
    """A refund as a gateway reports it; `reference` is ours, as the refund carries it (may be empty)."""

    external_id: str
    payment_external_id: str
    reference: str
    state: RefundState
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A refund to execute. `reference` is ours, unique, and the idempotency key at the gateway."""

    refund_id: RefundId
    reference: str
    payment_external_id: str
    amount: money.Money
    reason: str
    order_number: str


@dataclass(frozen=True, slots=True)
class RefundResult:
    """The gateway's answer: its id and whether the refund is pending or arrived (both count as succeeded)."""

    external_id: str
    state: RefundState
    arrived: bool


@dataclass(frozen=True, slots=True)
class PaidLine:
    """What all units of an order line cost the customer together: discount taken off, tax included."""

    line_no: int
    quantity: int
    paid_minor: int


@dataclass(frozen=True, slots=True)
class Units:
    """Units of an order line."""

    line_no: int
    quantity: int


def amount_of(line: PaidLine, *, quantity: int, earlier: int = 0) -> int:
    """Minor units that `quantity` units of a line cost, after `earlier` units took their share.

    Cumulative rounding: all units together carry exactly what was paid, in whatever portions they are counted.
    Units beyond what was ordered carry nothing.
    """
    if line.quantity == 0:
        return 0
    first, last = (min(each, line.quantity) for each in (earlier, earlier + quantity))
    return money.part_of(line.paid_minor, quantity=last - first, of=line.quantity, already=first)


def owed(lines: Iterable[PaidLine], *, refunded: Iterable[Units], returned: Iterable[Units]) -> list[int]:
    """Minor units owed for each of `returned`, in their order, after earlier refunds took their share.

    The one rule for money of returns: refunds, credit notes and previews all ask here. The sum over all
    returns of a line is what was paid for it.
    """
    paid = {line.line_no: line for line in lines}
    earlier = Counter[int]()
    for each in refunded:
        earlier[each.line_no] += each.quantity
    amounts = []
    for each in returned:
        line = paid[each.line_no]
        amounts.append(amount_of(line, quantity=each.quantity, earlier=earlier[each.line_no]))
        earlier[each.line_no] += each.quantity
    return amounts
