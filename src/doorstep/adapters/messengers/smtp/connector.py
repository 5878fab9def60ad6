"""Implement e-mail by SMTP: mail to customers through the shop's own relay."""

from __future__ import annotations

from datetime import UTC, datetime

import pydantic

from doorstep.adapters.messengers.smtp import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.notifications import model as notifications
from doorstep.kernel import http


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
        return f"smtp://{self.host}:{self.port}"


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

    def send(self, message: notifications.OutgoingMessage) -> str:
        """Send one mail; returns its Message-ID."""
        mail = wire.mail(
            message,
            sender=self._settings.sender,
            sender_name=self._settings.sender_name,
            sent_at=datetime.now(UTC),
        )
        if self._session.mode == "off":
            raise http.SwitchedOff(f"{self._session.name} is switched off.", connection=self._session.name)
        if self._session.mode == "shadow":
            raise http.Shadowed(
                f"{self._session.name} is in shadow mode: the mail was not sent.",
                connection=self._session.name,
                subject=message.subject,
            )
        client.deliver(self._relay, mail, sender=self._settings.sender, recipient=message.to)
        return str(mail["Message-ID"])


CONNECTOR = connections.Connector(
    id="smtp",
    kind=connections.Kind.MESSENGERS,
    label="Mail (SMTP)",
    settings=Settings,
    connect=Smtp,
    features=frozenset({"send"}),
)
