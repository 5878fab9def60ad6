"""Orders of our own values in Amazon's shape, and the official models to compare with."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from tests.clock import NOON

from doorstep.adapters.channels.amazon.wire import orders
from doorstep.domain.orders.model import OrderSnapshot

SPECS = Path(__file__).parents[3].parent / "shared" / "specs" / "amazon"
GO_LIVE = NOON - timedelta(days=30)


def zulu(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def rupees(amount: str) -> dict[str, str]:
    return {"amount": amount, "currencyCode": "INR"}


def part(kind: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "subtotal": rupees(amount), **more}


def item(*parts: dict[str, Any], quantity: int = 2, number: str = "111", **more: Any) -> dict[str, Any]:
    """An item: two shirts for 599.00 each, unless its proceeds say otherwise."""
    return {
        "orderItemId": number,
        "quantityOrdered": quantity,
        "product": {
            "asin": "B000TEST01",
            "title": "White T-shirt",
            "sellerSku": "GT-WH-02",
            "price": {"unitPrice": rupees("599.00")},
        },
        "proceeds": {"breakdowns": list(parts or (part("ITEM", "1198.00"),))},
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": quantity},
        **more,
    }


def order(
    *items: dict[str, Any], total: str | None = "1198.00", status: str = "UNSHIPPED", **more: Any
) -> dict[str, Any]:
    """An order that the seller ships."""
    found = {
        "orderId": "403-1234567-7654321",
        "createdTime": zulu(NOON - timedelta(hours=2)),
        "lastUpdatedTime": zulu(NOON),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A21TJRUUN4KGV"},
        "recipient": {
            "deliveryAddress": {
                "name": "Meera Nair",
                "addressLine1": "12 Lodhi Road",
                "city": "New Delhi",
                "stateOrRegion": "DL",
                "postalCode": "110003",
                "countryCode": "IN",
                "phone": "+919812345678",
            }
        },
        "proceeds": {"grandTotal": rupees(total)} if total is not None else {},
        "fulfillment": fulfillment(status),
        "orderItems": list(items) or [item()],
    }
    return found | more


def fulfillment(status: str = "UNSHIPPED", by: str = "MERCHANT", level: str = "STANDARD") -> dict[str, Any]:
    return {
        "fulfillmentStatus": status,
        "fulfilledBy": by,
        "fulfillmentServiceLevel": level,
        "shipByWindow": {"earliestDateTime": zulu(NOON), "latestDateTime": zulu(NOON + timedelta(days=1))},
        "deliverByWindow": {"latestDateTime": zulu(NOON + timedelta(days=4))},
    }


def read(document: object, *, takes_over: bool = False) -> OrderSnapshot:
    return orders.parse(json.dumps(document).encode(), orders_from=GO_LIVE, takes_over_open=takes_over)


def model(name: str) -> Any:
    """An official model; the test is skipped, visibly, where the collection is absent."""
    if not SPECS.exists():
        pytest.skip(f"Amazon's models are not at {SPECS}")
    return json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))


def check(name: str, definition: str, body: object) -> None:
    """A body is valid, and has no field that the model does not know."""
    definitions = model(name)["definitions"]
    schema = {"definitions": definitions, "$ref": f"#/definitions/{definition}"}
    jsonschema.Draft4Validator(schema).validate(body)
    assert unknown(definitions, {"$ref": f"#/definitions/{definition}"}, body, definition) == []


def unknown(definitions: Any, schema: Any, body: Any, path: str) -> list[str]:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(body, list):
        return [each for one in body for each in unknown(definitions, schema.get("items", {}), one, path)]
    if not isinstance(body, dict) or not schema.get("properties"):
        return []
    found = [f"{path}.{name}" for name in body if name not in schema["properties"]]
    for name in body.keys() & schema["properties"].keys():
        found += unknown(definitions, schema["properties"][name], body[name], f"{path}.{name}")
    return found
