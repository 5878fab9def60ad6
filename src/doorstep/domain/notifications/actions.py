"""Verbs of messages: prepared once per event, sent at most once."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.notifications import events, model, store
from doorstep.domain.notifications.model import MessageState
from doorstep.domain.notifications.store import Draft, Message
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import MessageId

__all__ = ["Draft", "Message"]


def prepare(tx: WriteTx, *, draft: Draft, at: datetime) -> Message:
    """Store a message for an event, once; returns it as stored (it may have been sent before)."""
    store.insert(tx, draft, at=at)
    found = store.lock_by_event(
        tx, order_id=draft.order_id, event_key=draft.event_key, template=draft.template
    )
    if found is None:
        raise errors.NotFound("The message no longer exists.")
    return found


def _enter(tx: WriteTx, message_id: MessageId, state: MessageState) -> Message:
    message = store.lock(tx, message_id=message_id)
    if message is None:
        raise errors.NotFound(f"There is no message {message_id}.")
    states.transition(model.MESSAGE_MOVES, message.state, state, thing=f"Message {message_id}")
    return message


def sending(tx: WriteTx, *, message_id: MessageId) -> None:
    """Mark the message as being sent; if the process dies now, it is in doubt."""
    _enter(tx, message_id, MessageState.SENDING)
    store.update(tx, message_id=message_id, state=MessageState.SENDING)


def sent(tx: WriteTx, *, message_id: MessageId, provider_id: str, at: datetime) -> None:
    """Mark the message as sent."""
    message = _enter(tx, message_id, MessageState.SENT)
    store.update_sent(tx, message_id=message_id, provider_id=provider_id, at=at)
    event_log.append(tx, [events.Sent(message.order_id, message_id, message.template)], at=at)


def not_sent(tx: WriteTx, *, message_id: MessageId, error: str) -> None:
    """The message was certainly not sent: retry."""
    _enter(tx, message_id, MessageState.REQUESTED)
    store.update(tx, message_id=message_id, state=MessageState.REQUESTED, error=error)


def failed(tx: WriteTx, *, message_id: MessageId, error: str) -> None:
    """The message can never be sent like this."""
    _enter(tx, message_id, MessageState.FAILED)
    store.update(tx, message_id=message_id, state=MessageState.FAILED, error=error)


def mark_in_doubt(tx: WriteTx, *, message_id: MessageId, error: str, at: datetime) -> None:
    """The message may have been sent: it is not sent again unless a person decides so."""
    message = _enter(tx, message_id, MessageState.IN_DOUBT)
    store.update(tx, message_id=message_id, state=MessageState.IN_DOUBT, error=error)
    event_log.append(tx, [events.InDoubt(message.order_id, message_id, message.template)], at=at)
