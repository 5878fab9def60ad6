"""Parts of webhook bodies: addresses, lines, amounts as strings with their *_set."""

from __future__ import annotations

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model


def money_set(value: int, currency: str) -> Json:
    amount = {"amount": model.major(value), "currency_code": currency}
    return {"shop_money": amount, "presentment_money": dict(amount)}


def local(moment: str | None) -> str | None:
    return model.local(clock.parse(moment)) if moment else None


def address(parts: Json | None, buyer: Json, phone: str | None) -> Json | None:
    if not parts:
        return None
    first, last = (
        parts.get("first_name", buyer.get("first_name", "")),
        parts.get("last_name", buyer.get("last_name", "")),
    )
    return {
        "first_name": first,
        "address1": parts.get("address1", ""),
        "phone": parts.get("phone", phone),
        "city": parts.get("city", ""),
        "zip": parts.get("zip", ""),
        "province": parts.get("province", ""),
        "country": parts.get("country", "India"),
        "last_name": last,
        "address2": parts.get("address2"),
        "company": parts.get("company"),
        "latitude": parts.get("latitude"),
        "longitude": parts.get("longitude"),
        "name": f"{first} {last}".strip(),
        "country_code": parts.get("country_code", "IN"),
        "province_code": parts.get("province_code", ""),
    }


def tax_line(part: Json, currency: str) -> Json:
    return {
        "channel_liable": False,
        "price": model.major(part["price"]),
        "price_set": money_set(part["price"], currency),
        "rate": part["rate"],
        "title": part["title"],
    }


def line_item(order: Json, one: Json) -> Json:
    currency = order["currency"]
    done = model.fulfilled(order, one["id"])
    left = max(0, one["current_quantity"] - done)
    name = f"{one['title']} - {one['variant_title']}" if one["variant_title"] else one["title"]
    return {
        "id": one["id"],
        "admin_graphql_api_id": model.gid("LineItem", one["id"]),
        "attributed_staffs": [],
        "current_quantity": one["current_quantity"],
        "fulfillable_quantity": left,
        "fulfillment_service": "manual",
        "fulfillment_status": None if not done else "partial" if left else "fulfilled",
        "gift_card": False,
        "grams": one["grams"],
        "name": name,
        "price": model.major(one["price"]),
        "price_set": money_set(one["price"], currency),
        "product_exists": True,
        "product_id": one["product_id"],
        "properties": [],
        "quantity": one["quantity"],
        "requires_shipping": True,
        "sales_line_item_group_id": None,
        "sku": one["sku"],
        "taxable": True,
        "title": one["title"],
        "total_discount": model.major(one["discount"]),
        "total_discount_set": money_set(one["discount"], currency),
        "variant_id": one["variant_id"],
        "variant_inventory_management": "shopify",
        "variant_title": one["variant_title"],
        "vendor": None,
        "tax_lines": [tax_line(part, currency) for part in one["tax_lines"]],
        "duties": [],
        "discount_allocations": [],
    }


def shipping_line(order: Json) -> Json:
    price = money_set(order["shipping"], order["currency"])
    amount = model.major(order["shipping"])
    return {
        "id": order["shipping_line_id"],
        "carrier_identifier": None,
        "code": order["shipping_title"],
        "current_discounted_price_set": price,
        "discounted_price": amount,
        "discounted_price_set": price,
        "is_removed": False,
        "phone": None,
        "price": amount,
        "price_set": price,
        "requested_fulfillment_service_id": None,
        "source": "shopify",
        "title": order["shipping_title"],
        "tax_lines": [],
        "discount_allocations": [],
    }


def customer(order: Json) -> Json:
    buyer = order["buyer"]
    place = address(order["address"], buyer, order["phone"]) or {}
    kept = (
        "first_name",
        "last_name",
        "company",
        "address1",
        "address2",
        "city",
        "province",
        "country",
        "zip",
    )
    more = ("phone", "name", "province_code", "country_code")
    default = {
        "id": order["customer_id"] + 1,
        "customer_id": order["customer_id"],
        **{key: place.get(key) for key in (*kept, *more)},
        "country_name": place.get("country"),
        "default": True,
    }
    return {
        "id": order["customer_id"],
        "created_at": local(order["created_at"]),
        "updated_at": local(order["created_at"]),
        "first_name": buyer.get("first_name"),
        "last_name": buyer.get("last_name"),
        "state": "disabled",
        "note": None,
        "verified_email": True,
        "multipass_identifier": None,
        "tax_exempt": False,
        "email": order["email"],
        "phone": order["phone"],
        "currency": order["currency"],
        "tax_exemptions": [],
        "admin_graphql_api_id": model.gid("Customer", order["customer_id"]),
        "default_address": default,
    }


def sums(order: Json) -> Json:
    """Every amount twice: as a string and as a *_set."""
    found, currency = model.totals(order), order["currency"]
    named = {
        "current_subtotal_price": found["subtotal"],
        "current_total_discounts": found["discounts"],
        "current_total_price": found["total"],
        "current_total_tax": found["tax"],
        "subtotal_price": found["subtotal"],
        "total_discounts": found["discounts"],
        "total_line_items_price": found["items"],
        "total_price": found["total"],
        "total_tax": found["tax"],
    }
    only_sets = {
        "current_shipping_price_set": found["shipping"],
        "total_cash_rounding_payment_adjustment_set": 0,
        "total_cash_rounding_refund_adjustment_set": 0,
        "total_shipping_price_set": found["shipping"],
    }
    strings = {name: model.major(value) for name, value in named.items()}
    sets = {f"{name}_set": money_set(value, currency) for name, value in named.items()}
    return {
        **strings,
        **sets,
        **{name: money_set(value, currency) for name, value in only_sets.items()},
        "total_outstanding": model.major(found["outstanding"]),
        "total_tip_received": "0.00",
    }
