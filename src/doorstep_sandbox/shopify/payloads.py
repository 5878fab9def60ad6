"""orders/create and similar topics as Shopify 2026-07 sends them: prices as strings, ids beyond 2**53."""

from __future__ import annotations

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model
from doorstep_sandbox.shopify import payload_events as events
from doorstep_sandbox.shopify import payload_parts as parts

NULLS = (
    "app_id",
    "browser_ip",
    "cart_token",
    "checkout_token",
    "client_details",
    "closed_at",
    "current_total_additional_fees_set",
    "current_total_duties_set",
    "device_id",
    "landing_site",
    "landing_site_ref",
    "location_id",
    "merchant_of_record_app_id",
    "original_total_additional_fees_set",
    "original_total_duties_set",
    "payment_terms",
    "po_number",
    "reference",
    "referring_site",
    "source_identifier",
    "source_url",
    "user_id",
)
EMPTY = ("discount_applications", "discount_codes", "line_item_groups", "note_attributes", "returns")


def order(one: Json, shop_domain: str) -> Json:
    """orders/create and similar topics. Overrides given to place_order replace fields unchanged."""
    place = parts.address(one["address"], one["buyer"], one["phone"])
    token = f"{one['id']:x}"
    return {
        "id": one["id"],
        "admin_graphql_api_id": model.gid("Order", one["id"]),
        **dict.fromkeys(NULLS),
        **{name: [] for name in EMPTY},
        **parts.sums(one),
        **_constants(one),
        "cancel_reason": one["cancel_reason"],
        "cancelled_at": parts.local(one["cancelled_at"]),
        "created_at": parts.local(one["created_at"]),
        "processed_at": parts.local(one["created_at"]),
        "updated_at": parts.local(one["updated_at"]),
        "financial_status": one["financial_status"],
        "fulfillment_status": model.fulfillment_status(one),
        "order_status_url": f"https://{shop_domain}/orders/{token}/authenticate?key={token[::-1]}",
        "payment_gateway_names": [one["gateway"]],
        "tax_lines": _order_taxes(one),
        "token": token,
        "billing_address": parts.address(one["billing_address"], one["buyer"], one["phone"]) or place,
        "customer": parts.customer(one),
        "fulfillments": [events.fulfillment(one, each) for each in one["fulfillments"]],
        "line_items": [parts.line_item(one, each) for each in one["lines"]],
        "refunds": [events.refund(one, each) for each in one["refunds"]],
        "shipping_address": place,
        "shipping_lines": [parts.shipping_line(one)],
        **one["overrides"],
    }


def _constants(one: Json) -> Json:
    return {
        "buyer_accepts_marketing": False,
        "confirmation_number": f"{one['id'] % 36**9:09X}"[:9],
        "confirmed": True,
        "contact_email": one["email"],
        "currency": one["currency"],
        "customer_locale": "en-IN",
        "duties_included": False,
        "email": one["email"],
        "estimated_taxes": False,
        "merchant_business_entity_id": "MTU0ODM4MDAwOQ",
        "name": one["name"],
        "note": one["note"],
        "number": one["number"] - 1000,
        "order_number": one["number"],
        "phone": one["phone"],
        "presentment_currency": one["currency"],
        "source_name": "web",
        "tags": one["tags"],
        "tax_exempt": False,
        "taxes_included": one["taxes_included"],
        "test": False,
        "total_weight": sum(each["grams"] * each["quantity"] for each in one["lines"]),
    }


def _order_taxes(one: Json) -> list[Json]:
    sums: dict[tuple[str, float], int] = {}
    for each in one["lines"]:
        for part in each["tax_lines"]:
            key = (part["title"], part["rate"])
            sums[key] = sums.get(key, 0) + part["price"]
    return [
        parts.tax_line({"title": title, "rate": rate, "price": price}, one["currency"])
        for (title, rate), price in sums.items()
    ]
