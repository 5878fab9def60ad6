"""What partners were told, in the past tense."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import OrderId


@dataclass(frozen=True, slots=True)
class ChannelUpdated:
    """The sales channel took our news."""

    type: ClassVar[str] = "channel.updated"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    channel: str
    what: str
    external_ref: str
