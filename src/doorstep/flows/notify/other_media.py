"""Send messages by other media than e-mail, and write an e-mail where one does not reach the customer."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace

from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications import views as messages
from doorstep.domain.notifications.model import EMAIL, MessageState
from doorstep.domain.orders import actions as orders
from doorstep.flows.context import BatchResult, Context, SecondsLeft, event_int
from doorstep.flows.notify import customer_messages, drafts, hand_over
from doorstep.flows.notify.hand_over import Prepared
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import MessageId, OrderId
from doorstep.kernel.jobs import Delivery


def partner(_context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The messenger of each delivery's message, which was chosen when it was requested."""
    found = {each.id: each.connection_id for each in messages.some(tx, message_ids=_message_ids(deliveries))}
    chosen = {each.id: found.get(MessageId(event_int(each, "message_id"))) for each in deliveries}
    return {each: connection_id for each, connection_id in chosen.items() if connection_id is not None}


def send(context: Context, deliveries: Sequence[Delivery], seconds_left: SecondsLeft) -> BatchResult:
    """Send the requested messages."""
    prepared = context.db.transact(functools.partial(_claim, context, deliveries), actor="system")
    return hand_over.send_all(context, deliveries, prepared, seconds_left)


def _claim(context: Context, deliveries: Sequence[Delivery], tx: WriteTx) -> list[Prepared]:
    """The messages that are to be sent now. Those whose sender died are in doubt, unless the vendor has reported."""
    tx.traces |= {(each.stream, each.key): each.trace_id for each in deliveries}
    orders.lock_all(tx, order_ids=sorted({OrderId(each.key) for each in deliveries}))
    stored = {each.id: each for each in notifications.lock(tx, message_ids=set(_message_ids(deliveries)))}
    hand_over.mark_abandoned(context, tx, list(stored.values()))
    by_delivery = {each.id: stored.get(MessageId(event_int(each, "message_id"))) for each in deliveries}
    return [
        Prepared(delivery_id, message)
        for delivery_id, message in by_delivery.items()
        if message is not None and message.state in {MessageState.REQUESTED, MessageState.FAILED}
    ]


def email_instead(context: Context, deliveries: Sequence[Delivery], seconds_left: SecondsLeft) -> BatchResult:
    """Send an e-mail for each message that does not reach its customer, where none was written about the same event."""
    prepared = context.db.transact(functools.partial(_instead, context, deliveries), actor="system")
    return hand_over.send_all(context, deliveries, prepared, seconds_left)


def _instead(context: Context, deliveries: Sequence[Delivery], tx: WriteTx) -> list[Prepared]:
    found = customer_messages.locked_orders(tx, deliveries)
    stored = {each.id: each for each in notifications.lock(tx, message_ids=set(_message_ids(deliveries)))}
    occasions: list[drafts.Occasion] = []
    for each in deliveries:
        message = stored[MessageId(event_int(each, "message_id"))]
        about = replace(each, data=message.event_data)
        made = drafts.occasion(context, tx, about, found[OrderId(each.key)], message.template)
        if message.medium != EMAIL and made is not None:
            occasions.append(made)
    keys = {
        each.delivery.id: (each.delivery.key, each.content.event_key, each.template) for each in occasions
    }
    written = messages.with_email(tx, keys=list(keys.values()))
    return customer_messages.prepare_mails(
        context, tx, [each for each in occasions if keys[each.delivery.id] not in written]
    )


def _message_ids(deliveries: Sequence[Delivery]) -> list[MessageId]:
    return [MessageId(event_int(each, "message_id")) for each in deliveries]
