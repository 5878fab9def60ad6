"""The messenger port."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Protocol

from doorstep.domain.notifications.model import OutgoingMessage, Terms


class Mailing(Protocol):
    """Messages that are handed over one after the other, over one connection as long as it holds.

    Raises Unavailable with maybe_done=False when a message was certainly not sent (it is retried), with
    maybe_done=True when it may have been sent (shown to a person, never repeated), Rejected when it never will be, and
    Undeliverable when this customer cannot be reached.
    What happens to one message says nothing about those before it.
    """

    def send(self, message: OutgoingMessage) -> str:
        """Send one message; returns the provider's id (for SMTP our Message-ID)."""
        ...


class Messenger(Protocol):
    """Sends messages to customers by the medium that its connector declares."""

    def terms(self) -> Terms:
        """Which messages it sends, and to whom; from its settings, without a call."""
        ...

    def open(self) -> AbstractContextManager[Mailing]:
        """Begin to hand over messages; the connection is made with the first one, and again when it breaks."""
        ...
