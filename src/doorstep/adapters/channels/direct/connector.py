"""Implement the direct channel: clients send orders in our format and read their state from our API."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pydantic

from doorstep.adapters.channels.direct import wire
from doorstep.domain.connections import model as connections
from doorstep.kernel import http, secrets
from doorstep.kernel.http import signatures

TOPIC = "orders"


class Settings(pydantic.BaseModel):
    """One source of orders: a POS, a B2B portal, a migration."""

    webhook_secret: secrets.VerifyingSecret = pydantic.Field(
        description="Secret that signs /hooks/{key}: hexadecimal HMAC-SHA256 of the body in X-Doorstep-Signature."
    )


class Direct:
    """Satisfies connections.ports.Inbound. There is no system to call: the client reads the order from our API."""

    def __init__(self, settings: Settings, _session: http.Session) -> None:
        self._secret = settings.webhook_secret.get_secret_value()

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Check the HMAC-SHA256 of the raw body in hexadecimal, in constant time."""
        expected = signatures.hexadecimal(self._secret, request.body)
        reported = request.headers.get("x-doorstep-signature", "")
        return connections.accepted_if(signatures.is_genuine(self._secret, expected, reported))

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """The order's id and version; a digest if they are missing."""
        return connections.Envelope(
            event_id=wire.event_id(request.body) or hashlib.sha256(request.body).hexdigest(), topic=TOPIC
        )

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse the order."""
        return (wire.parse(body),)


CONNECTOR = connections.Connector(
    id="direct",
    kind=connections.Kind.CHANNELS,
    label="Direct (API, files, POS)",
    settings=Settings,
    connect=Direct,
    vendor=connections.Vendor(
        connections.Maturity.REFERENCE, "Our own format: JSON Schema in the API reference."
    ),
    features=frozenset({"inbound"}),
)
