"""Orders as the sandbox keeps them, how they are placed, and how they change."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json

MERCHANT, BY_AMAZON = "MERCHANT", "AMAZON"
PENDING, UNSHIPPED, PARTLY, SHIPPED, CANCELED, WAITING = (
    "PENDING",
    "UNSHIPPED",
    "PARTIALLY_SHIPPED",
    "SHIPPED",
    "CANCELLED",
    "PENDING_AVAILABILITY",
)
NAMES = {
    "A21TJRUUN4KGV": ("Amazon.in", "IN", "INR"),
    "ATVPDKIKX0DER": ("Amazon.com", "US", "USD"),
    "A1PA6795UKMFR9": ("Amazon.de", "DE", "EUR"),
    "A1F83G8C2ARO7P": ("Amazon.co.uk", "GB", "GBP"),
    "A1VC38T7YXB528": ("Amazon.co.jp", "JP", "JPY"),
}
BUYER: Json = {"name": "Meera Nair", "email": "x1y2z3abc@marketplace.amazon.in"}
ADDRESS: Json = {
    "name": "Meera Nair",
    "addressLine1": "12 Lodhi Road",
    "city": "New Delhi",
    "stateOrRegion": "Delhi",
    "postalCode": "110003",
    "countryCode": "IN",
    "phone": "+919812345678",
    "addressType": "RESIDENTIAL",
}


def place(body: Json, marketplace: str) -> Json:
    """An order from the control door: lines are {sku, quantity, price, tax, shipping, discount, title, asin}."""
    placed_at = clock.now() - dt.timedelta(minutes=float(body.get("minutes_ago", 0)))
    ship_by = placed_at + dt.timedelta(hours=float(body.get("ship_within_hours", 48)))
    fulfilled_by = BY_AMAZON if body.get("fulfilled_by", MERCHANT) in {"AFN", BY_AMAZON} else MERCHANT
    return {
        "id": body.get("order_id") or _order_id(),
        "seller_order_id": body.get("seller_order_id"),
        "placed_at": clock.zulu(placed_at),
        "updated_at": clock.zulu(placed_at),
        "status": body.get("status", UNSHIPPED),
        "fulfilled_by": fulfilled_by,
        "marketplace": marketplace,
        "currency": body.get("currency", NAMES[marketplace][2]),
        "service": body.get("service", "STANDARD"),
        "programs": list(body.get("programs", [])),
        "buyer": {**BUYER, **body.get("buyer", {})},
        "address": body.get("address") or dict(ADDRESS),
        "ship_from": clock.zulu(placed_at),
        "ship_by": clock.zulu(ship_by),
        "deliver_by": clock.zulu(ship_by + dt.timedelta(days=4)),
        "payment_method": body.get("payment_method", "Other"),
        "items": [_item(line) for line in body["lines"]],
        "packages": [],
    }


def _order_id() -> str:
    return f"{random.randint(100, 999)}-{random.randint(0, 9_999_999):07}-{random.randint(0, 9_999_999):07}"


def _item(line: Json) -> Json:
    return {
        "id": str(line.get("item_id") or random.randint(10**13, 10**14 - 1)),
        "sku": line["sku"],
        "asin": line.get("asin", "B" + format(random.randint(0, 36**9 - 1), "09d")[:9]),
        "title": line.get("title", line["sku"]),
        "quantity": int(line.get("quantity", 1)),
        "shipped": 0,
        "price": str(line.get("price", "100.00")),
        "tax": str(line.get("tax", "0.00")),
        "shipping": str(line.get("shipping", "0.00")),
        "discount": str(line.get("discount", "0.00")),
        "gift_message": line.get("gift_message"),
        "cancel_reason": None,
        "canceled_by": None,
    }


def touch(order: Json) -> None:
    order["updated_at"] = clock.zulu(clock.now())


def ready(order: Json) -> bool:
    """Whether buyer, address and prices may be shown: Amazon withholds them while payment is pending."""
    return order["status"] not in {PENDING, WAITING}


def left(item: Json) -> int:
    return int(item["quantity"]) - int(item["shipped"])


def total(order: Json) -> Decimal:
    return sum((item_total(item) for item in order["items"]), Decimal())


def item_total(item: Json) -> Decimal:
    goods: Decimal = Decimal(item["price"]) * int(item["quantity"])
    return goods + Decimal(item["tax"]) + Decimal(item["shipping"]) - Decimal(item["discount"])


def add_package(order: Json, package: Json) -> None:
    """Record a package and what it ships; a package with a known reference is replaced, which ships nothing more."""
    known = {each["reference"]: each for each in order["packages"]}
    if package["reference"] in known:
        known[package["reference"]].update(package)
    else:
        order["packages"].append(package)
        items = {item["id"]: item for item in order["items"]}
        for entry in package["items"]:
            items[entry["id"]]["shipped"] += entry["quantity"]
    order["status"] = SHIPPED if all(left(item) == 0 for item in order["items"]) else PARTLY
    touch(order)
