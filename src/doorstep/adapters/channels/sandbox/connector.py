"""Implement the sandbox channel: signed events in, updates out, all in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta

import pydantic

from doorstep.adapters.channels.sandbox import client, wire
from doorstep.domain.connections import model as connections
from doorstep.domain.inventory.ports import StockLevel
from doorstep.domain.orders import ports
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.kernel import errors, http, parsing, secrets
from doorstep.kernel.http import signatures
from doorstep.kernel.results import Done, Failed, Pending

ORDERS = connections.Feed("orders", "Orders", every_seconds=60.0, history_days=30, is_listed=True)
_PAGE = 2
_CHECK_AFTER = timedelta(seconds=5)
_TOPICS = ("order", "payment", "return")


class Settings(pydantic.BaseModel):
    """One shop in memory."""

    base_url: str = pydantic.Field(
        default="http://127.0.0.1", description="Address of the API (not used in memory)."
    )
    webhook_secret: secrets.VerifyingSecret = pydantic.Field(description="Secret that signs the events.")


class Sandbox:
    """Satisfies connections.ports Inbound, Puller, Fetcher and Lister, orders.ports.SalesChannel and OrderSource,
    inventory.ports.StockSink and StockReader, and results.Followed.
    """

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._webhook_secret = settings.webhook_secret.get_secret_value()
        self.client = client.Client(session)

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Check the HMAC-SHA256 of the raw body in hexadecimal; a GET is a challenge, with the secret as its token."""
        if request.method == "GET":
            return self._challenge(request.query)
        expected = signatures.hexadecimal(self._webhook_secret, request.body)
        reported = request.headers.get("x-signature", "")
        return connections.accepted_if(signatures.is_genuine(self._webhook_secret, expected, reported))

    def _challenge(self, query: Mapping[str, str]) -> connections.Ack:
        genuine = signatures.is_token(self._webhook_secret, query.get("token", ""))
        return connections.answered(query.get("challenge", "")) if genuine else connections.REFUSED

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """The event's own id; a digest if it is missing."""
        try:
            reported = parsing.read(request.body, wire.Header)
        except errors.Invalid:
            reported = wire.Header()  # stored anyway; parsing it creates the dead letter
        return connections.Envelope(
            event_id=reported.id or hashlib.sha256(request.body).hexdigest(),
            topic=reported.topic,
            sent_at=reported.sent_at,
        )

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse orders, payments and returns; of a changed order only the id is sent, so it is fetched."""
        if topic == "order_changed":
            return (connections.Hint(ORDERS.name, wire.changed_order(body)),)
        return wire.parse(topic, body)

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Count the shop's orders."""
        self.client.orders(())
        return ()

    def ensure_subscriptions(self, address: str) -> connections.Subscribed:
        """Subscribe to orders, payments and returns."""
        added = [each for each in _TOPICS if self.client.subscribe(each, address)]
        return connections.Subscribed(tuple(each for each in _TOPICS if each not in added), tuple(added))

    def pull(self, feed: str, window: connections.Window) -> connections.Page:
        """Two orders per page, oldest change first; the token is how many the window has had."""
        start = int(window.token or 0)
        found = self.client.changed(window.since, window.until)[start:]
        documents = [_document(each) for _key, each in found[:_PAGE]]
        return connections.Page(documents, str(start + _PAGE) if found[_PAGE:] else "")

    def fetch(self, feed: str, external_ids: Sequence[str]) -> Sequence[connections.Document]:
        """Read orders by id."""
        return [_document(each) for each in self.client.orders(external_ids)]

    def list_documents(self, feed: str, window: connections.Window) -> Sequence[connections.Listed]:
        """List the orders of a window."""
        found = self.client.changed(window.since, window.until)
        return [connections.Listed(each.event_id, connections.Hint(feed, key)) for key, each in found]

    def confirm_shipment(self, notice: ports.ShipmentNotice) -> str | Pending:
        """Report a shipment, unless the shop already has it."""
        known = self.client.find_shipment(notice.tracking_number)
        if known is None and self.client.finishes_later:
            return Pending(self.client.submit_shipment(notice), _CHECK_AFTER)
        return known or self.client.create_shipment(notice)

    def look_up_order(self, external_id: str) -> OrderSnapshot | None:
        """An order as the shop has it."""
        found = [wire.order(each.body) for each in self.client.orders((external_id,))]
        return found[0] if found else None

    def read_stock(self, listings: Sequence[str]) -> Mapping[str, int]:
        """The levels of listings."""
        return self.client.levels(listings)

    def publish_stock(self, levels: Sequence[StockLevel]) -> Done | Pending:
        """Set stock levels."""
        if self.client.finishes_later:
            return Pending(self.client.submit_stock(levels), _CHECK_AFTER)
        return Done(refused=self.client.set_stock(levels))

    def check(self, handle: str) -> Done | Failed | Pending:
        """How a submission stands."""
        if handle.startswith("stock-"):
            refused = self.client.finished_stock(handle)
            return Pending(handle, _CHECK_AFTER) if refused is None else Done(refused=refused)
        shipment, refusal = self.client.submission(handle)
        if refusal:
            return Failed(refusal)
        return Pending(handle, _CHECK_AFTER) if shipment is None else Done(shipment)

    def report_delivery(self, notice: ports.DeliveryNotice) -> str:
        """Report a delivery. Repeating it changes nothing."""
        return self.client.deliver(notice)

    def approve_return(self, *, return_external_id: str) -> str:
        """Approve a return. Repeating it changes nothing."""
        return self.client.approve_return(return_external_id)

    def report_return(self, notice: ports.ReturnNotice) -> str:
        """Report a completed return. Repeating it changes nothing."""
        return self.client.finish_return(notice)


def _document(order: client.PlacedOrder) -> connections.Document:
    return connections.Document(order.event_id, "order", order.body, order.changed_at)


CONNECTOR = connections.Connector(
    id="sandbox",
    kind=connections.Kind.CHANNELS,
    label="Sandbox channel",
    settings=Settings,
    connect=Sandbox,
    vendor=connections.Vendor(connections.Maturity.REFERENCE, "In memory."),
    feeds=(ORDERS,),
    features=frozenset(
        {
            "inbound",
            "test",
            "subscribe",
            "confirm_shipment",
            "report_delivery",
            "look_up_order",
            "publish_stock",
            "read_stock",
            "approve_return",
            "report_return",
        }
    ),
)
