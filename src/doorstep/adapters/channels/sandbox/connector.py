"""Implement the sandbox channel: signed events in, updates out, all in memory."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import pydantic

from doorstep.adapters.channels.sandbox import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.orders import ports
from doorstep.kernel import errors, http, parsing


class Settings(pydantic.BaseModel):
    """One shop in memory."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )
    webhook_secret: pydantic.SecretStr = pydantic.Field(description="Secret that signs the events.")


class Sandbox:
    """Satisfies connections.ports.Inbound and orders.ports.SalesChannel."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._webhook_secret = settings.webhook_secret.get_secret_value().encode()
        self.client = client.Client(session)

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Check the HMAC-SHA256 of the raw body in hexadecimal, in constant time."""
        signature = hmac.new(self._webhook_secret, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature.encode(), headers.get("x-signature", "").encode())

    def envelope(self, headers: Mapping[str, str], body: bytes) -> connections.Envelope:
        """The event's own id; a digest if it is missing."""
        try:
            reported = parsing.read(body, wire.Header)
        except errors.Invalid:
            reported = wire.Header()  # stored anyway; parsing it creates the dead letter
        return connections.Envelope(
            event_id=reported.id or hashlib.sha256(body).hexdigest(),
            topic=reported.topic,
            sent_at=reported.sent_at,
        )

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse orders, payments and returns."""
        return wire.parse(topic, body)

    def confirm_shipment(self, notice: ports.ShipmentNotice) -> str:
        """Report a shipment, unless the shop already has it."""
        return self.client.find_shipment(notice.tracking_number) or self.client.create_shipment(notice)

    def report_delivery(self, notice: ports.DeliveryNotice) -> str:
        """Report a delivery. Repeating it changes nothing."""
        return self.client.deliver(notice)

    def approve_return(self, *, return_external_id: str) -> str:
        """Approve a return. Repeating it changes nothing."""
        return self.client.approve_return(return_external_id)

    def report_return(self, notice: ports.ReturnNotice) -> str:
        """Report a completed return. Repeating it changes nothing."""
        return self.client.finish_return(notice)


CONNECTOR = connections.Connector(
    id="sandbox",
    kind=connections.Kind.CHANNELS,
    label="Sandbox channel",
    settings=Settings,
    connect=Sandbox,
    features=frozenset({"inbound", "confirm_shipment", "report_delivery", "approve_return", "report_return"}),
)
