"""What notifications need from the outside: somebody who carries messages."""

from __future__ import annotations

from typing import Protocol

from doorstep.domain.notifications.model import OutgoingMessage


class Messenger(Protocol):
    """Carries messages to customers.

    Raises Unavailable with maybe_done=False when the message certainly did not go (it is tried again), with
    maybe_done=True when it may have gone (it is shown to a person, never repeated), and Rejected when it never will.
    """

    def send(self, message: OutgoingMessage) -> str:
        """Hand one message over; returns the provider's id (for SMTP our Message-ID)."""
        ...
