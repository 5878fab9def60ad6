"""Implement the sandbox messenger: it stores the messages it sends."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager

import pydantic

from doorstep.adapters.messengers.sandbox import client
from doorstep.domain.connections import model as connections
from doorstep.domain.notifications import model as notifications
from doorstep.domain.notifications import ports as notification_ports
from doorstep.kernel import http


class Settings(pydantic.BaseModel):
    """One mailbox."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )


class Sandbox:
    """Satisfies notifications.ports.Messenger."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self.client = client.Client(session)

    def terms(self) -> notifications.Terms:
        """Every message, to everybody with an address."""
        return notifications.Terms()

    def open(self) -> AbstractContextManager[notification_ports.Mailing]:
        """Every message is handed over by itself."""
        return contextlib.nullcontext(self.client)


CONNECTOR = connections.Connector(
    id="sandbox",
    kind=connections.Kind.MESSENGERS,
    label="Sandbox messages",
    settings=Settings,
    connect=Sandbox,
    medium=connections.Medium.EMAIL,
    vendor=connections.Vendor(connections.Maturity.REFERENCE, "In memory."),
    features=frozenset({"send"}),
)
