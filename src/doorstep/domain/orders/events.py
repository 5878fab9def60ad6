"""Events of orders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import OrderId


@dataclass(frozen=True, slots=True)
class Placed:
    """A channel's order is stored: PLACED. `has_email` and `has_phone` say how its customer can be written to."""

    type: ClassVar[str] = "order.placed"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    channel: str
    number: str
    lines: int
    total_minor: int
    currency: str
    has_email: bool = False
    has_phone: bool = False


@dataclass(frozen=True, slots=True)
class UpdatedByChannel:
    """The channel sent a newer version of a stored order; `changes` names what differed."""

    type: ClassVar[str] = "order.updated_by_channel"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Held:
    """The order is held; `reasons` are HoldReason values."""

    type: ClassVar[str] = "order.held"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Approved:
    """All checks passed (or the holds were released); the order may be routed."""

    type: ClassVar[str] = "order.approved"
    stream: ClassVar[str] = "order"
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class Allocated:
    """Every line has its stock and location: ALLOCATED."""

    type: ClassVar[str] = "order.allocated"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    decision_id: int
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replanned:
    """Planned work moved to other locations before release, because all orders together are served better."""

    type: ClassVar[str] = "order.replanned"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    decision_id: int
    locations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Short:
    """Some lines could not be allocated; `skus` are the missing ones."""

    type: ClassVar[str] = "order.short"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    skus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Canceled:
    """Nothing of the order will ship."""

    type: ClassVar[str] = "order.canceled"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    reason: str


@dataclass(frozen=True, slots=True)
class Completed:
    """All wanted units are delivered: the order is completed."""

    type: ClassVar[str] = "order.completed"
    stream: ClassVar[str] = "order"
    order_id: OrderId


@dataclass(frozen=True, slots=True)
class NoteAdded:
    """A note was added to the order; its text is in the notes table."""

    type: ClassVar[str] = "order.note_added"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    note_id: int


@dataclass(frozen=True, slots=True)
class ChannelUpdated:
    """The sales channel accepted an update."""

    type: ClassVar[str] = "channel.updated"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    channel: str
    what: str
    external_ref: str
