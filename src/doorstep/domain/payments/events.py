"""Events of payments and refunds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import OrderId, PaymentId, RefundId


@dataclass(frozen=True, slots=True)
class Captured:
    """A payment was captured."""

    type: ClassVar[str] = "payment.captured"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    payment_id: PaymentId
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class PaymentUnclear:
    """A payment names this order's id, and so could an order of another sales channel: it is not matched."""

    type: ClassVar[str] = "payment.unclear"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    payment_id: PaymentId


@dataclass(frozen=True, slots=True)
class LookupDue:
    """The payment has stayed open for long: the gateway is asked."""

    type: ClassVar[str] = "payment.lookup_due"
    stream: ClassVar[str] = "payment"
    payment_id: PaymentId
    order_id: OrderId
    gateway: str
    external_id: str


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """A refund is owed; it is not requested at the gateway yet."""

    type: ClassVar[str] = "refund.requested"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    refund_id: RefundId
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundCredited:
    """The gateway refunded the money: CREDITED."""

    type: ClassVar[str] = "refund.credited"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    refund_id: RefundId
    return_id: int | None
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundInDoubt:
    """The outcome of the refund is unknown: a person must check before anything is repeated."""

    type: ClassVar[str] = "refund.in_doubt"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    refund_id: RefundId
    reason: str


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """The gateway rejected the refund; a person must act."""

    type: ClassVar[str] = "refund.failed"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    refund_id: RefundId
    reason: str
