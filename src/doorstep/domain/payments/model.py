"""Money received and given back: observations of payments, refund intents and their states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import money
from doorstep.kernel.ids import RefundId


class PaymentStatus(StrEnum):
    """Where a payment stands at its gateway."""

    PENDING = "pending"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PaymentObservation:
    """What a gateway (or a channel, of its gateway) tells of one payment; amounts in minor units.

    `order_reference` is the sales channel's order id, as the payment carries it.
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


class RefundState(StrEnum):
    """A refund is an intent first; in_doubt blocks further refunds on the tender until somebody knows."""

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
class RefundObservation:
    """What a gateway tells of one refund; `reference` is ours, as the refund carries it (may be empty)."""

    external_id: str
    payment_external_id: str
    reference: str
    state: RefundState
    amount_minor: int
    currency: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RefundRequest:
    """A refund to execute. `reference` is ours, unique for ever, and the idempotency key at the gateway."""

    refund_id: RefundId
    reference: str
    payment_external_id: str
    amount: money.Money
    reason: str
    order_number: str


@dataclass(frozen=True, slots=True)
class RefundResult:
    """The gateway's answer: its id and whether the money is on its way or has arrived (both count as succeeded)."""

    external_id: str
    state: RefundState
    arrived: bool


@dataclass(frozen=True, slots=True)
class PaidLine:
    """An order line's money: what all its pieces cost the customer together, tax and discount included."""

    line_no: int
    quantity: int
    paid_minor: int
    already_refunded_quantity: int = 0


def refund_amount(lines: Sequence[PaidLine], pieces: dict[int, int]) -> int:
    """Minor units owed for `pieces` (line number to quantity): cumulative shares, so that all pieces give all money."""
    return sum(
        money.part_of(
            line.paid_minor,
            quantity=pieces[line.line_no],
            of=line.quantity,
            already=line.already_refunded_quantity,
        )
        for line in lines
        if line.line_no in pieces
    )
