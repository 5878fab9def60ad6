"""Implement e-mail by SMTP: mail to customers through the shop's own relay."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pydantic

from doorstep.adapters.messengers.smtp import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.notifications import model as notifications
from doorstep.domain.notifications import ports as notification_ports
from doorstep.kernel import http, transactions


class Settings(pydantic.BaseModel):
    """One relay and the sender address."""

    host: str = pydantic.Field(description="Name of the mail relay.")
    port: int = pydantic.Field(
        default=587, description="Port: 587 for STARTTLS, 465 for TLS.", ge=1, le=65535
    )
    security: client.Security = pydantic.Field(
        default="starttls", description="starttls, tls, or plain (only for a relay on this machine)."
    )
    username: str = pydantic.Field(
        default="", description="User name; empty for a relay without authentication."
    )
    password: pydantic.SecretStr = pydantic.Field(default=pydantic.SecretStr(""), description="Password.")
    sender: str = pydantic.Field(description="Sender address.")
    sender_name: str = pydantic.Field(default="", description="Sender name.")

    @property
    def base_url(self) -> str:
        """The relay as a URL, for logs and the connection's mode."""
        scheme = "smtp" if self.security == "plain" else "smtps"
        return f"{scheme}://{self.host}:{self.port}"


class Smtp:
    """Satisfies notifications.ports.Messenger."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._session = session  # mail is not HTTP, but the connection's mode applies to it too
        self._settings = settings
        self._relay = client.Relay(
            host=settings.host,
            port=settings.port,
            security=settings.security,
            username=settings.username,
            password=settings.password.get_secret_value(),
        )

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Sign in at the relay, without sending a mail."""
        conversation = client.Conversation(self._relay)
        try:
            conversation.sign_in()
        finally:
            conversation.close()
        return ()

    def terms(self) -> notifications.Terms:
        """Every message, to everybody with an address."""
        return notifications.Terms()

    @contextlib.contextmanager
    def open(self) -> Iterator[notification_ports.Mailing]:
        """Begin to hand over mails, several over one connection."""
        conversation = client.Conversation(self._relay)
        try:
            yield _Mailing(self._settings, self._session, conversation)
        finally:
            conversation.close()


@dataclass(frozen=True, slots=True)
class _Mailing:
    """Satisfies notifications.ports.Mailing."""

    settings: Settings
    session: http.Session
    conversation: client.Conversation

    def send(self, message: notifications.OutgoingMessage) -> str:
        """Send one mail; returns its Message-ID."""
        transactions.refuse_in_transaction(self.session.name)
        sender = self.settings.sender
        mail = wire.mail(
            message, sender=sender, sender_name=self.settings.sender_name, sent_at=datetime.now(UTC)
        )
        if self.session.mode == "off":
            raise http.SwitchedOff(f"{self.session.name} is switched off.", connection=self.session.name)
        if self.session.mode == "shadow":
            raise http.Shadowed(
                f"{self.session.name} is in shadow mode: the mail was not sent.",
                connection=self.session.name,
                subject=message.subject,
            )
        self.conversation.deliver(mail, sender=sender, recipient=message.to)
        return wire.message_id(message.reference, sender.rpartition("@")[2])


CONNECTOR = connections.Connector(
    id="smtp",
    kind=connections.Kind.MESSENGERS,
    label="Mail (SMTP)",
    settings=Settings,
    connect=Smtp,
    medium=connections.Medium.EMAIL,
    vendor=connections.Vendor(
        connections.Maturity.STABLE,
        "A real SMTP server in the tests, with faults at every step.",
        "https://www.rfc-editor.org/rfc/rfc5321",
    ),
    features=frozenset({"send", "test"}),
)
