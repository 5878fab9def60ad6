"""Implement the sandbox warehouse: orders out, reports in, all in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pydantic

from doorstep.adapters.warehouses.sandbox import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.fulfillment.model import warehouse
from doorstep.kernel import http, secrets
from doorstep.kernel.http import signatures


class Settings(pydantic.BaseModel):
    """One warehouse in memory."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )
    webhook_secret: secrets.VerifyingSecret = pydantic.Field(description="Secret that signs the messages.")


class Sandbox:
    """Satisfies connections.ports.Inbound and fulfillment.ports.Warehouse."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._webhook_secret = settings.webhook_secret.get_secret_value()
        self.client = client.Client(session)

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Check the HMAC-SHA256 of the raw body in hexadecimal."""
        expected = signatures.hexadecimal(self._webhook_secret, request.body)
        reported = request.headers.get("x-signature", "")
        return connections.accepted_if(signatures.is_genuine(self._webhook_secret, expected, reported))

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """Messages have no id: the same body is the same message. The topic is a header."""
        event_id = hashlib.sha256(request.body).hexdigest()
        return connections.Envelope(event_id=event_id, topic=request.headers.get("x-topic", ""))

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse a report."""
        return wire.parse(topic, body)

    def send(self, request: warehouse.FulfillmentRequest) -> str:
        """Send an order, once per reference."""
        return self.client.send(request)

    def cancel(self, *, reference: str, external_ref: str) -> warehouse.CancelAnswer:
        """Ask to stop an order."""
        is_stopped = self.client.cancel(reference)
        return warehouse.CancelAnswer.ACCEPTED if is_stopped else warehouse.CancelAnswer.TOO_LATE


CONNECTOR = connections.Connector(
    id="sandbox",
    kind=connections.Kind.WAREHOUSES,
    label="Sandbox warehouse",
    settings=Settings,
    connect=Sandbox,
    vendor=connections.Vendor(connections.Maturity.REFERENCE, "In memory."),
    features=frozenset({"inbound", "fulfill", "cancel"}),
)
