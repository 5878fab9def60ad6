"""The messenger port."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.notifications.model import OutgoingMessage


class Messenger(Protocol):
    """Sends messages to customers.

    Raises Unavailable with maybe_done=False when the message was certainly not sent (it is retried), with
    maybe_done=True when it may have been sent (shown to a person, never repeated), and Rejected when it never will be.
    """

    def send(self, message: OutgoingMessage) -> str:
        """Send one message; returns the provider's id (for SMTP our Message-ID)."""
        ...
