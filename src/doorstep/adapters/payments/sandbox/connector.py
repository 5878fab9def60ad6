"""Implement the sandbox gateway: captures and refunds out, signed events in, all in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import pydantic

from doorstep.adapters.payments.sandbox import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.payments import model as payments
from doorstep.kernel import errors, http, parsing, secrets
from doorstep.kernel.http import signatures


class Settings(pydantic.BaseModel):
    """One gateway account in memory."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )
    webhook_secret: secrets.VerifyingSecret = pydantic.Field(description="Secret that signs the events.")


class Sandbox:
    """Satisfies connections.ports.Inbound and payments.ports.PaymentGateway."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._webhook_secret = settings.webhook_secret.get_secret_value()
        self.client = client.Client(session)

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Check the HMAC-SHA256 of the raw body in hexadecimal, in constant time."""
        expected = signatures.hexadecimal(self._webhook_secret, request.body)
        reported = request.headers.get("x-signature", "")
        return connections.accepted_if(signatures.is_genuine(self._webhook_secret, expected, reported))

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """The event's own id; a digest if it is missing."""
        try:
            reported = parsing.read(request.body, wire.Header)
        except errors.Invalid:
            reported = wire.Header()  # stored anyway; parsing it creates the dead letter
        return connections.Envelope(
            event_id=reported.id or hashlib.sha256(request.body).hexdigest(), topic=reported.topic
        )

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse payments and refunds."""
        return wire.parse(topic, body)

    def payment(self, *, external_id: str) -> payments.PaymentSnapshot:
        """Read one payment."""
        return self.client.payment(external_id)

    def capture(self, *, external_id: str, amount_minor: int, currency: str) -> payments.PaymentSnapshot:
        """Capture a payment. Repeating it changes nothing."""
        return self.client.capture(external_id)

    def refund(self, request: payments.RefundRequest) -> payments.RefundResult:
        """Pay one refund per reference."""
        return self.client.refund(request)

    def find_refund(self, request: payments.RefundRequest) -> payments.RefundResult | None:
        """Find the refund made earlier under the reference."""
        return self.client.find_refund(request.reference)


CONNECTOR = connections.Connector(
    id="sandbox",
    kind=connections.Kind.PAYMENTS,
    label="Sandbox payments",
    settings=Settings,
    connect=Sandbox,
    vendor=connections.Vendor(connections.Maturity.REFERENCE, "In memory."),
    features=frozenset({"inbound", "payment", "capture", "refund"}),
)
