"""Webhook bodies of events after an order: transactions, fulfillments, refunds, returns."""

from __future__ import annotations

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model
from doorstep_sandbox.shopify import payload_parts as parts


def transaction(one: Json, each: Json) -> Json:
    unsettled = {"amount": "0.0", "currency": one["currency"]}
    details = [
        "credit_card_bin",
        "avs_result_code",
        "cvv_result_code",
        "buyer_action_info",
        "credit_card_name",
        "credit_card_wallet",
        "credit_card_expiration_month",
        "credit_card_expiration_year",
    ]
    return {
        "id": each["id"],
        "order_id": one["id"],
        "kind": each["kind"],
        "gateway": each["gateway"],
        "status": each["status"],
        "message": None,
        "created_at": parts.local(each["created_at"]),
        "test": False,
        "authorization": each["authorization"],
        "location_id": None,
        "user_id": None,
        "parent_id": each["parent_id"],
        "processed_at": parts.local(each["created_at"]),
        "device_id": None,
        "error_code": None,
        "source_name": "web",
        "payment_details": {
            **dict.fromkeys(details),
            "credit_card_number": "",
            "credit_card_company": "",
            "payment_method_name": each["gateway"],
        },
        "receipt": {},
        "amount": model.major(each["amount"]),
        "currency": one["currency"],
        "payment_id": each["payment_id"],
        "total_unsettled_set": {"presentment_money": unsettled, "shop_money": dict(unsettled)},
        "manual_payment_gateway": False,
        "amount_rounding": None,
        "admin_graphql_api_id": model.gid("OrderTransaction", each["id"]),
    }


def fulfillment(one: Json, each: Json) -> Json:
    lines = []
    for part in each["lines"]:
        found = model.find_line(one, part["line_id"])
        if found:
            lines.append({**parts.line_item(one, found), "quantity": part["quantity"]})
    tracking = each["tracking"]
    return {
        "id": each["id"],
        "order_id": one["id"],
        "status": each["status"].lower(),
        "created_at": parts.local(each["created_at"]),
        "service": "manual",
        "updated_at": parts.local(each["updated_at"]),
        "tracking_company": tracking.get("company"),
        "shipment_status": each["shipment_status"],
        "location_id": each["location_id"],
        "origin_address": None,
        "email": one["email"],
        "destination": parts.address(one["address"], one["buyer"], one["phone"]),
        "line_items": lines,
        "tracking_number": next(iter(tracking["numbers"]), None),
        "tracking_numbers": tracking["numbers"],
        "tracking_url": next(iter(tracking["urls"]), None),
        "tracking_urls": tracking["urls"],
        "receipt": {},
        "name": each["name"],
        "admin_graphql_api_id": model.gid("Fulfillment", each["id"]),
    }


def refund(one: Json, each: Json) -> Json:
    currency = one["currency"]
    lines = [
        {
            "id": part["id"],
            "quantity": part["quantity"],
            "line_item_id": part["line_id"],
            "location_id": part["location_id"],
            "restock_type": part["restock_type"].lower(),
            "subtotal": part["amount"] / 100,
            "total_tax": 0,
            "subtotal_set": parts.money_set(part["amount"], currency),
            "total_tax_set": parts.money_set(0, currency),
            "line_item": parts.line_item(one, found),
        }
        for part in each["lines"]
        if (found := model.find_line(one, part["line_id"]))
    ]
    moved = [each_one for each_one in one["transactions"] if each_one["id"] in each["transaction_ids"]]
    return {
        "id": each["id"],
        "order_id": one["id"],
        "created_at": parts.local(each["created_at"]),
        "note": each["note"],
        "user_id": None,
        "processed_at": parts.local(each["created_at"]),
        "duties": [],
        "total_duties_set": parts.money_set(0, currency),
        "return": None,
        "refund_shipping_lines": [],
        "restock": any(part["restock_type"] != "NO_RESTOCK" for part in each["lines"]),
        "admin_graphql_api_id": model.gid("Refund", each["id"]),
        "order_adjustments": [],
        "refund_line_items": lines,
        "transactions": [transaction(one, each_one) for each_one in moved],
    }


def return_(one: Json, each: Json) -> Json:
    """returns/request and returns/approve; the lines follow recorded webhooks, because the samples have none."""
    return {
        "id": each["id"],
        "admin_graphql_api_id": model.gid("Return", each["id"]),
        "status": each["status"].lower(),
        "order": {"id": one["id"], "admin_graphql_api_id": model.gid("Order", one["id"])},
        "total_return_line_items": len(each["lines"]),
        "name": each["name"],
        "return_line_items": [
            {
                "id": part["id"],
                "admin_graphql_api_id": model.gid("ReturnLineItem", part["id"]),
                "fulfillment_line_item": {
                    "id": part["fulfillment_line_id"],
                    "admin_graphql_api_id": model.gid("FulfillmentLineItem", part["fulfillment_line_id"]),
                    "line_item": {
                        "id": part["line_id"],
                        "admin_graphql_api_id": model.gid("LineItem", part["line_id"]),
                    },
                },
                "quantity": part["quantity"],
                "return_reason": part["reason"].lower(),
                "return_reason_note": part["note"],
                "customer_note": part["customer_note"],
            }
            for part in each["lines"]
        ],
        "return_shipping_fees": [],
        "exchange_line_items": [],
        "total_exchange_line_items": 0,
    }


def return_declined(one: Json, each: Json) -> Json:
    whole = return_(one, each)
    kept = {key: whole[key] for key in ("id", "admin_graphql_api_id", "status", "order")}
    decline = each["decline"]
    return {**kept, "decline": {"reason": decline["reason"].lower(), "note": decline["note"]}}


def return_closed(one: Json, each: Json) -> Json:
    return {
        "id": each["id"],
        "admin_graphql_api_id": model.gid("Return", each["id"]),
        "order_id": one["id"],
        "status": each["status"].lower(),
    }


def routing_complete(one: Json) -> Json:
    return {
        "fulfillment_order": {
            "id": model.gid("FulfillmentOrder", one["fulfillment_order"]["id"]),
            "status": one["fulfillment_order"]["status"].lower(),
        }
    }
