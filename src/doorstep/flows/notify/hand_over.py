"""Hand messages over, a few at a time; if the outcome of one is unknown, a person decides.

A few messages are marked as being sent, handed over one after the other with no transaction open, and recorded together
with the mark of the next few: a process that dies leaves only those in doubt.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field

from doorstep.domain.notifications import actions as notifications
from doorstep.domain.notifications.actions import Message
from doorstep.domain.notifications.model import MessageState, OutgoingMessage, Undeliverable, reference_of
from doorstep.domain.notifications.ports import Mailing
from doorstep.domain.orders import actions as orders
from doorstep.flows.context import BatchResult, Context, SecondsLeft, no_batch_record
from doorstep.kernel import errors, http
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import MessageId, OrderId
from doorstep.kernel.jobs import Delivery

_AT_ONCE = 25
_DIED = "The sending process stopped: the message may have been sent."
_OPTED_OUT = "The customer wants no messages by this medium."


@dataclass(frozen=True, slots=True)
class Prepared:
    """A delivery, by its id, and the message that is to be sent for it."""

    id: int
    message: Message


@dataclass(slots=True)
class _Outcomes:
    """What became of the messages that were handed over since the last record."""

    orders: set[OrderId] = field(default_factory=set)
    sent: dict[MessageId, str] = field(default_factory=dict)
    doubtful: dict[MessageId, str] = field(default_factory=dict)
    not_sent: dict[MessageId, str] = field(default_factory=dict)
    failed: dict[MessageId, str] = field(default_factory=dict)


def mark_abandoned(context: Context, tx: WriteTx, messages: Sequence[Message]) -> None:
    """Messages whose sender died are in doubt."""
    abandoned = {each.id: _DIED for each in messages if each.state is MessageState.SENDING}
    if abandoned:
        notifications.mark_in_doubt(tx, errors_of=abandoned, at=context.clock.now())


def send_all(
    context: Context, deliveries: Sequence[Delivery], prepared: Sequence[Prepared], seconds_left: SecondsLeft
) -> BatchResult:
    """Hand prepared messages over, by connection; deliveries without one are done."""
    failed: dict[int, Exception] = {}
    waiting = {each.id for each in prepared}
    by_connection: dict[int, list[Prepared]] = {}
    for each in prepared:
        by_connection.setdefault(each.message.connection_id, []).append(each)
    for connection_id, group in by_connection.items():
        with context.partners.messenger(connection_id).open() as mailing:
            waiting -= send(context, mailing, group, seconds_left, failed)
    done = [each for each in deliveries if each.id not in waiting and each.id not in failed]
    return BatchResult(done, no_batch_record, failed)


def send(
    context: Context,
    mailing: Mailing,
    group: Sequence[Prepared],
    seconds_left: SecondsLeft,
    failed: dict[int, Exception],
) -> set[int]:
    """Send messages while there is time; returns the deliveries that were tried, and adds those that failed."""
    tried: set[int] = set()
    outcomes = _Outcomes()
    for start in range(0, len(group), _AT_ONCE):
        if seconds_left() <= 0:
            break
        few = group[start : start + _AT_ONCE]
        record = functools.partial(_record, context, outcomes, few)
        withheld = context.db.transact(record, actor="system")
        outcomes = _Outcomes()
        for each in few:
            if each.message.id in withheld:
                continue
            problem = _send_one(mailing, each.message, outcomes)
            if problem is not None:
                failed[each.id] = problem
        tried |= {each.id for each in few}
    context.db.transact(functools.partial(_record, context, outcomes, ()), actor="system")
    return tried


def _send_one(mailing: Mailing, message: Message, outcomes: _Outcomes) -> Exception | None:
    """Hand one message over; returns its problem if it is to be tried again, or never can be sent."""
    outgoing = OutgoingMessage(
        message_id=message.id,
        reference=reference_of(message.id, message.medium),
        to=message.recipient,
        to_name=message.name,
        subject=message.subject,
        text=message.body_text,
        html=message.body_html,
        template=message.template,
        variables=message.variables,
    )
    outcomes.orders.add(message.order_id)
    try:
        outcomes.sent[message.id] = mailing.send(outgoing)
    except Undeliverable as problem:
        outcomes.failed[message.id] = str(problem)  # nothing to repair: the customer is written to otherwise
    except errors.DoorstepError as problem:
        if isinstance(problem, errors.Unavailable) and problem.maybe_done:
            outcomes.doubtful[message.id] = str(problem)
            return None
        again = isinstance(problem, errors.Unavailable | http.Shadowed)
        (outcomes.not_sent if again else outcomes.failed)[message.id] = str(problem)
        return problem
    return None


def _record(
    context: Context, outcomes: _Outcomes, following: Sequence[Prepared], tx: WriteTx
) -> set[MessageId]:
    """Record what became of some messages, and mark the following ones as being sent; returns those that are not sent.

    Customers may have opted out since their messages were prepared.
    """
    now = context.clock.now()
    coming = [each.message for each in following]
    orders.lock_all(tx, order_ids=outcomes.orders)
    if outcomes.sent:
        notifications.sent(tx, provider_ids=outcomes.sent, at=now)
    if outcomes.doubtful:
        notifications.mark_in_doubt(tx, errors_of=outcomes.doubtful, at=now)
    if outcomes.not_sent:
        notifications.not_sent(tx, errors_of=outcomes.not_sent)
    if outcomes.failed:
        notifications.failed(tx, errors_of=outcomes.failed, at=now)
    withheld = notifications.withhold(tx, messages=coming, reason=_OPTED_OUT, at=now)
    if sending := [each.id for each in coming if each.id not in withheld]:
        notifications.sending(tx, message_ids=sending)
    return withheld
