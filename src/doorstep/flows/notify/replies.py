"""What comes back about messages: receipts of vendors, texts of customers, and who wants no messages any more."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications import views as messages
from doorstep.domain.notifications.model import ContactChoice, CustomerText, DeliveryReceipt
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders import views as order_views
from doorstep.flows.context import Context
from doorstep.flows.notify import drafts
from doorstep.kernel import errors, phone
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId

Reply = DeliveryReceipt | CustomerText | ContactChoice


def order_of(tx: ReadTx, connection_id: int, seen: Reply) -> OrderId | None:
    """The order that a reply is about: that of the message, or the latest of the phone number."""
    if isinstance(seen, DeliveryReceipt):
        return messages.order_of_receipt(tx, connection_id=connection_id, seen=seen)
    found = (
        messages.latest_order(tx, address=seen.address),
        order_views.latest_of_phone(tx, phones=phone.readings(seen.address)),
    )
    return max((each for each in found if each is not None), default=None)


def record(context: Context, tx: WriteTx, connection_id: int, seen: Reply) -> None:
    """Apply a reply, once."""
    now = context.clock.now()
    order_id = order_of(tx, connection_id, seen)
    if order_id is not None:
        orders.lock_all(tx, order_ids=[order_id])
    match seen:
        case DeliveryReceipt():
            notifications.record_receipt(tx, connection_id=connection_id, seen=seen, now=now)
        case CustomerText():
            notifications.record_text(tx, connection_id=connection_id, seen=seen, order_id=order_id, now=now)
        case ContactChoice():
            notifications.record_choice(
                tx, connection_id=connection_id, choice=seen, order_id=order_id, now=now
            )


def choose(tx: WriteTx, *, order_id: OrderId, connection_id: int, is_opted_out: bool, now: datetime) -> None:
    """A person records that the customer of an order wants no messages of a connection, or wants them again."""
    orders.lock_all(tx, order_ids=[order_id])
    order = order_views.order(tx, order_id=order_id)
    number = drafts.number_of(order.shipping_address, order.billing_address)
    if not number:
        raise errors.Refused("The order has no phone number that can be written to.")
    choice = ContactChoice(number, is_opted_out, now, "person")
    notifications.record_choice(tx, connection_id=connection_id, choice=choice, order_id=order_id, now=now)
