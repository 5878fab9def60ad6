"""Implement Shopify: parse webhooks; report shipments, deliveries and returns."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

import pydantic

from doorstep.adapters.channels.shopify import client
from doorstep.adapters.channels.shopify.wire import graphql, orders, payments, returns
from doorstep.domain.connections import model as connections
from doorstep.domain.orders import ports
from doorstep.kernel import errors, http

_ORDER_TOPICS = frozenset({"orders/create", "orders/updated", "orders/paid", "orders/cancelled"})
_RETURN_TOPICS = frozenset(
    f"returns/{verb}" for verb in ("request", "approve", "cancel", "close", "decline", "reopen", "update")
)


class Settings(pydantic.BaseModel):
    """One shop."""

    base_url: str = pydantic.Field(
        description="The shop's own address, as in https://your-shop.myshopify.com."
    )
    access_token: pydantic.SecretStr = pydantic.Field(
        description="Admin API access token of the app (scopes: orders, fulfillments, returns)."
    )
    webhook_secret: pydantic.SecretStr = pydantic.Field(
        description="The app's client secret, with which Shopify signs webhooks."
    )
    api_version: str = pydantic.Field(
        default="2026-07", description="Admin API version.", pattern=r"^(\d{4}-\d{2}|unstable)$"
    )


class Shopify:
    """Satisfies connections.ports.Inbound and orders.ports.SalesChannel."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._webhook_secret = settings.webhook_secret.get_secret_value().encode()
        self._client = client.Client(
            session, access_token=settings.access_token.get_secret_value(), api_version=settings.api_version
        )

    def verify(self, headers: Mapping[str, str], body: bytes) -> bool:
        """Check the HMAC-SHA256 of the raw body in base64, in constant time."""
        signature = base64.b64encode(hmac.digest(self._webhook_secret, body, hashlib.sha256))
        return hmac.compare_digest(signature, _reported(headers, "hmac-sha256").encode())

    def envelope(self, headers: Mapping[str, str], body: bytes) -> connections.Envelope:
        """The event id is the same in retries and in several subscriptions of one topic, so it counts per topic."""
        topic = _reported(headers, "topic")
        event = _reported(headers, "event-id") or hashlib.sha256(body).hexdigest()
        return connections.Envelope(event_id=f"{topic}:{event}", topic=topic, sent_at=_triggered_at(headers))

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse orders, payments and returns. orders/edited only lists differences; orders/updated has the complete order."""
        if topic in _ORDER_TOPICS:
            return (orders.parse(body),)
        if topic == "order_transactions/create":
            return payments.parse(body)
        if topic in _RETURN_TOPICS:
            return returns.parse(topic, body, triggered_at=_triggered_at(headers))
        return ()

    def confirm_shipment(self, notice: ports.ShipmentNotice) -> str:
        """Create the fulfillment, unless one with this tracking number exists; returns its global id."""
        found, fulfillment_orders = self._fulfillment(notice)
        if found:
            return found
        return self._client.change(
            graphql.CREATE_FULFILLMENT,
            {"fulfillment": graphql.fulfillment_input(notice, fulfillment_orders)},
            mutation="fulfillmentCreate",
        )

    def _fulfillment(self, notice: ports.ShipmentNotice) -> tuple[str | None, list[graphql.FulfillmentOrder]]:
        collected: list[graphql.FulfillmentOrder] = []
        after: str | None = None
        while True:
            variables = {"order": graphql.gid("Order", notice.order_external_id), "after": after}
            order = self._client.query(graphql.FULFILLMENT_ORDERS, variables, graphql.OrderAnswer).order
            if order is None:
                raise errors.NotFound("Shopify does not know this order.", order=notice.order_external_id)
            if found := graphql.fulfillment_with(order, notice.tracking_number):
                return found, []
            for fulfillment_order in order.fulfillment_orders.nodes:
                self._read_on(fulfillment_order)
                collected.append(fulfillment_order)
            page = order.fulfillment_orders.page_info
            if not page.has_next_page:
                return None, collected
            after = page.end_cursor

    def _read_on(self, fulfillment_order: graphql.FulfillmentOrder) -> None:
        """Add the lines from the next pages."""
        page = fulfillment_order.line_items.page_info
        while page.has_next_page:
            variables = {"fulfillmentOrder": fulfillment_order.id, "after": page.end_cursor}
            answer = self._client.query(
                graphql.FULFILLMENT_ORDER_LINES, variables, graphql.FulfillmentOrderLinesAnswer
            )
            if answer.fulfillment_order is None:
                return  # merged meanwhile: its lines are on another one
            fulfillment_order.line_items.nodes += answer.fulfillment_order.line_items.nodes
            page = answer.fulfillment_order.line_items.page_info

    def report_delivery(self, notice: ports.DeliveryNotice) -> str:
        """Add the delivered event, unless the fulfillment already has one."""
        fulfillment = graphql.gid("Fulfillment", notice.shipment_external_ref)
        reported = self._client.query(
            graphql.FULFILLMENT_EVENTS, {"fulfillment": fulfillment}, graphql.EventsAnswer
        ).fulfillment
        if reported is None:
            raise errors.NotFound("Shopify does not know this fulfillment.", fulfillment=fulfillment)
        if found := graphql.delivered_event(reported.events):
            return found
        event = graphql.delivered_input(fulfillment, notice.delivered_at)
        return self._client.change(
            graphql.CREATE_FULFILLMENT_EVENT, {"event": event}, mutation="fulfillmentEventCreate"
        )

    def approve_return(self, *, return_external_id: str) -> str:
        """Approve a requested return; one that is open or closed is already approved."""
        reported = self._return(return_external_id)
        if reported.status in {"OPEN", "CLOSED"}:
            return reported.id
        if reported.status != "REQUESTED":
            raise errors.Refused(
                f"The return is {reported.status.lower()} in Shopify.", status=reported.status
            )
        return self._client.change(
            graphql.APPROVE_RETURN, {"input": {"id": reported.id}}, mutation="returnApproveRequest"
        )

    def report_return(self, notice: ports.ReturnNotice) -> str:
        """Process the returned units that are not processed yet, without moving money."""
        reported = self._return(notice.return_external_id)
        wanted = graphql.process_input(notice, reported)
        if wanted is None:
            return reported.id
        return self._client.change(graphql.PROCESS_RETURN, {"input": wanted}, mutation="returnProcess")

    def _return(self, external_id: str) -> graphql.Return:
        identifier = graphql.gid("Return", external_id)
        reported = self._client.query(graphql.RETURN, {"return": identifier}, graphql.ReturnAnswer).return_
        if reported is None:
            raise errors.NotFound("Shopify does not know this return.", return_id=identifier)
        return reported


def _reported(headers: Mapping[str, str], name: str) -> str:
    """Shopify's headers exist with and without the `x-`."""
    return headers.get(f"x-shopify-{name}") or headers.get(f"shopify-{name}") or ""


def _triggered_at(headers: Mapping[str, str]) -> datetime | None:
    try:
        instant = datetime.fromisoformat(_reported(headers, "triggered-at"))
    except ValueError:
        return None
    return instant if instant.tzinfo else None


CONNECTOR = connections.Connector(
    id="shopify",
    kind=connections.Kind.CHANNELS,
    label="Shopify",
    settings=Settings,
    connect=Shopify,
    features=frozenset({"inbound", "confirm_shipment", "report_delivery", "approve_return", "report_return"}),
)
