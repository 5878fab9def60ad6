"""Derive the sandbox messenger's message id from our reference."""

from __future__ import annotations

from doorstep.domain.notifications import model as notifications


def message_id(message: notifications.OutgoingMessage) -> str:
    """The same reference always gives the same id."""
    return f"<{message.reference}@sandbox.invalid>"
