"""An order as version 0 of the Orders API shows it; personal data is for restricted data tokens."""

from __future__ import annotations

from decimal import Decimal

from doorstep_sandbox.amazon import orders
from doorstep_sandbox.frame.wire import Json

STATUSES = {
    "PENDING": "Pending",
    "PENDING_AVAILABILITY": "PendingAvailability",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}
CHANNELS = {orders.MERCHANT: "MFN", orders.BY_AMAZON: "AFN"}
ADDRESS_FIELDS = (
    "name companyName addressLine1 addressLine2 addressLine3 city stateOrRegion postalCode countryCode phone"
).split()


def order(source: Json, elements: set[str]) -> Json:
    """`elements` of a restricted data token: buyerInfo, shippingAddress."""
    body: Json = {
        "AmazonOrderId": source["id"],
        "PurchaseDate": source["placed_at"],
        "LastUpdateDate": source["updated_at"],
        "OrderStatus": STATUSES[source["status"]],
        "FulfillmentChannel": CHANNELS[source["fulfilled_by"]],
        "SalesChannel": orders.NAMES[source["marketplace"]][0],
        "ShipServiceLevel": "Std Domestic",
        "ShipmentServiceLevelCategory": source["service"].title(),
        "NumberOfItemsShipped": sum(item["shipped"] for item in source["items"]),
        "NumberOfItemsUnshipped": sum(orders.left(item) for item in source["items"]),
        "PaymentMethod": source["payment_method"],
        "PaymentMethodDetails": ["Standard"],
        "MarketplaceId": source["marketplace"],
        "OrderType": "StandardOrder",
        "IsPrime": "PRIME" in source["programs"],
        "IsBusinessOrder": "AMAZON_BUSINESS" in source["programs"],
        "IsReplacementOrder": False,
        "IsPremiumOrder": False,
    }
    if source["seller_order_id"]:
        body["SellerOrderId"] = source["seller_order_id"]
    if orders.ready(source):
        body |= _when_ready(source, elements)
    return body


def _when_ready(source: Json, elements: set[str]) -> Json:
    body: Json = {
        "OrderTotal": _money(orders.total(source), source),
        "EarliestShipDate": source["ship_from"],
        "LatestShipDate": source["ship_by"],
        "EarliestDeliveryDate": source["ship_by"],
        "LatestDeliveryDate": source["deliver_by"],
    }
    if "buyerInfo" in elements:
        body["BuyerInfo"] = _buyer(source)
    if "shippingAddress" in elements:
        body["ShippingAddress"] = _address(source["address"])
    return body


def items(source: Json) -> Json:
    return {"AmazonOrderId": source["id"], "OrderItems": [_item(source, item) for item in source["items"]]}


def address(source: Json) -> Json:
    body: Json = {"AmazonOrderId": source["id"]}
    return {**body, "ShippingAddress": _address(source["address"])} if orders.ready(source) else body


def buyer_info(source: Json) -> Json:
    return {"AmazonOrderId": source["id"], **(_buyer(source) if orders.ready(source) else {})}


def _buyer(source: Json) -> Json:
    return {"BuyerEmail": source["buyer"]["email"], "BuyerName": source["buyer"]["name"]}


def _address(current: Json) -> Json:
    body = {name[0].upper() + name[1:]: current[name] for name in ADDRESS_FIELDS if current.get(name)}
    if current.get("addressType") in {"RESIDENTIAL", "COMMERCIAL"}:
        body["AddressType"] = str(current["addressType"]).title()
    return body


def _item(source: Json, item: Json) -> Json:
    body: Json = {
        "ASIN": item["asin"],
        "OrderItemId": item["id"],
        "SellerSKU": item["sku"],
        "Title": item["title"],
        "QuantityOrdered": item["quantity"],
        "QuantityShipped": item["shipped"],
        "IsGift": "true" if item["gift_message"] else "false",
        "ConditionId": "New",
        "ConditionSubtypeId": "New",
        "IsTransparency": False,
        "SerialNumberRequired": False,
    }
    if orders.ready(source):
        amounts = {
            "ItemPrice": Decimal(item["price"]) * item["quantity"],
            "ItemTax": Decimal(item["tax"]),
            "ShippingPrice": Decimal(item["shipping"]),
            "PromotionDiscount": Decimal(item["discount"]),
        }
        body |= {name: _money(amount, source) for name, amount in amounts.items()}
    if item["cancel_reason"]:
        reason = {"IsBuyerRequestedCancel": "true", "BuyerCancelReason": item["cancel_reason"]}
        body["BuyerRequestedCancel"] = reason
    return body


def _money(amount: Decimal, source: Json) -> Json:
    return {"CurrencyCode": source["currency"], "Amount": f"{amount}"}
