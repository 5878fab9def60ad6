"""Prepare messages to customers by the batch, in one transaction: at most one per event and medium.

E-mail is handed over at once. A message by another medium is stored, and sent by what follows from `message.requested`.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

from doorstep.domain.connections.model import Medium, choice
from doorstep.domain.connections.model.choice import Serves
from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications.actions import Draft
from doorstep.domain.notifications.model import MessageState
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import events as order_events
from doorstep.domain.orders import views as order_views
from doorstep.flows.context import BatchResult, BatchTask, Context, SecondsLeft
from doorstep.flows.notify import drafts, hand_over
from doorstep.flows.notify.hand_over import Prepared
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Delivery


def partner(context: Context, tx: ReadTx, deliveries: Sequence[Delivery]) -> Mapping[int, int]:
    """The mail relay of each delivery's message: that of the order's sales channel."""
    messengers = context.partners.messengers(Medium.EMAIL)
    channels = order_views.channels(tx, order_ids=[OrderId(each.key) for each in deliveries])
    chosen = {
        each.id: choice.choose(messengers, Serves.CHANNELS, channels.get(OrderId(each.key), ""))
        for each in deliveries
    }
    return {each: connection.id for each, connection in chosen.items() if connection is not None}


def email(template: str) -> BatchTask:
    """The batch task that sends this e-mail, and has the same message sent by other media."""

    def task(context: Context, deliveries: Sequence[Delivery], seconds_left: SecondsLeft) -> BatchResult:
        prepare = functools.partial(_prepare, context, template, deliveries)
        prepared = context.db.transact(prepare, actor="system")
        return hand_over.send_all(context, deliveries, prepared, seconds_left)

    return task


def has_address(fact: object) -> bool:
    """Whether an order that came in has an address or a phone number to write to."""
    return isinstance(fact, order_events.Placed) and (fact.has_email or fact.has_phone)


def _prepare(context: Context, template: str, deliveries: Sequence[Delivery], tx: WriteTx) -> list[Prepared]:
    """The stored e-mails that are to be sent now; messages by other media are requested."""
    found = locked_orders(tx, deliveries)
    occasions = [
        made
        for each in deliveries
        if (made := drafts.occasion(context, tx, each, found[OrderId(each.key)], template)) is not None
    ]
    by_phone = drafts.by_phone(context, tx, occasions)
    requested = [each.draft for group in by_phone.values() for each in group]
    if requested:
        notifications.request(tx, drafts=requested, at=context.clock.now())
    replaced = {each for each, group in by_phone.items() if any(one.instead_of_email for one in group)}
    return prepare_mails(context, tx, [each for each in occasions if each.delivery.id not in replaced])


def locked_orders(tx: WriteTx, deliveries: Sequence[Delivery]) -> dict[OrderId, order_views.Order]:
    """The orders of these deliveries, locked. Their events carry on the traces of the deliveries."""
    order_ids = sorted({OrderId(each.key) for each in deliveries})
    tx.traces |= {(each.stream, each.key): each.trace_id for each in deliveries}
    orders.lock_all(tx, order_ids=order_ids)
    return {OrderId(each.header.id): each for each in order_views.orders(tx, order_ids=order_ids)}


def prepare_mails(context: Context, tx: WriteTx, occasions: Sequence[drafts.Occasion]) -> list[Prepared]:
    """Store the e-mails, each once; those to be sent now. E-mails whose sender died are in doubt."""
    messengers = context.partners.messengers(Medium.EMAIL)
    written: dict[int, Draft] = {}
    for each in occasions:
        messenger = choice.choose(messengers, Serves.CHANNELS, each.order.header.channel)
        draft = drafts.mail(each, messenger) if messenger is not None else None
        if draft is not None:
            written[each.delivery.id] = draft
    if not written:
        return []
    stored = notifications.prepare(tx, drafts=list(written.values()), at=context.clock.now())
    hand_over.mark_abandoned(context, tx, stored)
    return [
        Prepared(delivery_id, message)
        for delivery_id, message in zip(written, stored, strict=True)
        if message.state in {MessageState.REQUESTED, MessageState.FAILED}
    ]
