"""Build the workload's orders as Shopify sends them: complete orders/create documents, signed."""

from __future__ import annotations

import base64
import hashlib
import hmac
import random
from collections.abc import Iterator

import msgspec

from doorstep_bench.client import Call
from doorstep_bench.workload import SKUS
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model, payloads

SECRET = "the benchmark signs with this"  # noqa: S105 - of a scratch installation that lives for minutes
SHOP = "bench.myshopify.example"
TOPIC = "orders/create"


def calls(*, seed: int, count: int) -> Iterator[Call]:
    """Signed webhooks, each with its own order."""
    chance = random.Random(seed)  # noqa: S311 - a workload that repeats, not a secret
    for number in range(count):
        yield _call(_document(seed * 1_000_000 + number, chance), f"{seed}-{number}")


def _document(number: int, chance: random.Random) -> Json:
    wanted = [(chance.choice(SKUS), chance.randint(1, 3)) for _ in range(chance.randint(1, 4))]
    lines = [_line(str(sku), quantity) for sku, quantity in wanted]
    reported: Json = {
        "email": f"c{number}@example.com",
        "phone": f"+91{number:010d}",
        "buyer": {"first_name": "Customer", "last_name": str(number)},
        "address": {
            "first_name": "Customer", "last_name": str(number), "address1": f"{number} Road", "city": "Pune",
            "province": "Maharashtra", "province_code": "MH", "zip": "411001", "country": "India", "country_code": "IN",
        },
    }  # fmt: skip
    order = model.order(reported, number, lines)
    order["financial_status"] = "paid"
    return payloads.order(order, SHOP)


def _line(sku: str, quantity: int) -> Json:
    variant: Json = {"id": model.new_id(), "product_id": model.new_id(), "title": f"Thing {sku}"}
    return model.line(
        {"sku": sku, "quantity": quantity, "price": "799.00", "grams": 250},
        variant,
        included=True,
        within_state=True,
    )


def _call(document: Json, event: str) -> Call:
    body = msgspec.json.encode(document)
    signature = base64.b64encode(hmac.digest(SECRET.encode(), body, hashlib.sha256)).decode()
    headers = {
        "Content-Type": "application/json",
        "X-Shopify-Topic": TOPIC,
        "X-Shopify-Hmac-SHA256": signature,
        "X-Shopify-Shop-Domain": SHOP,
        "X-Shopify-Event-Id": event,
    }
    return Call(headers, body)
