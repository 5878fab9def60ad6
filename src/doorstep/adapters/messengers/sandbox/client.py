"""A mailbox in memory. A real client sends messages over a network."""

from __future__ import annotations

from doorstep.adapters.messengers.sandbox import wire
from doorstep.domain.notifications import model as notifications
from doorstep.kernel import http
from doorstep.kernel.http import fake_partner


class Client:
    """Messages in order of arrival, one per id."""

    def __init__(self, session: http.Session) -> None:
        self.partner = fake_partner.Partner(session)
        self.messages: dict[str, notifications.OutgoingMessage] = {}

    def send(self, message: notifications.OutgoingMessage) -> str:
        """Store a message."""

        def work() -> str:
            identifier = wire.message_id(message)
            self.messages.setdefault(identifier, message)
            return identifier

        return self.partner.call(work)
