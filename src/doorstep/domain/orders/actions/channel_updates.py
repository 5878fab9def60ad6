"""Keep which updates of an order its sales channel accepted, and the fulfillments that it reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from doorstep.domain.orders import events
from doorstep.domain.orders.model import ReportedFulfillment
from doorstep.domain.orders.store import channel_updates as store
from doorstep.domain.orders.store import fulfillments
from doorstep.domain.orders.store.channel_updates import ChannelUpdate
from doorstep.domain.orders.store.fulfillments import Source
from doorstep.kernel import event_log
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId

__all__ = ["ChannelUpdate", "Source"]


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


def record_fulfillments(
    tx: WriteTx, *, source: Source, reported: Sequence[ReportedFulfillment], at: datetime
) -> None:
    """Store the fulfillments that a channel reports of an order; they change nothing of the order."""
    fulfillments.upsert(tx, source=source, fulfillments=reported, at=at)


def mark_compared(tx: WriteTx, *, order_ids: Sequence[int]) -> None:
    """The reported fulfillments of these orders, which the caller has locked, have been compared with ours."""
    fulfillments.mark_compared(tx, order_ids=order_ids)
