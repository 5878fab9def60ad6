"""Keep which updates of an order its sales channel accepted."""

from __future__ import annotations

from doorstep.domain.orders import events
from doorstep.domain.orders.store import channel_updates as store
from doorstep.domain.orders.store.channel_updates import ChannelUpdate
from doorstep.kernel import event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

__all__ = ["ChannelUpdate"]


def intend_channel_update(
    tx: WriteTx, *, order_id: OrderId, connection_id: int, what: str, reference: str
) -> bool:
    """Store the intent of a channel update; True if the channel accepted it before."""
    return store.insert_intent(
        tx, order_id=order_id, connection_id=connection_id, what=what, reference=reference
    )


def record_channel_update(tx: WriteTx, *, order_id: OrderId, channel: str, update: ChannelUpdate) -> None:
    """Record once that the channel (named by its key) accepted an update."""
    if store.mark_accepted(tx, update):
        fact = events.ChannelUpdated(order_id, channel, update.what, update.external_ref)
        event_log.append(tx, [fact], at=update.accepted_at)
