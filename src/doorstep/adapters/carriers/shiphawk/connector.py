"""Implement ShipHawk: book the best rate once under our reference; read status events."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
from collections.abc import Mapping, Sequence

import pydantic

from doorstep.adapters.carriers.shiphawk import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors, http, parsing, secrets
from doorstep.kernel.http import signatures

_NUMBERING_SECONDS = 30.0


class Settings(pydantic.BaseModel):
    """One ShipHawk account."""

    base_url: str = pydantic.Field(default="https://shiphawk.com/api/v4", description="Address of the API.")
    api_key: pydantic.SecretStr = pydantic.Field(description="API key of the environment.")
    choose: wire.Choice = pydantic.Field(
        default="cheapest", description="Which rate to book: cheapest or fastest."
    )
    webhook_username: str = pydantic.Field(description="User name that ShipHawk presents with every event.")
    webhook_password: secrets.VerifyingSecret = pydantic.Field(description="Password for that user name.")


class Shiphawk:
    """Satisfies connections.ports.Inbound and shipping.ports.Carrier."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        credentials = f"{settings.webhook_username}:{settings.webhook_password.get_secret_value()}"
        self._authorization = f"Basic {base64.b64encode(credentials.encode()).decode()}"
        self._client = client.Client(session, api_key=settings.api_key.get_secret_value())
        self._choose = settings.choose

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """ShipHawk offers only basic authentication: its events are hints, and are read back before money moves."""
        return connections.accepted_if(
            signatures.is_token(self._authorization, request.headers.get("authorization", ""))
        )

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """Events have no id: the same body is the same event."""
        try:
            reported = parsing.read(request.body, wire.Topic)
        except errors.Invalid:
            reported = wire.Topic()  # stored anyway; parsing it creates the dead letter
        sent_at = reported.updated_at if reported.updated_at and reported.updated_at.tzinfo else None
        return connections.Envelope(
            event_id=hashlib.sha256(request.body).hexdigest(), topic=reported.event, sent_at=sent_at
        )

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse status updates and ignore other events. Raises Invalid for a body without an event."""
        if topic == "shipment.status_update":
            return (wire.parse(body),)
        parsing.read(body, wire.Topic)
        return ()

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Search for a shipment that does not exist."""
        self._client.shipments("doorstep-check")
        return ()

    def buy_label(self, request: shipping.LabelRequest) -> shipping.Label:
        """Compare rates, book the chosen one, download its label."""
        rate = self._rate(request)
        try:
            shipment = self._client.book(wire.booking(request, rate))
        except http.Rejected:  # a rate expires after two hours: a refusal may only mean that it is expired
            shipment = self._client.book(wire.booking(request, self._rate(request)))
        try:
            return self._labelled(shipment, request)
        except errors.DoorstepError as problem:
            raise http.Unanswered(
                f"The shipment is booked, but its answer could not be read completely: {problem.message}",
                maybe_done=True,
                retry_after_seconds=_NUMBERING_SECONDS,
                external_id=str(shipment.id),
            ) from problem

    def _rate(self, request: shipping.LabelRequest) -> wire.Rate:
        """Choose one of the current rates."""
        rate = wire.choose(self._client.rates(wire.rate_request(request)), self._choose)
        if rate is None:
            raise http.Rejected("No carrier offers a rate for this parcel.", reference=request.reference)
        return rate

    def find_label(self, request: shipping.LabelRequest) -> shipping.Label | None:
        """Search the account's shipments for our reference."""
        shipment = wire.booked(self._client.shipments(request.reference), request.reference)
        return None if shipment is None else self._labelled(shipment, request)

    def void_label(self, label: shipping.Label) -> None:
        """Cancel the shipment. A refusal is accepted if it is already canceled."""
        try:
            self._client.cancel(label.external_id)
        except http.Rejected:
            if not wire.is_canceled(self._client.shipment(label.external_id)):
                raise

    def track(self, *, tracking_number: str, external_id: str) -> shipping.TrackingSnapshot:
        """Read the shipment's history, by ShipHawk's id."""
        tracking = self._client.tracking(external_id)
        try:
            return wire.tracked(tracking, external_id=external_id)
        except errors.Invalid as problem:
            raise http.Unanswered(
                f"The answer has an unexpected shape: {problem.message}", maybe_done=False
            ) from problem

    def _labelled(self, shipment: wire.Shipment, request: shipping.LabelRequest) -> shipping.Label:
        label = wire.label(shipment, currency=request.currency)
        if label is None:
            raise http.Unanswered(
                "ShipHawk has booked the shipment, but the carrier has not assigned a tracking number yet.",
                maybe_done=True,
                retry_after_seconds=_NUMBERING_SECONDS,
            )
        return dataclasses.replace(label, pdf=self._client.label_pdf(label.external_id))


CONNECTOR = connections.Connector(
    id="shiphawk",
    kind=connections.Kind.CARRIERS,
    label="ShipHawk",
    settings=Settings,
    connect=Shiphawk,
    vendor=connections.Vendor(
        connections.Maturity.BETA,
        "A partner server; shapes of the published documentation.",
        "https://docs.shiphawk.com",
        countries=("US",),
    ),
    features=frozenset({"inbound", "test", "label", "void", "track"}),
)
