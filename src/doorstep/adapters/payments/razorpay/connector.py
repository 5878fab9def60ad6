"""Implement Razorpay: captures and refunds out, signed payment and refund events in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Literal

import pydantic

from doorstep.adapters.payments.razorpay import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.payments import model as payments
from doorstep.kernel import errors, http, parsing, secrets
from doorstep.kernel.http import signatures

_PAYMENT_TOPICS = frozenset({"payment.authorized", "payment.captured", "payment.failed", "order.paid"})
_REFUND_TOPICS = frozenset({"refund.created", "refund.processed", "refund.failed"})
_IN_FLIGHT_SECONDS = 5.0


class Settings(pydantic.BaseModel):
    """One Razorpay account."""

    base_url: str = pydantic.Field(default="https://api.razorpay.com/v1", description="Address of the API.")
    key_id: str = pydantic.Field(description="API key id, as in rzp_live_….")
    key_secret: pydantic.SecretStr = pydantic.Field(description="API key secret.")
    webhook_secret: secrets.VerifyingSecret = pydantic.Field(description="Secret that signs the webhooks.")
    order_reference_note: str = pydantic.Field(
        default="shopify_order_id",
        description="Note of a payment or its order that holds the sales channel's order id.",
    )
    sales_channel: str = pydantic.Field(
        default="",
        description="Key of the sales channel whose orders this account is paid for. Empty: orders of any channel, "
        "found by their id alone.",
    )
    refund_speed: Literal["normal", "optimum"] = pydantic.Field(
        default="normal",
        description="normal: five to seven working days, no fee. optimum: at once where possible.",
    )


class Razorpay:
    """Satisfies connections.ports.Inbound and payments.ports.PaymentGateway."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._settings = settings
        self._webhook_secret = settings.webhook_secret.get_secret_value()
        self._client = client.Client(
            session, key_id=settings.key_id, key_secret=settings.key_secret.get_secret_value()
        )

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Check the HMAC-SHA256 of the raw body in lower-case hexadecimal, in constant time."""
        expected = signatures.hexadecimal(self._webhook_secret, request.body)
        reported = request.headers.get("x-razorpay-signature", "")
        return connections.accepted_if(signatures.is_genuine(self._webhook_secret, expected, reported))

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """Razorpay numbers its events; the body names the kind."""
        try:
            reported = parsing.read(request.body, wire.Topic)
        except errors.Invalid:
            reported = wire.Topic()  # stored anyway; parsing it creates the dead letter
        event = request.headers.get("x-razorpay-event-id") or hashlib.sha256(request.body).hexdigest()
        sent_at = None if reported.created_at is None else wire.instant(reported.created_at)
        return connections.Envelope(event_id=event, topic=reported.event, sent_at=sent_at)

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse payments and refunds, and ignore other events. Raises Invalid for a body without a kind."""
        if topic in _PAYMENT_TOPICS:
            return wire.observe_payment(
                body, order_note=self._settings.order_reference_note, channel=self._settings.sales_channel
            )
        if topic in _REFUND_TOPICS:
            return wire.observe_refund(body)
        parsing.read(body, wire.Event)
        return ()

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """List one payment."""
        self._client.ping()
        return ()

    def payment(self, *, external_id: str) -> payments.PaymentSnapshot:
        """Read one payment."""
        return self._seen(self._client.payment(external_id))

    def capture(self, *, external_id: str, amount_minor: int, currency: str) -> payments.PaymentSnapshot:
        """Capture an authorized payment; Razorpay refuses a second capture, so its state is read first."""
        seen = self._client.payment(external_id)
        if seen.status == "authorized":
            seen = self._client.capture(external_id, amount_minor=amount_minor, currency=currency)
        observed = self._seen(seen)
        if observed.status is not payments.PaymentStatus.CAPTURED:
            raise errors.Refused(f"A payment that is {seen.status} cannot be captured.", status=seen.status)
        return observed

    def refund(self, request: payments.RefundRequest) -> payments.RefundResult:
        """Refund under the request's reference."""
        body = wire.refund_body(request, speed=self._settings.refund_speed)
        try:
            refund = self._client.refund(
                request.payment_external_id, body, key=wire.idempotency_key(request.reference)
            )
        except errors.Conflict as problem:
            raise http.Unanswered(
                "Razorpay is still processing this refund.",
                maybe_done=True,
                retry_after_seconds=_IN_FLIGHT_SECONDS,
            ) from problem
        return _result(refund)

    def find_refund(self, request: payments.RefundRequest) -> payments.RefundResult | None:
        """Search the payment's refunds for our reference."""
        refund = wire.matching(self._client.refunds(request.payment_external_id), request.reference)
        return None if refund is None else _result(refund)

    def _seen(self, payment: wire.Payment) -> payments.PaymentSnapshot:
        reference = wire.note(payment.notes, self._settings.order_reference_note)
        return wire.payment_seen(
            payment,
            at=wire.instant(payment.created_at),
            order_reference=reference,
            channel=self._settings.sales_channel,
        )


def _result(refund: wire.Refund) -> payments.RefundResult:
    try:
        return wire.refund_result(refund)
    except errors.Invalid as problem:
        raise http.Unanswered(
            f"The answer has an unexpected shape: {problem.message}", maybe_done=True
        ) from problem


CONNECTOR = connections.Connector(
    id="razorpay",
    kind=connections.Kind.PAYMENTS,
    label="Razorpay",
    settings=Settings,
    connect=Razorpay,
    vendor=connections.Vendor(
        connections.Maturity.BETA,
        "A partner server that the official Python library drives; the library's own signature vectors.",
        "https://razorpay.com/docs/api",
        countries=("IN",),
    ),
    features=frozenset({"inbound", "test", "payment", "capture", "refund"}),
)
