"""What happens to the work of a location, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import FulfillmentOrderId, OrderId


@dataclass(frozen=True, slots=True)
class _OfWork:
    order_id: OrderId
    fulfillment_order_id: FulfillmentOrderId
    location: str


@dataclass(frozen=True, slots=True)
class Released(_OfWork):
    """Planned work was given to its location."""

    type: ClassVar[str] = "fulfillment.released"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Accepted(_OfWork):
    """The location takes the work."""

    type: ClassVar[str] = "fulfillment.accepted"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Picked(_OfWork):
    """Every piece is off the shelf: PICKED."""

    type: ClassVar[str] = "fulfillment.picked"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Packed(_OfWork):
    """The box is closed: PACKED; a label is wanted."""

    type: ClassVar[str] = "fulfillment.packed"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class RecallRequested(_OfWork):
    """Operations wants it elsewhere; the location answers."""

    type: ClassVar[str] = "fulfillment.recall_requested"
    stream: ClassVar[str] = "order"
    why: str


@dataclass(frozen=True, slots=True)
class RecallDeclined(_OfWork):
    """The location keeps what was asked back: it is nearly done."""

    type: ClassVar[str] = "fulfillment.recall_declined"
    stream: ClassVar[str] = "order"
    note: str


@dataclass(frozen=True, slots=True)
class Rejected(_OfWork):
    """The location cannot do it; the lines are routed again elsewhere."""

    type: ClassVar[str] = "fulfillment.rejected"
    stream: ClassVar[str] = "order"
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Overdue(_OfWork):
    """The location has let work lie for so many of its open minutes; `stage` is warned or escalated."""

    type: ClassVar[str] = "fulfillment.overdue"
    stream: ClassVar[str] = "order"
    stage: str
    open_minutes: int
