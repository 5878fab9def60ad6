"""Implement Shopify: parse webhooks; report shipments, deliveries and returns."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import pydantic

from doorstep.adapters.channels.shopify import client, stock
from doorstep.adapters.channels.shopify.wire import graphql, orders, payments, returns, sign_in
from doorstep.domain.connections import model as connections
from doorstep.domain.inventory.ports import StockLevel
from doorstep.domain.orders import ports
from doorstep.kernel import errors, http, secrets
from doorstep.kernel.http import oauth, signatures
from doorstep.kernel.message import Message
from doorstep.kernel.results import Done

_ORDER_TOPICS = frozenset({"orders/create", "orders/updated", "orders/paid", "orders/cancelled"})
_RETURN_TOPICS = frozenset(
    f"returns/{verb}" for verb in ("request", "approve", "cancel", "close", "decline", "reopen", "update")
)

_READ_TOPICS = _ORDER_TOPICS | _RETURN_TOPICS | {"order_transactions/create"}


class Settings(pydantic.BaseModel):
    """One shop."""

    base_url: str = pydantic.Field(
        description="The shop's own address, as in https://your-shop.myshopify.com."
    )
    access_token: pydantic.SecretStr = pydantic.Field(
        default=pydantic.SecretStr(""),
        description="Admin API access token of an app made in the shop's own admin; leave it blank to connect by signing in.",
    )
    client_id: str = pydantic.Field(
        default="", description="The app's client ID, to connect by signing in at Shopify."
    )
    webhook_secret: secrets.VerifyingSecret = pydantic.Field(
        description="The app's client secret, with which Shopify signs webhooks."
    )
    api_version: str = pydantic.Field(
        default="2026-07", description="Admin API version.", pattern=r"^(\d{4}-\d{2}|unstable)$"
    )
    stock_location_id: str = pydantic.Field(
        default="",
        description="Id of the location in Shopify whose stock Doorstep sets. Empty: stock is not published.",
        pattern=r"^(\d+|gid://shopify/Location/\d+)?$",
    )

    @property
    def shop_url(self) -> str:
        """The shop's address without a slash at its end."""
        return self.base_url.rstrip("/")


def check(settings: Settings, query: Mapping[str, str]) -> None:
    """Raise Refused unless Shopify sent the browser, from this shop."""
    if not sign_in.is_genuine(settings.webhook_secret.get_secret_value(), query):
        raise errors.Refused("Shopify's signature is wrong: check the app's client secret.")
    if not sign_in.is_of(settings.shop_url, query):
        raise errors.Refused("Another shop sent the browser than the one of this connection.")


SIGN_IN = connections.SignIn(
    authorize_url="{shop_url}/admin/oauth/authorize",
    exchange_url="{shop_url}/admin/oauth/access_token",
    application=("client_id", "webhook_secret"),
    parameters={"client_id": "{client_id}"},
    scope=(
        "read_locations,read_orders,read_products,write_assigned_fulfillment_orders,write_fulfillments,"
        "write_inventory,write_merchant_managed_fulfillment_orders,write_returns"
    ),
    uses_pkce=False,
    with_code={"expiring": "1"},  # tokens of an hour with a refresh token of 90 days, which each use replaces
    account={"shop": ""},
    check=check,
    instead="access_token",
)


def _authorize(settings: Settings, session: http.Session) -> http.Authorize:
    """The token of whoever signed in, else the one from the settings."""
    name, fixed = "X-Shopify-Access-Token", settings.access_token.get_secret_value()
    if not settings.client_id:
        return http.header(name, fixed)
    renewed = oauth.refresh(oauth.client_at(session, *SIGN_IN.endpoint(settings)))

    def grant(held: http.Token | None) -> http.Token:
        is_signed_in = held is not None and held.access_token != fixed
        return renewed(held) if is_signed_in or not fixed else http.Token(fixed)

    return http.Bearer(session.tokens, grant, header=name)


class Shopify:
    """Satisfies connections.ports.Inbound, orders.ports.SalesChannel and inventory.ports.StockSink."""

    def __init__(self, settings: Settings, session: http.Session) -> None:
        self._stock_location = settings.stock_location_id
        self._webhook_secret = settings.webhook_secret.get_secret_value()
        self._client = client.Client(
            session.to(authorize=_authorize(settings, session)), api_version=settings.api_version
        )

    def acknowledge(self, request: connections.InboundRequest) -> connections.Ack:
        """Check the HMAC-SHA256 of the raw body in base64, in constant time."""
        expected = signatures.base64_text(self._webhook_secret, request.body)
        reported = _reported(request.headers, "hmac-sha256")
        return connections.accepted_if(signatures.is_genuine(self._webhook_secret, expected, reported))

    def envelope(self, request: connections.InboundRequest) -> connections.Envelope:
        """The event id is the same in retries and in several subscriptions of one topic, so it counts per topic."""
        topic = _reported(request.headers, "topic")
        event = _reported(request.headers, "event-id") or hashlib.sha256(request.body).hexdigest()
        return connections.Envelope(
            event_id=f"{topic}:{event}", topic=topic, sent_at=_triggered_at(request.headers)
        )

    def parse(self, topic: str, headers: Mapping[str, str], body: bytes) -> Sequence[object]:
        """Parse orders, payments and returns. orders/edited only lists differences; orders/updated has the complete order."""
        if topic in _ORDER_TOPICS:
            return (orders.parse(body),)
        if topic == "order_transactions/create":
            return payments.parse(body)
        if topic in _RETURN_TOPICS:
            return returns.parse(topic, body, triggered_at=_triggered_at(headers))
        return ()

    def test_connection(self) -> Sequence[connections.CheckFinding]:
        """Read the shop's name, and that of the location whose stock is set."""
        shop = self._client.query(graphql.SHOP, {}, graphql.ShopAnswer).shop
        found = Message("%(shop)s sells in %(currency)s.", shop=shop.name, currency=shop.currency_code)
        findings = [connections.CheckFinding(Message("Shop"), is_ok=True, message=found)]
        if self._stock_location:
            name = stock.location_name(self._client, self._stock_location)
            set_at = Message("Stock is set at %(location)s.", location=name)
            findings.append(connections.CheckFinding(Message("Stock"), is_ok=True, message=set_at))
        return findings

    def ensure_subscriptions(self, address: str) -> connections.Subscribed:
        """Subscribe to every topic that we read and that Shopify does not send to this address."""
        present = {each.topic for each in self._subscriptions() if each.uri == address}
        wanted = sorted(each.replace("/", "_").upper() for each in _READ_TOPICS)
        missing = [each for each in wanted if each not in present]
        for topic in missing:
            self._client.change(
                graphql.SUBSCRIBE, {"topic": topic, "uri": address}, mutation="webhookSubscriptionCreate"
            )
        return connections.Subscribed(tuple(sorted(present)), tuple(missing))

    def _subscriptions(self) -> Iterator[graphql.Subscription]:
        after: str | None = None
        while True:
            answer = self._client.query(graphql.SUBSCRIPTIONS, {"after": after}, graphql.SubscriptionsAnswer)
            page = answer.webhook_subscriptions
            yield from page.nodes
            if not page.page_info.has_next_page:
                return
            after = page.page_info.end_cursor

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

    def publish_stock(self, levels: Sequence[StockLevel]) -> Done:
        """Set the available quantities at the location."""
        return Done(refused=stock.publish(self._client, self._stock_location, levels))

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
    vendor=connections.Vendor(
        connections.Maturity.BETA,
        "A partner server with its GraphQL schema; every document is valid against the published introspection of 2026-07; published webhook bodies; the official Python library reads what the partner server sends.",
        "https://shopify.dev/docs/api/admin-graphql",
    ),
    features=frozenset(
        {
            "inbound",
            "test",
            "subscribe",
            "confirm_shipment",
            "report_delivery",
            "approve_return",
            "report_return",
            "publish_stock",
        }
    ),
    needs={"publish_stock": "stock_location_id"},
    sign_in=SIGN_IN,
)
