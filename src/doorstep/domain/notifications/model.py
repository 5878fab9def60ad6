"""Messages to customers: one per event, template and medium; what vendors report about them, and who does not want them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from doorstep.kernel import errors
from doorstep.kernel.ids import MessageId

EMAIL = "email"
_REFERENCE = re.compile(r"DSMSG-([0-9]{1,18})")


class MessageState(StrEnum):
    """A message is an intent first; if its outcome is unknown it is not sent twice."""

    REQUESTED = "requested"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    IN_DOUBT = "in_doubt"


MESSAGE_MOVES: dict[MessageState, frozenset[MessageState]] = {
    MessageState.REQUESTED: frozenset({MessageState.SENDING, MessageState.SENT, MessageState.FAILED}),
    MessageState.SENDING: frozenset(
        {MessageState.SENT, MessageState.REQUESTED, MessageState.FAILED, MessageState.IN_DOUBT}
    ),
    MessageState.IN_DOUBT: frozenset({MessageState.REQUESTED, MessageState.SENT, MessageState.FAILED}),
    MessageState.FAILED: frozenset({MessageState.REQUESTED, MessageState.SENDING}),
    MessageState.SENT: frozenset(),
}


@dataclass(frozen=True, slots=True)
class OutgoingMessage:
    """A message ready to send: `reference` is ours and unique.

    E-mail is sent as it is written here. Other media send a template of the vendor: `template` is our name for the
    message, `variables` are its values by name, and `text` is what people read in its place.
    """

    message_id: MessageId
    reference: str
    to: str
    to_name: str
    subject: str
    text: str
    html: str
    template: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


def reference_of(message_id: MessageId, medium: str) -> str:
    """Our reference of a message: the left half of a Message-ID, or what a vendor sends back with its receipts."""
    return f"{'DSMAIL' if medium == EMAIL else 'DSMSG'}-{message_id:08d}"


def message_of(reference: str) -> MessageId | None:
    """The message of a reference that came back; None if it is not ours."""
    found = _REFERENCE.fullmatch(reference)
    return MessageId(int(found[1])) if found else None


class Undeliverable(errors.Refused):
    """This customer cannot be reached by this medium: nothing to repair, and no sense in a repeat."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a messenger sends, and to whom.

    `templates` are the messages that it sends (None: all). `consent_tag` is the tag that an order has whose customer agreed;
    without one, customers agree at checkout. `instead_of_email`: who is written to by this medium gets no e-mail.
    """

    templates: frozenset[str] | None = None
    consent_tag: str = ""
    instead_of_email: bool = False

    def allow(self, template: str, tags: tuple[str, ...]) -> bool:
        """Whether this message is sent to the customer of an order with these tags."""
        sends = self.templates is None or template in self.templates
        wanted = self.consent_tag.strip().casefold()
        return sends and (not wanted or wanted in {tag.strip().casefold() for tag in tags})


class ReceiptState(StrEnum):
    """What a vendor reports about a message."""

    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    READ = "read"

    @property
    def arrived(self) -> bool:
        """Whether the vendor took the message for good."""
        return self is not ReceiptState.FAILED


_RANK = {state: rank for rank, state in enumerate(("", *ReceiptState))}


def is_further(new: ReceiptState, known: str) -> bool:
    """Whether a receipt says more than the one before: receipts come late and in any order, and never take back."""
    return _RANK[new] > _RANK.get(known, 0)


@dataclass(frozen=True, slots=True)
class DeliveryReceipt:
    """A vendor's report about one message: known by the vendor's id, or by our reference where the vendor returns it."""

    provider_id: str
    state: ReceiptState
    at: datetime
    reference: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CustomerText:
    """What a customer wrote to us. `address` is a phone number in E.164; `opts_out`: it is the word that ends messages."""

    external_id: str
    address: str
    name: str
    text: str
    at: datetime
    opts_out: bool = False


@dataclass(frozen=True, slots=True)
class ContactChoice:
    """A customer wants no messages of this connection any more, or wants them again; `source` says how we know."""

    address: str
    is_opted_out: bool
    at: datetime
    source: str
