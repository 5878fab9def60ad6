"""Implement the sandbox carrier: labels out, tracking in, all in memory."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import pydantic

from doorstep.adapters.carriers.sandbox import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import http


class Settings(pydantic.BaseModel):
    """One carrier account in memory."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )
    webhook_token: pydantic.SecretStr = pydantic.Field(description="Token that is sent with every webhook.")


class Sandbox:
    """Satisfies connections.ports.Inbound and shipping.ports.Carrier."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._webhook_token = settings.webhook_token.get_secret_value().encode()
        self.client = client.Client(session)

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Compare the shared token in constant time."""
        return hmac.compare_digest(self._webhook_token, headers.get("x-api-key", "").encode())

    def envelope(self, headers: Mapping[str, str], body: bytes) -> connections.Envelope:
        """Webhooks have no id: the same body is the same message."""
        return connections.Envelope(event_id=hashlib.sha256(body).hexdigest(), topic="tracking")

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse the scans of one parcel."""
        return (wire.parse(body),)

    def buy_label(self, request: shipping.LabelRequest) -> shipping.Label:
        """Buy one label per reference."""
        return self.client.buy(request)

    def find_label(self, request: shipping.LabelRequest) -> shipping.Label | None:
        """Find the label bought earlier under the reference."""
        return self.client.find(request.reference)

    def void_label(self, label: shipping.Label) -> None:
        """Void a label. Repeating it changes nothing."""
        self.client.void(label.external_id)

    def track(self, *, tracking_number: str, external_id: str) -> shipping.TrackingSnapshot:
        """Read all scans of a parcel."""
        scans = self.client.track(tracking_number)
        return shipping.TrackingSnapshot(
            scans=scans, tracking_number=tracking_number, external_id=external_id
        )


CONNECTOR = connections.Connector(
    id="sandbox",
    kind=connections.Kind.CARRIERS,
    label="Sandbox carrier",
    settings=Settings,
    connect=Sandbox,
    features=frozenset({"inbound", "label", "return_pickup", "void", "track"}),
)
