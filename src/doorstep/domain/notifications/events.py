"""Events of messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import MessageId, OrderId


@dataclass(frozen=True, slots=True)
class Requested:
    """A message by another medium than e-mail is to be sent."""

    type: ClassVar[str] = "message.requested"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    message_id: MessageId
    template: str
    medium: str


@dataclass(frozen=True, slots=True)
class Sent:
    """A message was sent."""

    type: ClassVar[str] = "message.sent"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    message_id: MessageId
    template: str
    medium: str = "email"


@dataclass(frozen=True, slots=True)
class Failed:
    """A message by another medium than e-mail does not reach the customer."""

    type: ClassVar[str] = "message.failed"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    message_id: MessageId
    template: str
    medium: str
    reason: str


@dataclass(frozen=True, slots=True)
class Received:
    """The vendor reports how far a message is: sent, delivered, read."""

    type: ClassVar[str] = "message.receipt"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    message_id: MessageId
    template: str
    medium: str
    receipt: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A message may have been sent: a person decides."""

    type: ClassVar[str] = "message.in_doubt"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    message_id: MessageId
    template: str
    medium: str = "email"


@dataclass(frozen=True, slots=True)
class CustomerWrote:
    """A customer wrote to us."""

    type: ClassVar[str] = "message.received"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    text_id: int


@dataclass(frozen=True, slots=True)
class OptedOut:
    """The customer of the order wants no messages of a connection any more."""

    type: ClassVar[str] = "message.opted_out"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    connection_id: int
    source: str


@dataclass(frozen=True, slots=True)
class OptedIn:
    """The customer of the order wants messages of a connection again."""

    type: ClassVar[str] = "message.opted_in"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    connection_id: int
    source: str
