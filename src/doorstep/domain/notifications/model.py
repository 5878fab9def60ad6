"""Messages to customers: one per event, template and medium."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from doorstep.kernel.ids import MessageId


class MessageState(StrEnum):
    """A message is an intent first; if its outcome is unknown it is not sent twice."""

    REQUESTED = "requested"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


MESSAGE_MOVES: dict[MessageState, frozenset[MessageState]] = {
    MessageState.REQUESTED: frozenset({MessageState.SENDING, MessageState.FAILED}),
    MessageState.SENDING: frozenset(
        {MessageState.SENT, MessageState.REQUESTED, MessageState.FAILED, MessageState.IN_DOUBT}
    ),
    MessageState.IN_DOUBT: frozenset({MessageState.REQUESTED, MessageState.SENT}),
    MessageState.FAILED: frozenset({MessageState.REQUESTED, MessageState.SENDING}),
    MessageState.SENT: frozenset(),
}


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """An e-mail ready to send: `reference` is ours, unique, and the left half of the Message-ID."""

    message_id: MessageId
    reference: str
    to: str
    to_name: str
    subject: str
    text: str
    html: str
