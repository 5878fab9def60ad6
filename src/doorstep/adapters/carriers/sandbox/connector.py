"""Implement the sandbox carrier: labels out, tracking in, all in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pydantic

from doorstep.adapters.carriers.sandbox import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import http, secrets
from doorstep.kernel.http import signatures
from doorstep.kernel.results import Done, Failed, Pending

_CHECK_AFTER = timedelta(minutes=1)


class Settings(pydantic.BaseModel):
    """One carrier account in memory."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )
    webhook_token: secrets.VerifyingSecret = pydantic.Field(
        description="Token that is sent with every webhook."
    )


class Sandbox:
    """Satisfies connections.ports.Inbound, shipping.ports.Carrier and results.Followed."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._webhook_token = settings.webhook_token.get_secret_value()
        self.client = client.Client(session)

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Compare the shared token in constant time."""
        return connections.accepted_if(
            signatures.is_token(self._webhook_token, request.headers.get("x-api-key", ""))
        )

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """Webhooks have no id: the same body is the same message."""
        return connections.Envelope(event_id=hashlib.sha256(request.body).hexdigest(), topic="tracking")

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse the scans of one parcel."""
        return (wire.parse(body),)

    def buy_label(self, request: shipping.LabelRequest) -> shipping.Label | Pending:
        """Buy one label per reference."""
        if self.client.finishes_later:
            return Pending(self.client.submit(request), _CHECK_AFTER)
        return self.client.buy(request)

    def check(self, handle: str) -> Done | Failed | Pending:
        """Whether a label has been made."""
        return Done(handle) if self.client.finished(handle) else Pending(handle, _CHECK_AFTER)

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
    vendor=connections.Vendor(connections.Maturity.REFERENCE, "In memory."),
    features=frozenset({"inbound", "label", "return_pickup", "void", "track"}),
)
