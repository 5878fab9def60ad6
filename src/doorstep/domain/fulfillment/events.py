"""Events of fulfillment orders."""

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
    """Planned work was released to its location."""

    type: ClassVar[str] = "fulfillment.released"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Accepted(_OfWork):
    """The location accepted the work."""

    type: ClassVar[str] = "fulfillment.accepted"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Picked(_OfWork):
    """All units are picked: PICKED."""

    type: ClassVar[str] = "fulfillment.picked"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class Packed(_OfWork):
    """The work is packed: PACKED; a label is requested."""

    type: ClassVar[str] = "fulfillment.packed"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class RecallRequested(_OfWork):
    """Operations requested a recall; the location answers."""

    type: ClassVar[str] = "fulfillment.recall_requested"
    stream: ClassVar[str] = "order"
    why: str


@dataclass(frozen=True, slots=True)
class RecallDeclined(_OfWork):
    """The location declined the recall."""

    type: ClassVar[str] = "fulfillment.recall_declined"
    stream: ClassVar[str] = "order"
    note: str


@dataclass(frozen=True, slots=True)
class Rejected(_OfWork):
    """The location rejected the work; its lines are allocated elsewhere."""

    type: ClassVar[str] = "fulfillment.rejected"
    stream: ClassVar[str] = "order"
    reason: str
    note: str


@dataclass(frozen=True, slots=True)
class Overdue(_OfWork):
    """The location has not accepted the work for `open_minutes`; `stage` is warned or escalated."""

    type: ClassVar[str] = "fulfillment.overdue"
    stream: ClassVar[str] = "order"
    stage: str
    open_minutes: int


@dataclass(frozen=True, slots=True)
class WarehouseRequested(_OfWork):
    """The work is to be sent to the warehouse that serves its location."""

    type: ClassVar[str] = "fulfillment.warehouse_requested"
    stream: ClassVar[str] = "order"


@dataclass(frozen=True, slots=True)
class WarehouseCancelRequested(_OfWork):
    """The warehouse is to be asked to stop; it answers."""

    type: ClassVar[str] = "fulfillment.warehouse_cancel_requested"
    stream: ClassVar[str] = "order"
    reason: str


@dataclass(frozen=True, slots=True)
class WarehouseCancelDeclined(_OfWork):
    """The warehouse cannot stop any more: the parcel is packed or has left."""

    type: ClassVar[str] = "fulfillment.warehouse_cancel_declined"
    stream: ClassVar[str] = "order"
    note: str
