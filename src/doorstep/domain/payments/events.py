"""What happens to money, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import OrderId, PaymentId, RefundId


@dataclass(frozen=True, slots=True)
class Captured:
    """Money arrived."""

    type: ClassVar[str] = "payment.captured"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    payment_id: PaymentId
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundRequested:
    """We owe the customer money; the gateway was not asked yet."""

    type: ClassVar[str] = "refund.requested"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    refund_id: RefundId
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundCredited:
    """The gateway gave the money back: CREDITED."""

    type: ClassVar[str] = "refund.credited"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    refund_id: RefundId
    return_id: int | None
    amount_minor: int
    currency: str


@dataclass(frozen=True, slots=True)
class RefundInDoubt:
    """Nobody can say whether the money moved: a person must look before anything is repeated."""

    type: ClassVar[str] = "refund.in_doubt"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    refund_id: RefundId
    reason: str


@dataclass(frozen=True, slots=True)
class RefundFailed:
    """The gateway refused; a person must act."""

    type: ClassVar[str] = "refund.failed"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    refund_id: RefundId
    reason: str
