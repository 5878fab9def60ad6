"""An order as version 2026-01-01 of the Orders API shows it."""

from __future__ import annotations

from decimal import Decimal

from doorstep_sandbox.amazon import orders
from doorstep_sandbox.frame.wire import Json

DATA = (
    "BUYER RECIPIENT PROCEEDS EXPENSE PROMOTION CANCELLATION FULFILLMENT PACKAGES TAX PAYMENT FULFILLMENT_ORDERS"
).split()


def order(source: Json, wanted: set[str]) -> Json:
    """What is always there, and the sets of data that were asked for; personal data and money only when ready."""
    body: Json = {
        "orderId": source["id"],
        "createdTime": source["placed_at"],
        "lastUpdatedTime": source["updated_at"],
        "programs": source["programs"],
        "salesChannel": {
            "channelName": "AMAZON",
            "marketplaceId": source["marketplace"],
            "marketplaceName": orders.NAMES[source["marketplace"]][0],
        },
        "orderItems": [_item(source, item, wanted) for item in source["items"]],
    }
    if source["seller_order_id"]:
        body["orderAliases"] = [{"aliasId": source["seller_order_id"], "aliasType": "SELLER_ORDER_ID"}]
    if "FULFILLMENT" in wanted:
        body["fulfillment"] = _fulfillment(source)
    if "PACKAGES" in wanted and source["packages"]:
        body["packages"] = [_package(package) for package in source["packages"]]
    if orders.ready(source):
        body |= _when_ready(source, wanted)
    return body


def _when_ready(source: Json, wanted: set[str]) -> Json:
    body: Json = {}
    total = money(orders.total(source), source)
    if "BUYER" in wanted:
        body["buyer"] = {"buyerName": source["buyer"]["name"], "buyerEmail": source["buyer"]["email"]}
    if "RECIPIENT" in wanted:
        body["recipient"] = {"deliveryAddress": source["address"]}
    if "PROCEEDS" in wanted:
        body["proceeds"] = {"grandTotal": total}
    if "PAYMENT" in wanted:
        execution = {"paymentMethod": source["payment_method"], "paymentAmount": total}
        body["payment"] = {"paymentExecutions": [execution]}
    return body


def _fulfillment(source: Json) -> Json:
    return {
        "fulfillmentStatus": source["status"],
        "fulfilledBy": source["fulfilled_by"],
        "fulfillmentServiceLevel": source["service"],
        "shipByWindow": {"earliestDateTime": source["ship_from"], "latestDateTime": source["ship_by"]},
        "deliverByWindow": {"earliestDateTime": source["ship_by"], "latestDateTime": source["deliver_by"]},
    }


def _item(source: Json, item: Json, wanted: set[str]) -> Json:
    product: Json = {
        "asin": item["asin"],
        "title": item["title"],
        "sellerSku": item["sku"],
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
    }
    if orders.ready(source):
        product["price"] = {"unitPrice": money(Decimal(item["price"]), source)}
    body: Json = {"orderItemId": item["id"], "quantityOrdered": item["quantity"], "product": product}
    if "PROCEEDS" in wanted and orders.ready(source):
        body["proceeds"] = _proceeds(source, item)
    if "FULFILLMENT" in wanted:
        body["fulfillment"] = _item_fulfillment(item)
    if "CANCELLATION" in wanted and (item["cancel_reason"] or item["canceled_by"]):
        body["cancellation"] = _cancellation(item)
    return body


def _item_fulfillment(item: Json) -> Json:
    body: Json = {"quantityFulfilled": item["shipped"], "quantityUnfulfilled": orders.left(item)}
    if item["gift_message"]:
        body["packing"] = {"giftOption": {"giftMessage": item["gift_message"]}}
    return body


def _proceeds(source: Json, item: Json) -> Json:
    parts = {
        "ITEM": Decimal(item["price"]) * item["quantity"],
        "SHIPPING": Decimal(item["shipping"]),
        "DISCOUNT": -Decimal(item["discount"]),
        "TAX": Decimal(item["tax"]),
    }
    breakdowns = [
        {"type": kind, "subtotal": money(amount, source)}
        for kind, amount in parts.items()
        if amount or kind == "ITEM"
    ]
    return {"proceedsTotal": money(orders.item_total(item), source), "breakdowns": breakdowns}


def _cancellation(item: Json) -> Json:
    body: Json = {}
    if item["cancel_reason"]:
        body["cancellationRequest"] = {"requester": "BUYER", "cancelReason": item["cancel_reason"]}
    if item["canceled_by"]:
        body["cancellationExecution"] = {
            "cancelledBy": item["canceled_by"],
            "cancelReason": item["cancel_reason"] or "",
        }
    return body


def _package(package: Json) -> Json:
    return {
        "packageReferenceId": package["reference"],
        "packageStatus": {"status": "SHIPPED"},
        "carrier": package["carrier"],
        "shipTime": package["shipped_at"],
        "shippingService": package["method"],
        "trackingNumber": package["tracking"],
        "packageItems": [
            {"orderItemId": each["id"], "quantity": each["quantity"]} for each in package["items"]
        ],
    }


def money(amount: Decimal, source: Json) -> Json:
    return {"amount": f"{amount}", "currencyCode": source["currency"]}
