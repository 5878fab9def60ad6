"""Verbs of messages: prepared once per fact, handed over at most once."""

from __future__ import annotations

from datetime import datetime

from doorstep.domain.notifications import events as facts
from doorstep.domain.notifications import model, store
from doorstep.domain.notifications.model import MessageState
from doorstep.domain.notifications.store import Draft, Message
from doorstep.kernel import errors, events, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import MessageId

__all__ = ["Draft", "Message"]


def prepare(tx: WriteTx, *, draft: Draft, at: datetime) -> Message:
    """Store a message for a fact, once; returns it as it stands (it may have been sent before)."""
    store.insert(tx, draft, at=at)
    found = store.lock_of_fact(tx, order_id=draft.order_id, fact=draft.fact, template=draft.template)
    if found is None:
        raise errors.NotFound("The message is gone.")
    return found


def _enter(tx: WriteTx, message_id: MessageId, state: MessageState) -> Message:
    message = store.lock(tx, message_id=message_id)
    if message is None:
        raise errors.NotFound(f"There is no message {message_id}.")
    states.transition(model.MESSAGE_MOVES, message.state, state, thing=f"Message {message_id}")
    return message


def sending(tx: WriteTx, *, message_id: MessageId) -> None:
    """It is about to be handed over; whoever finds it so later knows that it may have gone."""
    _enter(tx, message_id, MessageState.SENDING)
    store.update(tx, message_id=message_id, state=MessageState.SENDING)


def sent(tx: WriteTx, *, message_id: MessageId, provider_id: str, at: datetime) -> None:
    """It was handed over."""
    message = _enter(tx, message_id, MessageState.SENT)
    store.update_sent(tx, message_id=message_id, provider_id=provider_id, at=at)
    events.append(tx, [facts.Sent(message.order_id, message_id, message.template)], at=at)


def not_sent(tx: WriteTx, *, message_id: MessageId, error: str) -> None:
    """It certainly did not go: it will be tried again."""
    _enter(tx, message_id, MessageState.REQUESTED)
    store.update(tx, message_id=message_id, state=MessageState.REQUESTED, error=error)


def failed(tx: WriteTx, *, message_id: MessageId, error: str) -> None:
    """It will never go like this."""
    _enter(tx, message_id, MessageState.FAILED)
    store.update(tx, message_id=message_id, state=MessageState.FAILED, error=error)


def mark_in_doubt(tx: WriteTx, *, message_id: MessageId, error: str, at: datetime) -> None:
    """It may have gone: it is not sent again unless a person says so."""
    message = _enter(tx, message_id, MessageState.IN_DOUBT)
    store.update(tx, message_id=message_id, state=MessageState.IN_DOUBT, error=error)
    events.append(tx, [facts.InDoubt(message.order_id, message_id, message.template)], at=at)
