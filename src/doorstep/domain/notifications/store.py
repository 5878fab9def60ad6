"""SQL of messages."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from doorstep.domain.notifications.model import MessageState
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import MessageId, OrderId


@dataclass(frozen=True, slots=True)
class Message:
    """A message as stored."""

    id: MessageId
    order_id: OrderId
    event_key: str
    template: str
    connection_id: int
    recipient: str
    name: str
    subject: str
    body_text: str
    body_html: str
    state: MessageState
    provider_id: str
    error: str


_MESSAGE = """id, order_id, event_key, template, connection_id, recipient, name, subject, body_text, body_html, state,
    provider_id, error"""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message to send once for an event."""

    order_id: OrderId
    event_key: str
    template: str
    connection_id: int
    recipient: str
    name: str
    subject: str
    body_text: str
    body_html: str


def insert(tx: WriteTx, draft: Draft, *, at: datetime) -> None:
    """Store the intent to send; changes nothing if it exists."""
    tx.execute(
        """
        INSERT INTO messages (order_id, event_key, template, connection_id, recipient, name, subject, body_text, body_html,
                              requested_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (order_id, event_key, template) DO NOTHING
        """,
        (
            draft.order_id,
            draft.event_key,
            draft.template,
            draft.connection_id,
            draft.recipient,
            draft.name,
            draft.subject,
            draft.body_text,
            draft.body_html,
            at,
        ),
    )


def lock_by_event(tx: WriteTx, *, order_id: int, event_key: str, template: str) -> Message | None:
    """The message of an event, locked."""
    return tx.one(
        Message,
        f"SELECT {_MESSAGE} FROM messages WHERE order_id = %s AND event_key = %s AND template = %s FOR NO KEY UPDATE",
        (order_id, event_key, template),
    )


def lock(tx: WriteTx, *, message_id: int) -> Message | None:
    """One message, locked."""
    return tx.one(Message, f"SELECT {_MESSAGE} FROM messages WHERE id = %s FOR NO KEY UPDATE", (message_id,))


def update(tx: WriteTx, *, message_id: int, state: MessageState, error: str = "") -> None:
    """Set the state."""
    tx.execute("UPDATE messages SET state = %s, error = %s WHERE id = %s", (state.value, error, message_id))


def update_sent(tx: WriteTx, *, message_id: int, provider_id: str, at: datetime) -> None:
    """Mark as sent."""
    tx.execute(
        "UPDATE messages SET state = 'sent', provider_id = %s, sent_at = %s, error = '' WHERE id = %s",
        (provider_id, at, message_id),
    )


def select_of_order(tx: ReadTx, *, order_id: int) -> list[Message]:
    """An order's messages, oldest first."""
    return tx.all(Message, f"SELECT {_MESSAGE} FROM messages WHERE order_id = %s ORDER BY id", (order_id,))
