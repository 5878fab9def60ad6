"""Events of messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import MessageId, OrderId


@dataclass(frozen=True, slots=True)
class Sent:
    """A message was sent."""

    type: ClassVar[str] = "message.sent"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    message_id: MessageId
    template: str


@dataclass(frozen=True, slots=True)
class InDoubt:
    """A message may have been sent: a person decides."""

    type: ClassVar[str] = "message.in_doubt"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    message_id: MessageId
    template: str
