"""ORDER_CHANGE notifications: destinations, subscriptions, and the messages that are put on a queue."""

from __future__ import annotations

import asyncio
import importlib
import re
import uuid
from collections.abc import Callable
from typing import Protocol

import httpx
from starlette.responses import JSONResponse, Response

from doorstep_sandbox.amazon import errors, orders, view_v0
from doorstep_sandbox.frame import clock, outgoing
from doorstep_sandbox.frame.calls import Call
from doorstep_sandbox.frame.wire import Json

ORDER_CHANGE = "ORDER_CHANGE"
ARN = re.compile(r"arn:aws:sqs:(?P<region>[^:\s]+):(?P<account>[^:\s]+):(?P<name>[^:\s]+)")
PAYLOAD_VERSION = "1.0"


class Endpoint(Protocol):
    """Takes messages for its queues."""

    def send(self, address: str, body: str) -> int:
        """The status of the answer. Raises OSError when the queue does not take the message."""


class QueueOutgoing(outgoing.Outgoing):
    """Puts notifications on a queue with the manners of webhooks: twice, shuffled, held, malformed, tried again."""

    def __init__(self, retry_seconds: tuple[float, ...], manner: outgoing.Manner, settings: Json) -> None:
        super().__init__(lambda _draft: {}, retry_seconds, manner)
        self.settings = settings
        self._endpoints: dict[tuple[str, str], Endpoint] = {}

    async def send(self, client: httpx.AsyncClient, delivery: outgoing.Delivery) -> int:
        """Addresses are those of queues."""
        return await asyncio.to_thread(self._endpoint().send, delivery.url, delivery.body.decode())

    def _endpoint(self) -> Endpoint:
        key = str(self.settings["sqs_endpoint"]), str(self.settings.get("sqs_region", "eu-west-1"))
        if key not in self._endpoints:
            self._endpoints[key] = importlib.import_module("doorstep_sandbox.amazon.queue").Queue(*key)
        return self._endpoints[key]


class Notifications:
    """`settings` and `state` are the partner's."""

    def __init__(self, settings: Json, state: Callable[[], Json], hooks: outgoing.Outgoing) -> None:
        self.settings = settings
        self.state = state
        self.hooks = hooks

    def create_destination(self, call: Call) -> Response:
        body = errors.body_of(call)
        arn = body.get("resourceSpecification", {}).get("sqs", {}).get("arn", "")
        if not body.get("name") or not ARN.fullmatch(str(arn)):
            raise errors.invalid("name and an sqs arn are required.")
        known = self.state()["destinations"]
        if any(each["resource"]["sqs"]["arn"] == arn for each in known.values()):
            raise errors.conflict("A destination with this resource exists already.")
        destination = {
            "destinationId": str(uuid.uuid4()),
            "name": body["name"],
            "resource": {"sqs": {"arn": arn}},
        }
        known[destination["destinationId"]] = destination
        return JSONResponse({"payload": destination})

    def read_destinations(self, _call: Call) -> Response:
        return JSONResponse({"payload": list(self.state()["destinations"].values())})

    def subscribe(self, call: Call) -> Response:
        body = errors.body_of(call)
        self._check_type(call)
        if body.get("destinationId") not in self.state()["destinations"]:
            raise errors.invalid("destinationId is unknown.")
        if body.get("payloadVersion") != PAYLOAD_VERSION:
            raise errors.invalid(f"payloadVersion must be {PAYLOAD_VERSION}.")
        if self.state()["subscriptions"]:
            raise errors.conflict("A subscription for this notification type exists already.")
        subscription = {
            "subscriptionId": str(uuid.uuid4()),
            "payloadVersion": PAYLOAD_VERSION,
            "destinationId": body["destinationId"],
        }
        self.state()["subscriptions"][ORDER_CHANGE] = subscription
        return JSONResponse({"payload": subscription})

    def read_subscription(self, call: Call) -> Response:
        self._check_type(call)
        if ORDER_CHANGE not in self.state()["subscriptions"]:
            raise errors.missing("There is no subscription for this notification type.")
        return JSONResponse({"payload": self.state()["subscriptions"][ORDER_CHANGE]})

    def unsubscribe(self, call: Call) -> Response:
        held = self.state()["subscriptions"].get(call.params["notification_type"])
        if held is None or held["subscriptionId"] != call.params["subscription_id"]:
            raise errors.missing()
        del self.state()["subscriptions"][call.params["notification_type"]]
        return JSONResponse({})

    def announce(self, order: Json, reason: str, *, by_buyer: bool = False) -> None:
        """Put the change on the subscribed queue, if there is one."""
        subscription = self.state()["subscriptions"].get(ORDER_CHANGE)
        if subscription is None or not self.settings.get("sqs_endpoint"):
            return
        arn = self.state()["destinations"][subscription["destinationId"]]["resource"]["sqs"]["arn"]
        place = ARN.fullmatch(arn)
        assert place  # noqa: S101 - checked when the destination was created
        address = f"{str(self.settings['sqs_endpoint']).rstrip('/')}/{place['account']}/{place['name']}"
        document = self._document(order, reason, subscription["subscriptionId"], by_buyer=by_buyer)
        self.hooks.post(ORDER_CHANGE, document, [address], default=False)

    def _document(self, order: Json, reason: str, subscription_id: str, *, by_buyer: bool) -> Json:
        now = clock.zulu(clock.now())
        change = {
            "NotificationLevel": "OrderLevel",
            "SellerId": self.settings["seller_id"],
            "AmazonOrderId": order["id"],
            "OrderChangeType": "BuyerRequestedChange" if by_buyer else "OrderStatusChange",
            "OrderChangeTrigger": {"TimeOfOrderChange": order["updated_at"], "ChangeReason": reason},
            "Summary": _summary(order),
        }
        return {
            "NotificationVersion": "1.0",
            "NotificationType": ORDER_CHANGE,
            "PayloadVersion": PAYLOAD_VERSION,
            "EventTime": now,
            "Payload": {"OrderChangeNotification": change},
            "NotificationMetadata": {
                "ApplicationId": self.settings["application_id"],
                "SubscriptionId": subscription_id,
                "PublishTime": now,
                "NotificationId": str(uuid.uuid4()),
            },
        }

    def _check_type(self, call: Call) -> None:
        if call.params["notification_type"] != ORDER_CHANGE:
            raise errors.invalid(f"Notification type {call.params['notification_type']} is not supported.")


def _summary(order: Json) -> Json:
    ready = orders.ready(order)
    return {
        "MarketplaceId": order["marketplace"],
        "OrderStatus": view_v0.STATUSES[order["status"]],
        "PurchaseDate": order["placed_at"],
        "DestinationPostalCode": order["address"].get("postalCode") if ready else None,
        "FulfillmentType": view_v0.CHANNELS[order["fulfilled_by"]],
        "OrderType": "StandardOrder",
        "NumberOfItemsShipped": sum(item["shipped"] for item in order["items"]),
        "NumberOfItemsUnshipped": sum(orders.left(item) for item in order["items"]),
        "EarliestShipDate": order["ship_from"],
        "LatestShipDate": order["ship_by"],
        "OrderItems": [
            {
                "OrderItemId": item["id"],
                "SellerSKU": item["sku"],
                "SupplySourceId": None,
                "OrderItemStatus": "Unshipped" if orders.left(item) else "Shipped",
                "Quantity": item["quantity"],
                "QuantityShipped": item["shipped"],
                "IsBuyerRequestedCancel": bool(item["cancel_reason"]),
            }
            for item in order["items"]
        ],
    }
