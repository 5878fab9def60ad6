"""Implement the direct channel: clients send orders in our format and read their state from our API."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import pydantic

from doorstep.adapters.channels.direct import wire
from doorstep.domain.connections import model as connections
from doorstep.domain.orders import ports
from doorstep.kernel import http

TOPIC = "orders"


class Settings(pydantic.BaseModel):
    """One source of orders: a POS, a B2B portal, a migration."""

    webhook_secret: pydantic.SecretStr = pydantic.Field(
        description="Secret that signs /hooks/{key}: hexadecimal HMAC-SHA256 of the body in X-Doorstep-Signature."
    )


class Direct:
    """Satisfies connections.ports.Inbound and orders.ports.SalesChannel.

    There is no system to call: updates are stored on the order, and the client reads them from our API.
    """

    def __init__(self, settings: Settings, _session: http.Session) -> None:
        self._secret = settings.webhook_secret.get_secret_value().encode()

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Check the HMAC-SHA256 of the raw body in hexadecimal, in constant time."""
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        return hmac.compare_digest(signature.encode(), headers.get("x-doorstep-signature", "").encode())

    def envelope(self, headers: Mapping[str, str], body: bytes) -> connections.Envelope:
        """The order's id and version; a digest if they are missing."""
        return connections.Envelope(
            event_id=wire.event_id(body) or hashlib.sha256(body).hexdigest(), topic=TOPIC
        )

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse the order."""
        return (wire.parse(body),)

    def confirm_shipment(self, notice: ports.ShipmentNotice) -> str:
        """Return our own reference: there is no system to call."""
        return notice.reference

    def report_delivery(self, notice: ports.DeliveryNotice) -> str:
        """Return our own reference: there is no system to call."""
        return notice.reference

    def approve_return(self, *, return_external_id: str) -> str:
        """Do nothing: there is no system to call."""
        return return_external_id

    def report_return(self, notice: ports.ReturnNotice) -> str:
        """Return our own reference: there is no system to call."""
        return notice.reference


CONNECTOR = connections.Connector(
    id="direct",
    kind=connections.Kind.CHANNELS,
    label="Direct (API, files, POS)",
    settings=Settings,
    connect=Direct,
    features=frozenset({"inbound"}),
)
