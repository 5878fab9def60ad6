"""Implement Shiprocket: labels and return pickups out, tracking webhooks in."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence

import pydantic

from doorstep.adapters.carriers.shiprocket import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors, http, secrets
from doorstep.kernel.http import signatures
from doorstep.kernel.message import Listed, Message

_TOPIC = "tracking"
_ASSIGNMENT_SECONDS = 30.0


class Settings(pydantic.BaseModel):
    """One Shiprocket account. The nicknames of its pickup locations are our location codes."""

    base_url: str = pydantic.Field(
        default="https://apiv2.shiprocket.in/v1/external", description="Address of the API."
    )
    email: str = pydantic.Field(description="E-mail of the API user (not of the panel's login).")
    password: pydantic.SecretStr = pydantic.Field(description="Password of the API user.")
    webhook_token: secrets.VerifyingSecret = pydantic.Field(
        description="Token that Shiprocket sends in x-api-key with every webhook."
    )


class Shiprocket:
    """Satisfies connections.ports.Inbound and shipping.ports.Carrier."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._webhook_token = settings.webhook_token.get_secret_value()
        self._client = client.Client(
            session, email=settings.email, password=settings.password.get_secret_value()
        )

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Compare the shared token, Shiprocket's only authentication; an empty one is refused."""
        return connections.accepted_if(
            signatures.is_token(self._webhook_token, request.headers.get("x-api-key", ""))
        )

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """Webhooks have no id: the same body is the same message."""
        return connections.Envelope(event_id=hashlib.sha256(request.body).hexdigest(), topic=_TOPIC)

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse the complete history of one parcel, which every webhook repeats."""
        return (wire.parse(body),)

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Name the pickup locations, whose nicknames must be our location codes."""
        names = self._client.pickup_locations().nicknames
        found = Message(
            "Shiprocket has these pickup locations: %(names)s. Their nicknames must be codes of our locations.",
            names=Listed(names),
        )
        none = Message("Add pickup locations at Shiprocket: their nicknames must be codes of our locations.")
        message = found if names else none
        return [connections.CheckFinding(Message("Pickup locations"), is_ok=bool(names), message=message)]

    def buy_label(self, request: shipping.LabelRequest) -> shipping.Label:
        """Create the order, get a tracking number, request the pickup, download the label. Each call may be repeated.

        A return pickup has no label to print: the courier brings it.
        """
        is_return = request.direction is shipping.Direction.INBOUND
        created = self._create(request, is_return=is_return)
        label = self._assigned(created, is_return=is_return)
        if is_return:
            return label
        try:
            return self._ready(label)
        except errors.DoorstepError as problem:
            raise http.Unanswered(
                f"The label is bought, but its pickup or its PDF is missing: {problem.message}",
                maybe_done=True,
                retry_after_seconds=_ASSIGNMENT_SECONDS,
                external_id=label.external_id,
            ) from problem

    def find_label(self, request: shipping.LabelRequest) -> shipping.Label | None:
        """Search for our reference; an order without a tracking number is not a label yet.

        The purchase may have failed after the number was assigned: the missing calls are made now.
        """
        is_return = request.direction is shipping.Direction.INBOUND
        label = wire.listed(self._client.orders(request.reference, is_return=is_return), request.reference)
        return label if label is None or is_return else self._ready(label)

    def void_label(self, label: shipping.Label) -> None:
        """Cancel the shipment. A refusal is accepted if it is already canceled."""
        try:
            self._client.cancel(label.tracking_number)
        except http.Rejected:
            if not wire.is_canceled(self._client.shipment(label.external_id)):
                raise

    def track(self, *, tracking_number: str, external_id: str) -> shipping.TrackingSnapshot:
        """Read all scans of a parcel. The answer does not mark returns; the shipment's direction does."""
        document = self._client.track(tracking_number)
        try:
            return wire.tracked(document, tracking_number=tracking_number, is_return=False)
        except errors.Invalid as problem:
            raise http.Unanswered(
                f"The answer has an unexpected shape: {problem.message}", maybe_done=False
            ) from problem

    def _create(self, request: shipping.LabelRequest, *, is_return: bool) -> wire.Created:
        if not is_return:
            return self._client.create_order(wire.order(request))
        earlier = wire.listed_return(
            self._client.orders(request.reference, is_return=True), request.reference
        )
        return earlier or self._client.create_return(wire.return_order(request))

    def _assigned(self, created: wire.Created, *, is_return: bool) -> shipping.Label:
        """The tracking number: from the order, from the assignment, or read back after a later assignment."""
        shipment_id = created.shipment_id
        if created.awb_code:
            return wire.label(shipment_id=shipment_id, awb=created.awb_code, courier=created.courier_name)
        try:
            assigned = self._client.assign_awb(shipment_id, is_return=is_return)
        except http.Rejected as refusal:
            label = self._read_back(shipment_id)  # refused because it already has one, or permanently
            if label is None:
                raise refusal from None
            return label
        if assigned and assigned.awb_code:
            return wire.label(shipment_id=shipment_id, awb=assigned.awb_code, courier=assigned.courier_name)
        label = self._read_back(shipment_id)
        if label is None:
            raise http.Unanswered(
                "Shiprocket has not assigned a courier yet.",
                maybe_done=True,
                retry_after_seconds=_ASSIGNMENT_SECONDS,
            )
        return label

    def _read_back(self, shipment_id: int) -> shipping.Label | None:
        shipment = self._client.shipment(str(shipment_id))
        if not shipment.awb:
            return None
        return wire.label(shipment_id=shipment_id, awb=shipment.awb, courier=shipment.courier)

    def _ready(self, label: shipping.Label) -> shipping.Label:
        """Request the pickup and download the PDF; a repeated pickup is refused as a duplicate."""
        shipment_id = int(label.external_id)
        try:
            self._client.request_pickup(shipment_id)
        except http.Rejected as refusal:
            if "duplicate" not in str(refusal.data.get("body", "")).casefold():
                raise
        return dataclasses.replace(label, pdf=self._client.label_pdf(shipment_id))


CONNECTOR = connections.Connector(
    id="shiprocket",
    kind=connections.Kind.CARRIERS,
    label="Shiprocket",
    settings=Settings,
    connect=Shiprocket,
    vendor=connections.Vendor(
        connections.Maturity.BETA,
        "A partner server; shapes of the published collection and webhooks.",
        "https://apidocs.shiprocket.in",
        countries=("IN",),
    ),
    features=frozenset({"inbound", "test", "label", "return_pickup", "void", "track"}),
)
