"""Events of returns."""

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
    """A customer wants to return something."""

    type: ClassVar[str] = "return.created"
    stream: ClassVar[str] = "order"
    reason: str


@dataclass(frozen=True, slots=True)
class InTransit(_OfReturn):
    """The carrier has the return."""

    type: ClassVar[str] = "return.in_transit"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Arrived(_OfReturn):
    """The carrier delivered it to the location; it is not opened yet."""

    type: ClassVar[str] = "return.arrived"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Received(_OfReturn):
    """The return was received: RMA_RECEIVED."""

    type: ClassVar[str] = "return.received"
    stream: ClassVar[str] = "order"
    location: str


@dataclass(frozen=True, slots=True)
class Inspected(_OfReturn):
    """The return was inspected: what goes back to stock and what is owed is known."""

    type: ClassVar[str] = "return.inspected"
    stream: ClassVar[str] = "order"
    refund_due: bool


@dataclass(frozen=True, slots=True)
class Refunded(_OfReturn):
    """The customer was refunded."""

    type: ClassVar[str] = "return.refunded"
    stream: ClassVar[str] = "order"
