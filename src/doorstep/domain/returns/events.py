"""What happens to returns, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import OrderId, ReturnId


@dataclass(frozen=True, slots=True)
class _OfReturn:
    order_id: OrderId
    return_id: ReturnId
    number: str


@dataclass(frozen=True, slots=True)
class Created(_OfReturn):
    """A customer wants to send something back: RMA_CREATED (RETURN_INITIATED)."""

    type: ClassVar[str] = "return.created"
    stream: ClassVar[str] = "order"
    reason: str


@dataclass(frozen=True, slots=True)
class Travelling(_OfReturn):
    """The carrier has it."""

    type: ClassVar[str] = "return.in_transit"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Arrived(_OfReturn):
    """The carrier delivered it to the location; nobody opened it yet."""

    type: ClassVar[str] = "return.arrived"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Received(_OfReturn):
    """A person has it in hands: RMA_RECEIVED."""

    type: ClassVar[str] = "return.received"
    stream: ClassVar[str] = "order"
    location: str


@dataclass(frozen=True, slots=True)
class Inspected(_OfReturn):
    """It was looked at: what goes back to stock and what we owe is known."""

    type: ClassVar[str] = "return.inspected"
    stream: ClassVar[str] = "order"
    refund_due: bool


@dataclass(frozen=True, slots=True)
class Refunded(_OfReturn):
    """The customer has the money for it: Returned & Refunded."""

    type: ClassVar[str] = "return.refunded"
    stream: ClassVar[str] = "order"
