"""Map Razorpay's payments and refunds. Amounts are minor units on both sides."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from doorstep.domain.payments import model as payments
from doorstep.kernel import errors, parsing

GATEWAY = "razorpay"
REFERENCE_NOTE = "doorstep_reference"
_SHORTEST_KEY = 10
_LONGEST_RECEIPT = 40
_PAYMENT_STATUS = {
    "created": payments.PaymentStatus.PENDING,
    "pending": payments.PaymentStatus.PENDING,
    "authorized": payments.PaymentStatus.AUTHORIZED,
    "captured": payments.PaymentStatus.CAPTURED,
    "refunded": payments.PaymentStatus.CAPTURED,
    "failed": payments.PaymentStatus.FAILED,
}
# A pending refund is being paid and is not requested again: it counts as refunded.
_REFUND_STATE = {
    "pending": payments.RefundState.SUCCEEDED,
    "processed": payments.RefundState.SUCCEEDED,
    "failed": payments.RefundState.FAILED,
}

# Notes are an object, or an empty array when there are none.
Notes = dict[str, object] | list[object]


class Payment(msgspec.Struct, kw_only=True):
    id: str
    amount: int
    currency: str
    status: str
    created_at: int
    method: str | None = None
    vpa: str | None = None
    email: str | None = None
    amount_refunded: int | None = None
    notes: Notes | None = None


class Refund(msgspec.Struct, kw_only=True):
    """The oldest refunds have no status; they were paid at once."""

    id: str
    amount: int
    currency: str
    payment_id: str
    created_at: int
    status: str | None = "processed"
    receipt: str | None = None
    notes: Notes | None = None


class Order(msgspec.Struct, kw_only=True):
    notes: Notes | None = None


class PaymentPart(msgspec.Struct, kw_only=True):
    entity: Payment


class RefundPart(msgspec.Struct, kw_only=True):
    entity: Refund


class OrderPart(msgspec.Struct, kw_only=True):
    entity: Order


class Parts(msgspec.Struct, kw_only=True):
    payment: PaymentPart | None = None
    refund: RefundPart | None = None
    order: OrderPart | None = None


class Event(msgspec.Struct, kw_only=True):
    event: str
    created_at: int
    payload: Parts


class Topic(msgspec.Struct, kw_only=True):
    event: str = ""
    created_at: int | None = None


class Refunds(msgspec.Struct, kw_only=True):
    items: list[Refund]


def instant(seconds: int) -> datetime:
    """Convert Unix seconds to a timestamp."""
    return datetime.fromtimestamp(seconds, UTC)


def observe_payment(body: bytes, *, order_note: str, channel: str = "") -> Sequence[object]:
    """Parse payment.* and order.paid; a note that the payment lacks is read from the order. Raises Invalid."""
    event = parsing.read(body, Event)
    if event.payload.payment is None:
        raise errors.Invalid("payload.payment: the event has no payment.", field="payload.payment")
    order = event.payload.order.entity if event.payload.order else Order()
    payment = event.payload.payment.entity
    reference = note(payment.notes, order_note) or note(order.notes, order_note)
    at = instant(event.created_at)
    return (payment_seen(payment, at=at, order_reference=reference, channel=channel),)


def observe_refund(body: bytes) -> Sequence[object]:
    """Parse refund.created, .processed and .failed. Raises Invalid."""
    event = parsing.read(body, Event)
    if event.payload.refund is None:
        raise errors.Invalid("payload.refund: the event has no refund.", field="payload.refund")
    refund = event.payload.refund.entity
    return (
        payments.RefundSnapshot(
            external_id=refund.id,
            payment_external_id=refund.payment_id,
            reference=note(refund.notes, REFERENCE_NOTE),
            state=_refund_state(refund),
            amount_minor=refund.amount,
            currency=refund.currency,
            at=instant(event.created_at),
        ),
    )


def payment_seen(
    payment: Payment, *, at: datetime, order_reference: str, channel: str
) -> payments.PaymentSnapshot:
    """Map one payment as of a point in time. Raises Invalid for a status that Razorpay does not document."""
    if payment.status not in _PAYMENT_STATUS:
        raise errors.Invalid(f"status: {payment.status!r} is not a payment's status.", field="status")
    return payments.PaymentSnapshot(
        gateway=GATEWAY,
        external_id=payment.id,
        order_reference=order_reference,
        status=_PAYMENT_STATUS[payment.status],
        amount_minor=payment.amount,
        currency=payment.currency,
        method=payment.method or "",
        at=at,
        payer=payment.vpa or payment.email or "",
        channel=channel,
        refunded_minor=payment.amount_refunded,
    )


def refund_result(refund: Refund) -> payments.RefundResult:
    """Map the state of a refund. Raises Invalid for a status that Razorpay does not document."""
    return payments.RefundResult(
        external_id=refund.id, state=_refund_state(refund), arrived=refund.status == "processed"
    )


def _refund_state(refund: Refund) -> payments.RefundState:
    status = refund.status or "processed"
    if status not in _REFUND_STATE:
        raise errors.Invalid(f"status: {status!r} is not a refund's status.", field="status")
    return _REFUND_STATE[status]


def refund_body(request: payments.RefundRequest, *, speed: str) -> dict[str, object]:
    """Razorpay's refund request; our reference is in the notes, and is the receipt that users see."""
    return {
        "amount": request.amount.minor,
        "speed": speed,
        "receipt": request.reference[:_LONGEST_RECEIPT],
        "notes": {REFERENCE_NOTE: request.reference, "order": request.order_number, "reason": request.reason},
    }


def idempotency_key(reference: str) -> str:
    """Razorpay requires at least ten characters; the same reference always gives the same key."""
    return reference.ljust(_SHORTEST_KEY, "-")


def matching(refunds: Sequence[Refund], reference: str) -> Refund | None:
    """The refund made under our reference."""
    return next((refund for refund in refunds if note(refund.notes, REFERENCE_NOTE) == reference), None)


def note(notes: Notes | None, name: str) -> str:
    """One note as text; empty if it is missing."""
    value = notes.get(name) if isinstance(notes, dict) else None
    return "" if value is None else str(value)
