"""Send customer e-mail at most once per event; if the outcome is unknown, a person decides."""

from __future__ import annotations

from doorstep.domain.connections.model import Kind
from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications.actions import Draft, Message
from doorstep.domain.notifications.model import MessageState, OutgoingMessage
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.flows.context import Context, ExternalTask, Record, no_record
from doorstep.flows.notify import mails
from doorstep.flows.notify.mail_content import WRITERS
from doorstep.kernel import errors, http
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Delivery


def email(template: str) -> ExternalTask:
    """The task that sends this e-mail."""

    def task(context: Context, delivery: Delivery) -> Record:
        with context.db.write(actor="system", trace_id=delivery.trace_id) as tx:
            message = _claim(context, tx, delivery, template)
        return no_record if message is None else _hand_over(context, delivery, message)

    return task


def _claim(context: Context, tx: WriteTx, delivery: Delivery, template: str) -> Message | None:
    """The stored message if it is to be sent now. A message whose sender died is in doubt."""
    orders.lock(tx, order_id=OrderId(delivery.key))
    draft = _draft(context, tx, delivery, template)
    if draft is None:
        return None
    message = notifications.prepare(tx, draft=draft, at=context.clock.now())
    if message.state is MessageState.SENDING:
        reason = "The sending process stopped: the e-mail may have been sent."
        notifications.mark_in_doubt(tx, message_id=message.id, error=reason, at=context.clock.now())
        return None
    if message.state not in {MessageState.REQUESTED, MessageState.FAILED}:
        return None
    notifications.sending(tx, message_id=message.id)
    return message


def _draft(context: Context, tx: WriteTx, delivery: Delivery, template: str) -> Draft | None:
    """What to send to whom; None without an address, a connection, or content."""
    order = order_views.order(tx, order_id=delivery.key)
    to = order.shipping_address.email or order.billing_address.email
    messengers = context.partners.of_kind(Kind.MESSENGERS)
    content = WRITERS[template](tx, order, delivery) if to and messengers else None
    if content is None:
        return None
    values = {
        **content.values,
        "brand": context.partners.connection(order.header.connection_id).name,
        "name": order.shipping_address.name.split(" ")[0] or "there",
        "number": order.header.number,
    }
    words = mails.render(template, values)
    return Draft(
        order_id=OrderId(delivery.key),
        event_key=content.event_key,
        template=template,
        connection_id=messengers[0].id,
        recipient=to,
        name=order.shipping_address.name,
        subject=words.subject,
        body_text=words.text,
        body_html=words.html,
    )


def _hand_over(context: Context, delivery: Delivery, message: Message) -> Record:
    outgoing = OutgoingMessage(
        message_id=message.id,
        reference=f"DSMAIL-{message.id:08d}",
        to=message.recipient,
        to_name=message.name,
        subject=message.subject,
        text=message.body_text,
        html=message.body_html,
    )
    try:
        provider_id = context.partners.messenger(message.connection_id).send(outgoing)
    except errors.DoorstepError as problem:
        reason = str(problem)
        if isinstance(problem, errors.Unavailable) and problem.maybe_done:
            return lambda tx: _doubt(context, tx, message, reason)
        with context.db.write(actor="system", trace_id=delivery.trace_id) as tx:
            if isinstance(problem, errors.Unavailable | http.Shadowed):
                notifications.not_sent(tx, message_id=message.id, error=reason)
            else:
                notifications.failed(tx, message_id=message.id, error=reason)
        raise
    return lambda tx: _sent(context, tx, message, provider_id)


def _doubt(context: Context, tx: WriteTx, message: Message, reason: str) -> None:
    orders.lock(tx, order_id=message.order_id)
    notifications.mark_in_doubt(tx, message_id=message.id, error=reason, at=context.clock.now())


def _sent(context: Context, tx: WriteTx, message: Message, provider_id: str) -> None:
    orders.lock(tx, order_id=message.order_id)
    notifications.sent(tx, message_id=message.id, provider_id=provider_id, at=context.clock.now())
