"""Who gets which message by which medium, and its words: an e-mail as written, or the values of a vendor's template."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from doorstep.domain.connections.model import Connection, Medium, choice
from doorstep.domain.connections.model.choice import Serves
from doorstep.domain.notifications import views as messages
from doorstep.domain.notifications.actions import Draft
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import Address
from doorstep.flows.context import Context
from doorstep.flows.notify import mails
from doorstep.flows.notify.mail_content import WRITERS, MailContent
from doorstep.kernel import phone
from doorstep.kernel.db import ReadTx
from doorstep.kernel.ids import OrderId
from doorstep.kernel.jobs import Delivery

_BY_PHONE = tuple(medium for medium in Medium if medium.needs_phone)
# What templates of vendors may be filled with. A value that an event does not have is left out.
VARIABLES = (
    "order_number",
    "name",
    "brand",
    "carrier",
    "tracking_number",
    "tracking_url",
    "total",
    "amount",
    "return_number",
)


@dataclass(frozen=True, slots=True)
class Occasion:
    """What a customer is written to about: an event of an order, and the values for its message."""

    delivery: Delivery
    order: order_views.Order
    template: str
    content: MailContent
    values: Mapping[str, object]


def occasion(
    context: Context, tx: ReadTx, delivery: Delivery, order: order_views.Order, template: str
) -> Occasion | None:
    """None if there is nothing to write about."""
    content = WRITERS[template](tx, order, delivery)
    if content is None:
        return None
    values = {
        **content.values,
        "brand": context.partners.connection(order.header.connection_id).name,
        "name": order.shipping_address.name.split(" ")[0] or "there",
        "number": order.header.number,
    }
    return Occasion(delivery, order, template, content, values)


def mail(each: Occasion, messenger: Connection) -> Draft | None:
    """The e-mail; None without an address."""
    order = each.order
    to = order.shipping_address.email or order.billing_address.email
    if not to:
        return None
    words = mails.render(each.template, each.values)
    return Draft(
        order_id=OrderId(each.delivery.key),
        event_key=each.content.event_key,
        template=each.template,
        connection_id=messenger.id,
        recipient=to,
        name=order.shipping_address.name,
        subject=words.subject,
        body_text=words.text,
        body_html=words.html,
    )


@dataclass(frozen=True, slots=True)
class ByPhone:
    """A message to a phone number, and whether it replaces the e-mail."""

    draft: Draft
    instead_of_email: bool


def by_phone(context: Context, tx: ReadTx, occasions: Sequence[Occasion]) -> dict[int, list[ByPhone]]:
    """The messages to phone numbers, by delivery: where a messenger sends it and the customer agreed and did not opt out."""
    found: list[tuple[int, ByPhone]] = []
    for medium in _BY_PHONE:
        messengers = context.partners.messengers(medium)
        if messengers:
            found += [
                (each.delivery.id, made)
                for each in occasions
                if (made := _by_phone(context, each, medium, messengers))
            ]
    refused = messages.opted_out(
        tx, addresses=[(each.draft.connection_id, each.draft.recipient) for _, each in found]
    )
    by_delivery: dict[int, list[ByPhone]] = {}
    for delivery_id, each in found:
        if (each.draft.connection_id, each.draft.recipient) not in refused:
            by_delivery.setdefault(delivery_id, []).append(each)
    return by_delivery


def number_of(*addresses: Address) -> str:
    """The customer's phone number in E.164, by the country of the address; empty if there is none."""
    return next(filter(None, (phone.e164(each.phone, each.country) for each in addresses)), "")


def _by_phone(
    context: Context, each: Occasion, medium: Medium, messengers: Sequence[Connection]
) -> ByPhone | None:
    order = each.order
    messenger = choice.choose(messengers, Serves.CHANNELS, order.header.channel)
    if messenger is None:
        return None
    terms = context.partners.messenger(messenger.id).terms()
    to = (
        number_of(order.shipping_address, order.billing_address)
        if terms.allow(each.template, tuple(order.header.tags))
        else ""
    )
    if not to:
        return None
    words = mails.render(each.template, each.values)
    named = {**each.values, "order_number": each.values["number"]}
    variables = {name: str(named[name]) for name in VARIABLES if named.get(name)}
    draft = Draft(
        order_id=OrderId(each.delivery.key),
        event_key=f"{each.content.event_key}@{medium}",
        template=each.template,
        connection_id=messenger.id,
        recipient=to,
        name=order.shipping_address.name,
        subject=words.subject,
        body_text="\n".join(f"{name}: {value}" for name, value in variables.items()),
        body_html="",
        medium=medium,
        variables=variables,
        event_data=each.delivery.data,
    )
    return ByPhone(draft, terms.instead_of_email)
