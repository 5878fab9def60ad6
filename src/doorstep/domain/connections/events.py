"""Events of connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from doorstep.kernel.ids import OrderId


@dataclass(frozen=True, slots=True)
class ChannelUpdated:
    """The sales channel accepted an update."""

    type: ClassVar[str] = "channel.updated"
    stream: ClassVar[str] = "order"
    order_id: OrderId
    channel: str
    what: str
    external_ref: str
