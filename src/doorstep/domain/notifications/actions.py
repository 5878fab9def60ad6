"""Verbs of messages: prepared once per event, sent at most once; receipts and choices of customers, each once."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from doorstep.domain.notifications import events, model
from doorstep.domain.notifications.model import (
    EMAIL,
    ContactChoice,
    CustomerText,
    DeliveryReceipt,
    MessageState,
    ReceiptState,
)
from doorstep.domain.notifications.store import messages as store
from doorstep.domain.notifications.store import replies
from doorstep.domain.notifications.store.messages import Draft, Message
from doorstep.kernel import errors, event_log, states
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import MessageId, OrderId

__all__ = ["Draft", "Message"]


def prepare(tx: WriteTx, *, drafts: Sequence[Draft], at: datetime) -> list[Message]:
    """Store messages for events, each once; returns them as stored, in the given order (some may have been sent before)."""
    store.insert(tx, drafts, at=at)
    found = {each.key: each for each in store.lock_by_events(tx, drafts)}
    return [found[draft.key] for draft in drafts]


def _enter(tx: WriteTx, message_ids: Collection[MessageId], state: MessageState) -> dict[MessageId, Message]:
    """Lock these messages and check that each may enter this state. Raises NotFound, IllegalMove."""
    found = {message.id: message for message in store.lock(tx, message_ids=sorted(message_ids))}
    for message_id in message_ids:
        if message_id not in found:
            raise errors.NotFound(f"There is no message {message_id}.")
        states.transition(model.MESSAGE_MOVES, found[message_id].state, state, thing=f"Message {message_id}")
    return found


def sending(tx: WriteTx, *, message_ids: Collection[MessageId]) -> None:
    """Mark messages as being sent; if the process dies now, they are in doubt."""
    _enter(tx, message_ids, MessageState.SENDING)
    store.update(tx, dict.fromkeys(message_ids, ""), state=MessageState.SENDING)


def request(tx: WriteTx, *, drafts: Sequence[Draft], at: datetime) -> None:
    """Store messages by other media than e-mail, each once per event: what sends them follows from the event."""
    new = store.insert(tx, drafts, at=at)
    reported = [
        events.Requested(OrderId(each.order_id), each.id, each.template, each.medium)
        for each in store.lock(tx, message_ids=sorted(new))
    ]
    event_log.append(tx, reported, at=at)


def lock(tx: WriteTx, *, message_ids: Collection[MessageId]) -> list[Message]:
    """These messages, locked. The caller has locked their orders."""
    return store.lock(tx, message_ids=sorted(message_ids))


def sent(tx: WriteTx, *, provider_ids: Mapping[MessageId, str], at: datetime) -> None:
    """Mark messages as sent, each with the provider's id. The caller has locked their orders."""
    found = _enter(tx, provider_ids.keys(), MessageState.SENT)
    store.update_sent(tx, provider_ids, at=at)
    event_log.append(
        tx,
        [
            events.Sent(found[each].order_id, each, found[each].template, found[each].medium)
            for each in provider_ids
        ],
        at=at,
    )
    if any(each.medium != EMAIL for each in found.values()):
        _adopt(tx, list(provider_ids), at=at)


def _adopt(tx: WriteTx, message_ids: Sequence[MessageId], *, at: datetime) -> None:
    """Apply the receipts that came before the vendor's ids of these messages were stored."""
    early = replies.adopt_receipts(tx, message_ids=message_ids)
    for each in sorted(early, key=lambda receipt: receipt.at):
        (message,) = store.lock(tx, message_ids=[each.message_id or 0])
        _apply(
            tx,
            message,
            DeliveryReceipt(each.provider_id, ReceiptState(each.state), each.at, "", each.reason),
            at=at,
        )


def not_sent(tx: WriteTx, *, errors_of: Mapping[MessageId, str]) -> None:
    """These messages were certainly not sent: retry."""
    _enter(tx, errors_of.keys(), MessageState.REQUESTED)
    store.update(tx, errors_of, state=MessageState.REQUESTED)


def failed(tx: WriteTx, *, errors_of: Mapping[MessageId, str], at: datetime) -> None:
    """These messages can never be sent like this."""
    found = _enter(tx, errors_of.keys(), MessageState.FAILED)
    store.update(tx, errors_of, state=MessageState.FAILED)
    event_log.append(
        tx,
        [_failed(found[each], reason) for each, reason in errors_of.items() if found[each].medium != EMAIL],
        at=at,
    )


def _failed(message: Message, reason: str) -> events.Failed:
    return events.Failed(message.order_id, message.id, message.template, message.medium, reason)


def mark_in_doubt(tx: WriteTx, *, errors_of: Mapping[MessageId, str], at: datetime) -> None:
    """These messages may have been sent: they are not sent again unless a person decides so.

    Those of which the vendor has reported meanwhile are not in doubt: they were sent.
    """
    found = _enter(tx, errors_of.keys(), MessageState.IN_DOUBT)
    reported = {each.id: each.provider_id for each in found.values() if each.receipt}
    doubtful = {each: error for each, error in errors_of.items() if each not in reported}
    if reported:
        sent(tx, provider_ids=reported, at=at)
    store.update(tx, doubtful, state=MessageState.IN_DOUBT)
    event_log.append(
        tx,
        [
            events.InDoubt(found[each].order_id, each, found[each].template, found[each].medium)
            for each in doubtful
        ],
        at=at,
    )


def withhold(tx: WriteTx, *, messages: Sequence[Message], reason: str, at: datetime) -> set[MessageId]:
    """Do not send messages to customers who want none any more; returns which. E-mail is not asked about."""
    asked = [(each.connection_id, each.recipient) for each in messages if each.medium != EMAIL]
    refusing = replies.select_opted_out(tx, addresses=asked) if asked else set()
    held = {each.id: reason for each in messages if (each.connection_id, each.recipient) in refusing}
    fresh = {each.id for each in messages if each.state is not MessageState.FAILED}
    if held:
        failed(tx, errors_of={each: why for each, why in held.items() if each in fresh}, at=at)
    return set(held)


def record_receipt(tx: WriteTx, *, connection_id: int, seen: DeliveryReceipt, now: datetime) -> None:
    """Apply what a vendor reports about a message, once. The caller has locked the order, if there is one.

    One about a message that we do not know is kept and shown. A message in doubt was sent, or will never be.
    """
    message = store.lock_for_receipt(
        tx,
        connection_id=connection_id,
        provider_id=seen.provider_id,
        message_id=model.message_of(seen.reference),
    )
    message_id = None if message is None else message.id
    if (
        replies.insert_receipt(tx, seen, connection_id=connection_id, message_id=message_id, now=now)
        and message
    ):
        _apply(tx, message, seen, at=now)


def _apply(tx: WriteTx, message: Message, seen: DeliveryReceipt, *, at: datetime) -> None:
    if not model.is_further(seen.state, message.receipt):
        return
    replies.update_receipt(tx, seen, message_id=message.id)
    undecided = message.state in {MessageState.IN_DOUBT, MessageState.REQUESTED}
    if undecided and seen.state.arrived:
        sent(tx, provider_ids={message.id: seen.provider_id}, at=at)
    elif undecided:
        failed(tx, errors_of={message.id: seen.reason}, at=at)
    elif not seen.state.arrived:
        event_log.append(tx, [_failed(message, seen.reason)], at=at)
    if seen.state.arrived:
        reported = events.Received(message.order_id, message.id, message.template, message.medium, seen.state)
        event_log.append(tx, [reported], at=at)


def record_text(
    tx: WriteTx, *, connection_id: int, seen: CustomerText, order_id: OrderId | None, now: datetime
) -> None:
    """Keep what a customer wrote, once, at the order it is probably about (locked by the caller)."""
    new = replies.insert_text(tx, seen, connection_id=connection_id, order_id=order_id)
    if new and order_id is not None:
        event_log.append(tx, [events.CustomerWrote(order_id, new[0])], at=now)
    if seen.opts_out:
        choice = ContactChoice(seen.address, is_opted_out=True, at=seen.at, source="text")
        record_choice(tx, connection_id=connection_id, choice=choice, order_id=order_id, now=now)


def record_choice(
    tx: WriteTx, *, connection_id: int, choice: ContactChoice, order_id: OrderId | None, now: datetime
) -> bool:
    """A customer wants no messages of a connection any more, or wants them again; whether that is new."""
    known = replies.lock_choice(tx, connection_id=connection_id, address=choice.address)
    if known is not None and known.changed_at >= choice.at:
        return False
    replies.upsert_choice(tx, choice, connection_id=connection_id, by=tx.actor)
    changed = choice.is_opted_out != (known is not None and known.is_opted_out)
    if changed and order_id is not None:
        kind = events.OptedOut if choice.is_opted_out else events.OptedIn
        event_log.append(tx, [kind(order_id, connection_id, choice.source)], at=now)
    return changed


def handle_texts(tx: WriteTx, *, order_id: OrderId, at: datetime) -> int:
    """A person has read and answered what the customer of an order wrote; how many texts that were."""
    return replies.update_handled(tx, order_id=order_id, by=tx.actor, at=at)
