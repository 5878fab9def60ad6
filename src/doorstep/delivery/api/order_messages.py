"""Messages of an order by medium, with what vendors report; what the customer wrote, and whether messages are wanted."""

from __future__ import annotations

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Caller, Calling
from doorstep.domain.analytics.views import order as order_views
from doorstep.domain.analytics.views import orders as list_views
from doorstep.domain.identity.model import NotAllowed, Permission
from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications import views as messages
from doorstep.flows.notify import drafts, replies
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import OrderId

router = APIRouter(tags=["Orders"])


class OrderMessage(BaseModel):
    """A message to the customer. `receipt` is the furthest that the vendor reports: sent, failed, delivered, read."""

    id: int
    medium: str = Field(description="email or whatsapp.")
    template: str
    connection: str
    recipient: str
    subject: str
    state: str = Field(description="requested, sending, sent, failed or in_doubt.")
    error: str
    receipt: str
    receipt_at: datetime | None
    receipt_reason: str
    requested_at: datetime
    sent_at: datetime | None


class CustomerText(BaseModel):
    """What the customer wrote; `handled_at` is empty until somebody handles it."""

    id: int
    address: str
    name: str
    text: str
    sent_at: datetime
    handled_at: datetime | None
    handled_by: str


class MessageChoice(BaseModel):
    """Whether the customer wants messages of a connection, and who said so last."""

    connection: str
    is_opted_out: bool
    source: str
    changed_at: datetime
    changed_by: str


class OrderMessages(BaseModel):
    """The messages of an order, newest first; what the customer wrote; and the choices of the phone number."""

    messages: list[OrderMessage]
    texts: list[CustomerText]
    choices: list[MessageChoice]


class NewMessageChoice(BaseModel):
    """Whether the customer wants messages of a connection."""

    connection: str = Field(description="The key of the connection.", min_length=1, max_length=63)
    is_opted_out: bool = Field(description="True: the customer wants no messages of this connection.")


class TextsHandled(BaseModel):
    """How many texts of the customer are handled now."""

    handled: int


class UnknownReceipt(BaseModel):
    """A report of the vendor about a message that we do not know."""

    provider_id: str
    state: str
    reason: str
    at: datetime


def _see(calling: Caller, tx: ReadTx, order_id: int) -> None:
    if calling.scope is not None and not list_views.concerns(
        tx, order_id=order_id, location_id=calling.scope
    ):
        raise NotAllowed("This order does not belong to your location.")


@router.get("/orders/{order_id}/messages")
def list_order_messages(calling: Calling, order_id: int) -> OrderMessages:
    """List an order's messages with their receipts, what the customer wrote, and whether messages are wanted."""
    calling.principal.require(Permission.ORDERS_READ)

    def fetch(tx: ReadTx) -> OrderMessages:
        _see(calling, tx, order_id)
        found = order_views.detail(tx, order_id=order_id, now=calling.app.clock.now())
        number = drafts.number_of(found.shipping_address, found.billing_address)
        choices = messages.choices(tx, addresses=[number]) if number else []
        return OrderMessages(
            messages=[OrderMessage.model_validate(each, from_attributes=True) for each in found.messages],
            texts=[
                CustomerText.model_validate(each, from_attributes=True)
                for each in messages.texts(tx, order_id=order_id)
            ],
            choices=[MessageChoice.model_validate(each, from_attributes=True) for each in choices],
        )

    return calling.read(fetch)


@router.put("/orders/{order_id}/messages/choice")
def put_message_choice(calling: Calling, order_id: int, body: NewMessageChoice) -> OrderMessages:
    """Record that the customer of an order wants no messages of a connection, or wants them again."""
    calling.principal.require(Permission.ORDERS_WRITE)
    connection_id = calling.app.registry.by_key(body.connection).id

    def work(tx: WriteTx) -> None:
        now = calling.app.clock.now()
        replies.choose(
            tx,
            order_id=OrderId(order_id),
            connection_id=connection_id,
            is_opted_out=body.is_opted_out,
            now=now,
        )

    calling.write(work)
    return list_order_messages(calling, order_id)


@router.post("/orders/{order_id}/messages/close-texts")
def close_customer_texts(calling: Calling, order_id: int) -> TextsHandled:
    """Mark what the customer of an order wrote as handled: the order needs no attention for it any more."""
    calling.principal.require(Permission.ORDERS_WRITE)

    def work(tx: WriteTx) -> TextsHandled:
        handled = notifications.handle_texts(tx, order_id=OrderId(order_id), at=calling.app.clock.now())
        return TextsHandled(handled=handled)

    return calling.write(work)


@router.get("/connections/{key}/unknown-receipts")
def list_unknown_receipts(calling: Calling, key: str) -> list[UnknownReceipt]:
    """List what a vendor reported about messages that we do not know, newest first, at most fifty."""
    calling.principal.require(Permission.CONNECTIONS_READ)
    connection = calling.app.registry.by_key(key)
    if connection.kind != "messengers":
        raise errors.Refused(f"{key} sends no messages.")
    found = calling.read(lambda tx: messages.unknown_receipts(tx, connection_id=connection.id))
    return [UnknownReceipt.model_validate(each, from_attributes=True) for each in found]
