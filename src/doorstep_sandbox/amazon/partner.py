"""Serve the Selling Partner API: tokens checked, usage plans kept, orders and feeds that change what is asked next."""

from __future__ import annotations

import functools
import inspect
import secrets
from pathlib import Path
from typing import ClassVar

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.amazon import (
    errors,
    feed_work,
    feeds,
    notifications,
    orders,
    restricted,
    search,
    shipments,
    sign_in,
    usage,
    view_current,
    view_v0,
)
from doorstep_sandbox.frame import outgoing
from doorstep_sandbox.frame.calls import Call, Handler, Route, VendorError, route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json

TOKEN_HEADER = "x-amz-access-token"  # noqa: S105 - the name of a header
# The answers that have the header with the rate limit.
CLIENT_ERROR = 400
LIMITED_STATUSES = {400, 404}
GRANTLESS = {"createDestination", "getDestinations", "deleteSubscriptionById"}
RESTRICTED = {"getOrderAddress", "getOrderBuyerInfo"}
OPEN = {"token", "consent", "confirm", "upload", "download"}
TOKENS = "/tokens/2021-03-01/restrictedDataToken"
CANCELABLE = {orders.PENDING, orders.WAITING, orders.UNSHIPPED}

# Method, path template, the operation's name, what answers it.
Operation = tuple[str, str, str, Handler]


class Amazon(Partner):
    """One application and one seller. The sign-in hosts and the API are one server."""

    name = "amazon"
    retry_seconds = (5, 30, 300)
    empty_state: ClassVar[Json] = {
        "orders": {},
        "listings": {},
        "feeds": {},
        "documents": {},
        "tokens": {},
        "refresh_tokens": [],
        "revoked": [],
        "codes": {},
        "destinations": {},
        "subscriptions": {},
    }
    generated: ClassVar[dict[str, int]] = {
        "client_id": 16,
        "client_secret": 32,
        "refresh_token": 32,
        "application_id": 16,
        "seller_id": 7,
    }

    def __init__(self, settings: Json, *, state_file: Path | None = None) -> None:
        super().__init__(settings, state_file=state_file)
        self.hooks: notifications.QueueOutgoing = notifications.QueueOutgoing(
            self.retry_seconds, self.hooks.manner, self.settings
        )
        self.usage = usage.Usage()
        self.sign_in = sign_in.SignIn(self.settings, lambda: self.state)
        self.notifications = notifications.Notifications(self.settings, lambda: self.state, self.hooks)
        processors = {
            "POST_ORDER_FULFILLMENT_DATA": self._ship_by_feed,
            "JSON_LISTINGS_FEED": self._list_by_feed,
        }
        self.feeds = feeds.Feeds(self.settings, lambda: self.state, processors)
        self.operations: dict[tuple[str, str], str] = {}

    @classmethod
    def generate(cls) -> Json:
        made = super().generate()
        return {
            **made,
            "client_id": "amzn1.application-oa2-client." + made["client_id"],
            "client_secret": "amzn1.oa2-cs.v1." + made["client_secret"],
            "refresh_token": "Atzr|" + made["refresh_token"],
            "application_id": "amzn1.sp.solution." + made["application_id"],
            "seller_id": "A" + secrets.token_hex(6).upper(),
            "marketplaces": ["A21TJRUUN4KGV"],
        }

    def credentials(self) -> Json:
        return {**super().credentials(), "marketplaces": self.settings["marketplaces"]}

    async def open(self) -> Json:
        self.feeds.base_url = self.base_url
        return {}

    def reset(self) -> None:
        super().reset()
        self.usage.change({"default": True})
        self.feeds.configure(self.feeds.plain)

    def routes(self) -> list[Route]:
        table = [*self._sign_in_routes(), *self._order_routes(), *self._feed_routes(), *self._other_routes()]
        self.operations = {(method, path): operation for method, path, operation, _ in table}
        return [
            route(method, path, self._with_headers(operation, handler))
            for method, path, operation, handler in table
        ]

    def _sign_in_routes(self) -> list[Operation]:
        return [
            ("POST", "/auth/o2/token", "token", self.sign_in.token),
            ("GET", "/apps/authorize/consent", "consent", self.sign_in.consent),
            ("POST", "/apps/authorize/confirm", "confirm", self.sign_in.confirm),
            ("POST", TOKENS, "createRestrictedDataToken", self.restricted_token),
        ]

    def _order_routes(self) -> list[Operation]:
        current, old = "/orders/2026-01-01/orders", "/orders/v0/orders"
        one = old + "/{order_id}"
        return [
            ("GET", current, "searchOrders", self.search_orders),
            ("GET", current + "/{order_id}", "getOrder", self.get_order),
            ("GET", old, "ordersV0.getOrders", self.v0_orders),
            ("GET", one, "ordersV0.getOrder", self.v0_order),
            ("GET", one + "/orderItems", "getOrderItems", self.v0_items),
            ("GET", one + "/address", "getOrderAddress", self.v0_address),
            ("GET", one + "/buyerInfo", "getOrderBuyerInfo", self.v0_buyer),
            ("POST", one + "/shipmentConfirmation", "confirmShipment", self.confirm_shipment),
        ]

    def _feed_routes(self) -> list[Operation]:
        documents, queue = "/feeds/2021-06-30/documents", "/feeds/2021-06-30/feeds"
        return [
            ("POST", documents, "createFeedDocument", self.feeds.create_document),
            ("GET", documents + "/{document_id}", "getFeedDocument", self.feeds.read_document),
            ("POST", queue, "createFeed", self.feeds.create),
            ("GET", queue, "getFeeds", self.feeds.read_many),
            ("GET", queue + "/{feed_id}", "getFeed", self.feeds.read),
            ("PUT", "/feed-documents/{document_id}", "upload", self.feeds.upload),
            ("GET", "/feed-documents/{document_id}", "download", self.feeds.download),
        ]

    def _other_routes(self) -> list[Operation]:
        places, kind = "/notifications/v1/destinations", "/notifications/v1/subscriptions/{notification_type}"
        ours = self.notifications
        sellers = "/sellers/v1/marketplaceParticipations"
        return [
            ("POST", places, "createDestination", ours.create_destination),
            ("GET", places, "getDestinations", ours.read_destinations),
            ("POST", kind, "createSubscription", ours.subscribe),
            ("GET", kind, "getSubscription", ours.read_subscription),
            ("DELETE", kind + "/{subscription_id}", "deleteSubscriptionById", ours.unsubscribe),
            ("GET", sellers, "getMarketplaceParticipations", self.participations),
        ]

    def verbs(self) -> dict[str, Verb]:
        return {
            "place_order": self.place_order,
            "release": self.release,
            "cancel": self.cancel,
            "request_cancel": self.request_cancel,
            "ship": self.ship,
            "list": self.list_item,
            "expire_tokens": self.sign_in.expire,
            "forget_tokens": self.sign_in.forget,
            "revoke": self.sign_in.revoke,
            "expire_page_tokens": self.expire_page_tokens,
            "usage": self.usage.change,
            "feeds": self.feeds.configure,
            "settings": self.change_settings,
        }

    # what every call passes

    def operation(self, call: Call) -> str:
        return self.operations.get((call.method, call.route), "")

    def authorize(self, call: Call) -> Response | None:
        operation = self.operation(call)
        if operation in OPEN:
            return None
        token = call.headers.get(TOKEN_HEADER, "")
        if token.startswith(restricted.PREFIX):
            scope = restricted.PREFIX
        else:
            scope = sign_in.SCOPES[0] if operation in GRANTLESS else sign_in.SELLER
        problem = self.sign_in.problem(token, scope=scope)
        if not problem and not self._may(token, operation, call):
            problem = "The access token does not give this restricted data."
        return errors.denied(problem) if problem else None

    def over_limit(self, call: Call) -> Response | None:
        return None if self.usage.take(self.operation(call)) else self.too_many(call)

    def too_many(self, call: Call) -> Response:
        return errors.answer(429, "QuotaExceeded", "You exceeded your quota for the requested resource.")

    def server_error(self, call: Call) -> Response:
        return errors.answer(500, "InternalFailure", "We encountered an internal error. Please try again.")

    def unknown(self, call: Call) -> Response:
        return errors.answer(404, "NotFound", "The resource specified does not exist.")

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        return {}

    def _may(self, token: str, operation: str, call: Call) -> bool:
        if token.startswith(restricted.PREFIX):
            return self._elements(token, call.path) is not None
        return operation not in RESTRICTED

    def _elements(self, token: str, path: str) -> set[str] | None:
        held = self.state["tokens"].get(token, {})
        return restricted.elements(held, path) if "resources" in held else set()

    def _with_headers(self, operation: str, handler: Handler) -> Handler:
        """The handler, with the identifier of the request and, where Amazon sends it, the rate limit in its answers."""

        @functools.wraps(handler)
        async def handle(call: Call) -> Response:
            try:
                result = handler(call)
                response = await result if inspect.isawaitable(result) else result
            except VendorError as refusal:
                response = refusal.response
            response.headers["x-amzn-RequestId"] = secrets.token_hex(16)
            limit = self.usage.header(operation)
            if limit and (response.status_code < CLIENT_ERROR or response.status_code in LIMITED_STATUSES):
                response.headers["x-amzn-RateLimit-Limit"] = limit
            return response

        return handle

    # vendor calls

    def search_orders(self, call: Call) -> Response:
        wanted = _included(call)
        page = search.page(self.state["orders"].values(), call.query, search.CURRENT, self.settings)
        body: Json = {"orders": [view_current.order(order, wanted) for order in page.orders]}
        body["lastUpdatedBefore" if page.by_update else "createdBefore"] = page.until
        if page.token:
            body["pagination"] = {"nextToken": page.token}
        return JSONResponse(body)

    def get_order(self, call: Call) -> Response:
        return JSONResponse({"order": view_current.order(self._order(call), _included(call))})

    def v0_orders(self, call: Call) -> Response:
        if not call.query.get("MarketplaceIds"):
            raise errors.invalid("MarketplaceIds is required.")
        query = {**call.query, **_ours(call, "OrderStatuses", view_v0.STATUSES)}
        query |= _ours(call, "FulfillmentChannels", view_v0.CHANNELS)
        page = search.page(self.state["orders"].values(), query, search.V0, self.settings)
        elements = self._elements(call.headers[TOKEN_HEADER], call.path) or set()
        body: Json = {"Orders": [view_v0.order(order, elements) for order in page.orders]}
        body["LastUpdatedBefore" if page.by_update else "CreatedBefore"] = page.until
        if page.token:
            body["NextToken"] = page.token
        return JSONResponse({"payload": body})

    def v0_order(self, call: Call) -> Response:
        elements = self._elements(call.headers[TOKEN_HEADER], call.path) or set()
        return JSONResponse({"payload": view_v0.order(self._order(call), elements)})

    def v0_items(self, call: Call) -> Response:
        return JSONResponse({"payload": view_v0.items(self._order(call))})

    def v0_address(self, call: Call) -> Response:
        return JSONResponse({"payload": view_v0.address(self._order(call))})

    def v0_buyer(self, call: Call) -> Response:
        return JSONResponse({"payload": view_v0.buyer_info(self._order(call))})

    def confirm_shipment(self, call: Call) -> Response:
        order = self._order(call)
        shipments.confirm(order, errors.body_of(call))
        self.notifications.announce(order, "Shipment confirmed")
        return Response(status_code=204)

    def restricted_token(self, call: Call) -> Response:
        wanted = restricted.resources(errors.body_of(call))
        seconds = self.sign_in.token_seconds
        token = self.sign_in.issue(restricted.PREFIX, [restricted.PREFIX], seconds, resources=wanted)
        return JSONResponse({"restrictedDataToken": token, "expiresIn": seconds})

    def participations(self, _call: Call) -> Response:
        return JSONResponse({"payload": [_participation(each) for each in self.settings["marketplaces"]]})

    # control verbs

    def place_order(self, body: Json) -> Json:
        """A buyer places an order: `lines`, `status` (PENDING …), `fulfilled_by` (MFN, AFN), `minutes_ago`."""
        order = orders.place(body, str(body.get("marketplace", self.settings["marketplaces"][0])))
        self.state["orders"][order["id"]] = order
        self.notifications.announce(order, "Order placed")
        return {"order_id": order["id"], "order": order}

    def release(self, body: Json) -> Json:
        """The payment of a pending order succeeds: it may be shipped."""
        order = self._named(body, {orders.PENDING, orders.WAITING})
        return self._changed(order, orders.UNSHIPPED, "Payment authorized")

    def cancel(self, body: Json) -> Json:
        """Amazon, the seller or the buyer cancels an order that is not shipped."""
        order = self._named(body, CANCELABLE)
        for item in order["items"]:
            item["canceled_by"] = body.get("by", "BUYER")
        return self._changed(order, orders.CANCELED, "Order canceled")

    def request_cancel(self, body: Json) -> Json:
        """The buyer asks for a cancellation of an order that is not shipped; the seller decides."""
        order = self._named(body, {orders.UNSHIPPED})
        for item in order["items"]:
            item["cancel_reason"] = body.get("reason", "No longer needed")
        orders.touch(order)
        self.notifications.announce(order, "Buyer Requested Cancel", by_buyer=True)
        return {"order": order}

    def ship(self, body: Json) -> Json:
        """Amazon ships an order that it fulfills."""
        order = self._named(body, {orders.UNSHIPPED})
        for item in order["items"]:
            item["shipped"] = item["quantity"]
        return self._changed(order, orders.SHIPPED, "Shipped by Amazon")

    def list_item(self, body: Json) -> Json:
        """The seller lists a SKU, which feeds may change from then on."""
        self.state["listings"][body["sku"]] = {"quantity": int(body.get("quantity", 0))}
        return {"listings": self.state["listings"]}

    def expire_page_tokens(self, _body: Json) -> Json:
        self.settings["page_token_series"] = self.settings.get("page_token_series", 0) + 1
        return {"series": self.settings["page_token_series"]}

    def change_settings(self, body: Json) -> Json:
        """Settings that are read at each use: sqs_endpoint, sqs_region, token_seconds, settled_seconds …"""
        self.settings.update(body)
        return {"changed": sorted(body)}

    # work

    def _changed(self, order: Json, status: str, reason: str) -> Json:
        order["status"] = status
        orders.touch(order)
        self.notifications.announce(order, reason)
        return {"order": order}

    def _named(self, body: Json, statuses: set[str]) -> Json:
        order: Json = self.state["orders"][body["order_id"]]
        if order["status"] not in statuses:
            message = f"the order is {order['status']}, not {' or '.join(sorted(statuses))}"
            raise ValueError(message)
        return order

    def _order(self, call: Call) -> Json:
        order: Json | None = self.state["orders"].get(call.params["order_id"])
        if order is None:
            raise errors.missing(f"The order {call.params['order_id']} does not exist.")
        return order

    def _ship_by_feed(self, feed_id: str, content: bytes) -> bytes:
        report, changed = feed_work.ship(self.state, feed_id, content)
        for order in changed:
            self.notifications.announce(order, "Shipment confirmed")
        return report

    def _list_by_feed(self, feed_id: str, content: bytes) -> bytes:
        return feed_work.list_items(self.state, str(self.settings["seller_id"]), feed_id, content)


def _included(call: Call) -> set[str]:
    wanted = set(search.split(call.query.get("includedData")))
    if wanted - set(view_current.DATA):
        raise errors.invalid(f"includedData must be some of {', '.join(view_current.DATA)}.")
    return wanted


def _ours(call: Call, name: str, names: dict[str, str]) -> Json:
    """A parameter of version 0 with the values of the current version."""
    backwards = {theirs: ours for ours, theirs in names.items()}
    values = search.split(call.query.get(name))
    if set(values) - set(backwards):
        raise errors.invalid(f"{name} must be some of {', '.join(backwards)}.")
    return {name: ",".join(backwards[value] for value in values)} if values else {}


def _participation(marketplace: str) -> Json:
    name, country, currency = orders.NAMES[marketplace]
    return {
        "marketplace": {
            "id": marketplace,
            "name": name,
            "countryCode": country,
            "defaultCurrencyCode": currency,
            "defaultLanguageCode": f"en_{country}",
            "domainName": "www." + name.lower(),
        },
        "participation": {"isParticipating": True, "hasSuspendedListings": False},
        "storeName": "Sandbox store",
    }
