"""Define GraphQL documents of the Admin API 2026-07, and the shapes of their answers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import ClassVar

import msgspec

from doorstep.domain.orders import ports
from doorstep.kernel import errors

# Page sizes keep every query near 300 points: a small shop has a bucket of 1000 that refills with 100 a second.
FULFILLMENT_ORDERS = """
query FulfillmentOrders($order: ID!, $after: String) {
  order(id: $order) {
    fulfillments(first: 20) { id status trackingInfo(first: 2) { number } }
    fulfillmentOrders(first: 3, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes {
        id
        status
        lineItems(first: 40) { pageInfo { hasNextPage endCursor } nodes { id remainingQuantity lineItem { id } } }
      }
    }
  }
}
"""

FULFILLMENT_ORDER_LINES = """
query FulfillmentOrderLines($fulfillmentOrder: ID!, $after: String) {
  fulfillmentOrder(id: $fulfillmentOrder) {
    lineItems(first: 100, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { id remainingQuantity lineItem { id } }
    }
  }
}
"""

SHOP = """
query Shop { shop { name currencyCode } }
"""

SUBSCRIPTIONS = """
query Subscriptions($after: String) {
  webhookSubscriptions(first: 100, after: $after) { pageInfo { hasNextPage endCursor } nodes { topic uri } }
}
"""

SUBSCRIBE = """
mutation Subscribe($topic: WebhookSubscriptionTopic!, $uri: String!) {
  webhookSubscriptionCreate(topic: $topic, webhookSubscription: { uri: $uri, format: JSON }) {
    webhookSubscription { id } userErrors { field message }
  }
}
"""

CREATE_FULFILLMENT = """
mutation CreateFulfillment($fulfillment: FulfillmentInput!) {
  fulfillmentCreate(fulfillment: $fulfillment) { fulfillment { id } userErrors { field message } }
}
"""

FULFILLMENT_EVENTS = """
query FulfillmentEvents($fulfillment: ID!) {
  fulfillment(id: $fulfillment) { events(first: 100, reverse: true) { nodes { id status } } }
}
"""

CREATE_FULFILLMENT_EVENT = """
mutation CreateFulfillmentEvent($event: FulfillmentEventInput!) {
  fulfillmentEventCreate(fulfillmentEvent: $event) { fulfillmentEvent { id } userErrors { field message } }
}
"""

RETURN = """
query ReturnState($return: ID!) {
  return(id: $return) { id status returnLineItems(first: 100) { nodes { id processedQuantity processableQuantity } } }
}
"""

APPROVE_RETURN = """
mutation ApproveReturn($input: ReturnApproveRequestInput!) {
  returnApproveRequest(input: $input) { return { id } userErrors { field message } }
}
"""

PROCESS_RETURN = """
mutation ProcessReturn($input: ReturnProcessInput!) {
  returnProcess(input: $input) { return { id } userErrors { field message } }
}
"""

_FULFILLABLE = frozenset({"OPEN", "IN_PROGRESS"})
_FULFILLMENT_VOID = frozenset({"CANCELLED", "ERROR", "FAILURE"})


class Camel(msgspec.Struct, kw_only=True, rename="camel"):
    """GraphQL names are in camel case."""


class Node(Camel):
    id: str


class TrackingInfo(Camel):
    number: str | None = None


class Fulfillment(Camel):
    id: str
    status: str
    tracking_info: list[TrackingInfo] = []


class FulfillmentOrderLine(Camel):
    id: str
    remaining_quantity: int
    line_item: Node


class PageInfo(Camel):
    has_next_page: bool
    end_cursor: str | None = None


class FulfillmentOrderLines(Camel):
    page_info: PageInfo
    nodes: list[FulfillmentOrderLine]


class FulfillmentOrderLinesOwner(Camel):
    line_items: FulfillmentOrderLines


class FulfillmentOrderLinesAnswer(Camel):
    fulfillment_order: FulfillmentOrderLinesOwner | None


class FulfillmentOrder(Camel):
    id: str
    status: str
    line_items: FulfillmentOrderLines


class FulfillmentOrders(Camel):
    page_info: PageInfo
    nodes: list[FulfillmentOrder]


class Order(Camel):
    fulfillments: list[Fulfillment]
    fulfillment_orders: FulfillmentOrders


class OrderAnswer(Camel):
    order: Order | None


class Event(Camel):
    id: str
    status: str


class Events(Camel):
    nodes: list[Event]


class EventsOwner(Camel):
    events: Events


class EventsAnswer(Camel):
    fulfillment: EventsOwner | None


class ReturnLine(Camel):
    id: str
    processed_quantity: int
    processable_quantity: int


class ReturnLines(Camel):
    nodes: list[ReturnLine]


class Return(Camel):
    id: str
    status: str
    return_line_items: ReturnLines


class ReturnAnswer(Camel):
    return_: Return | None = msgspec.field(name="return")


class Shop(Camel):
    name: str
    currency_code: str


class ShopAnswer(Camel):
    shop: Shop


class Subscription(Camel):
    topic: str
    uri: str


class Subscriptions(Camel):
    page_info: PageInfo
    nodes: list[Subscription]


class SubscriptionsAnswer(Camel):
    webhook_subscriptions: Subscriptions


class UserError(Camel):
    message: str
    field: list[str] | None = None


class Outcome(Camel):
    """A mutation's payload; the mutation decides which of the nodes is filled."""

    user_errors: list[UserError]
    fulfillment: Node | None = None
    fulfillment_event: Node | None = None
    return_: Node | None = msgspec.field(name="return", default=None)
    webhook_subscription: Node | None = None
    inventory_adjustment_group: Node | None = None

    @property
    def made(self) -> str | None:
        """The id of what the mutation created or changed."""
        node = self.fulfillment or self.fulfillment_event or self.return_ or self.webhook_subscription
        return node.id if node else None


class ErrorExtensions(Camel):
    code: str = ""


class QueryError(Camel):
    message: str
    extensions: ErrorExtensions = msgspec.field(default_factory=ErrorExtensions)


class ThrottleStatus(Camel):
    currently_available: Decimal = Decimal(0)
    restore_rate: Decimal = Decimal(0)


class Cost(Camel):
    requested_query_cost: Decimal | None = None
    throttle_status: ThrottleStatus | None = None


class Extensions(Camel):
    cost: Cost | None = None


class Reply(Camel):
    """The envelope of every answer."""

    THROTTLED: ClassVar[str] = "THROTTLED"

    data: dict[str, object] | None = None
    errors: list[QueryError] = []
    extensions: Extensions | None = None


def gid(kind: str, identifier: str) -> str:
    """Shopify's global id; an id that is already global is not changed."""
    return identifier if identifier.startswith("gid://") else f"gid://shopify/{kind}/{identifier}"


def seconds_to_wait(reply: Reply) -> float:
    """When the rate limit allows this query again; one second if Shopify does not send it."""
    cost = reply.extensions.cost if reply.extensions else None
    if cost is None or cost.throttle_status is None or cost.throttle_status.restore_rate <= 0:
        return 1.0
    lacking = (cost.requested_query_cost or Decimal(0)) - cost.throttle_status.currently_available
    return max(1.0, float(lacking / cost.throttle_status.restore_rate))


def fulfillment_with(order: Order, tracking_number: str) -> str | None:
    """The id of a valid fulfillment with this tracking number."""
    return next(
        (
            fulfillment.id
            for fulfillment in order.fulfillments
            if fulfillment.status not in _FULFILLMENT_VOID
            and any(info.number == tracking_number for info in fulfillment.tracking_info)
        ),
        None,
    )


def fulfillment_input(
    notice: ports.ShipmentNotice, fulfillment_orders: list[FulfillmentOrder]
) -> dict[str, object]:
    """The FulfillmentInput that assigns the parcel's units to open fulfillment orders.

    Raises Conflict when Shopify has fewer units left than the parcel holds.
    """
    wanted = {gid("LineItem", line.external_line_id): line.quantity for line in notice.lines}
    booked = []
    for fulfillment_order in fulfillment_orders:
        if fulfillment_order.status not in _FULFILLABLE:
            continue
        lines = [
            {"id": line.id, "quantity": taken}
            for line in fulfillment_order.line_items.nodes
            if (taken := _take(wanted, line.line_item.id, line.remaining_quantity))
        ]
        if lines:
            booked.append({"fulfillmentOrderId": fulfillment_order.id, "fulfillmentOrderLineItems": lines})
    if missing := {line: quantity for line, quantity in wanted.items() if quantity}:
        raise errors.Conflict(
            "Shopify has fewer units left to fulfill than this parcel holds.", missing=missing
        )
    return {
        "lineItemsByFulfillmentOrder": booked,
        "trackingInfo": _tracking(notice),
        "notifyCustomer": notice.notify_customer,
    }


def _take(wanted: dict[str, int], line_item: str, available: int) -> int:
    taken = min(wanted.get(line_item, 0), max(0, available))
    if taken:
        wanted[line_item] -= taken
    return taken


def _tracking(notice: ports.ShipmentNotice) -> dict[str, str]:
    reported = {"company": notice.carrier, "number": notice.tracking_number, "url": notice.tracking_url}
    return {name: value for name, value in reported.items() if value}


def delivered_event(events: Events) -> str | None:
    """The id of the delivered event, if there is one."""
    return next((event.id for event in events.nodes if event.status == "DELIVERED"), None)


def delivered_input(fulfillment: str, delivered_at: datetime) -> dict[str, object]:
    """The FulfillmentEventInput of a delivery."""
    return {"fulfillmentId": fulfillment, "status": "DELIVERED", "happenedAt": delivered_at.isoformat()}


def process_input(notice: ports.ReturnNotice, reported: Return) -> dict[str, object] | None:
    """The ReturnProcessInput for units not processed yet; None when all are.

    It moves no money: the gateway did that. Raises Conflict when Shopify does not accept the quantity.
    """
    lines = {line.id: line for line in reported.return_line_items.nodes}
    wanted = []
    for line in notice.lines:
        identifier = gid("ReturnLineItem", line.external_line_id)
        known = lines.get(identifier)
        open_quantity = line.quantity - (known.processed_quantity if known else 0)
        if open_quantity <= 0:
            continue
        if known is None or known.processable_quantity < open_quantity:
            raise errors.Conflict(
                "Shopify has fewer units in this return than were received.", line=identifier
            )
        wanted.append({"id": identifier, "quantity": open_quantity})
    return {"returnId": reported.id, "returnLineItems": wanted, "notifyCustomer": False} if wanted else None
