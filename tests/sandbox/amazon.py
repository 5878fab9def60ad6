"""A client of the Amazon sandbox, and the official models to compare its answers with."""

from __future__ import annotations

import dataclasses
import gzip
import json
from typing import Any

import httpx
import jsonschema
from tests.partners import Partners
from tests.sandbox import conftest

CURRENT = "/orders/2026-01-01/orders"
V0 = "/orders/v0/orders"
EVERYTHING = "BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS"
LONG_AGO = "2020-01-01T00:00:00Z"
INDIA = "A21TJRUUN4KGV"
LINES = [
    {"sku": "DJ-BL-01", "title": "Blue denim jacket", "quantity": 2, "price": "2499.00", "tax": "535.50"},
    {
        "sku": "GT-WH-02",
        "title": "White T-shirt",
        "price": "599.00",
        "shipping": "49.00",
        "discount": "50.00",
    },
]


@dataclasses.dataclass
class Seller:
    """The API with tokens of one seller, and the control door."""

    partners: Partners
    http: httpx.Client
    ready: Any

    def grant(self, **form: str) -> httpx.Response:
        client = {key: self.ready[key] for key in ("client_id", "client_secret")}
        return self.http.post("/auth/o2/token", data={**client, **form})

    def sign_in(self) -> None:
        answer = self.grant(grant_type="refresh_token", refresh_token=self.ready["refresh_token"]).json()
        self.http.headers["x-amz-access-token"] = answer["access_token"]

    def notifications_token(self) -> str:
        answer = self.grant(grant_type="client_credentials", scope="sellingpartnerapi::notifications").json()
        return str(answer["access_token"])

    def act(self, verb: str, **body: Any) -> Any:
        return self.partners.act("amazon", verb, **body)

    def place(self, **more: Any) -> Any:
        """An order that is old enough to be found."""
        return self.act("place_order", **{"lines": LINES, "minutes_ago": 10, **more})["order"]

    def search(self, **query: Any) -> httpx.Response:
        return self.http.get(CURRENT, params={"includedData": EVERYTHING, **query})

    def feed(self, kind: str, content: bytes, *, looks: int = 3) -> Any:
        """Upload, create and look until the feed ends; the feed as it is then."""
        content_type = "text/xml; charset=UTF-8"
        made = self.http.post("/feeds/2021-06-30/documents", json={"contentType": content_type}).json()
        upload = self.http.put(made["url"], content=content, headers={"Content-Type": content_type})
        assert upload.status_code == 200, upload.text
        body = {"feedType": kind, "marketplaceIds": [INDIA], "inputFeedDocumentId": made["feedDocumentId"]}
        identifier = self.http.post("/feeds/2021-06-30/feeds", json=body).json()["feedId"]
        return [self.http.get(f"/feeds/2021-06-30/feeds/{identifier}").json() for _ in range(looks)][-1]

    def report(self, feed: Any) -> bytes:
        document = self.http.get(f"/feeds/2021-06-30/documents/{feed['resultFeedDocumentId']}").json()
        assert document["compressionAlgorithm"] == "GZIP"
        return gzip.decompress(self.http.get(document["url"]).content)


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of the only error."""
    (error,) = answer.json()["errors"]
    return answer.status_code, error["code"]


def package(order: Any, **more: Any) -> Any:
    """A shipment confirmation of everything in the order."""
    items = [{"orderItemId": item["id"], "quantity": item["quantity"]} for item in order["items"]]
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "BlueDart",
        "shippingMethod": "Surface",
        "trackingNumber": "BD123456789",
        "shipDate": order["placed_at"],
        "orderItems": items,
    }
    return {"marketplaceId": order["marketplace"], "packageDetail": {**detail, **more}}


def check(model: str, definition: str, body: Any) -> None:
    """The body satisfies the definition in an official model; skipped, visibly, where the collection is absent."""
    document = json.loads(conftest.spec(f"amazon/{model}.json").read_text(encoding="utf-8"))
    schema = {"definitions": document["definitions"], "$ref": f"#/definitions/{definition}"}
    jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(body)


def undeclared(model: str, definition: str, body: Any) -> list[str]:
    """Fields of ours that the model does not know; it would let them pass."""
    definitions = json.loads(conftest.spec(f"amazon/{model}.json").read_text(encoding="utf-8"))["definitions"]
    return _undeclared(definitions, {"$ref": f"#/definitions/{definition}"}, body, definition)


def _undeclared(definitions: Any, schema: Any, body: Any, path: str) -> list[str]:
    while "$ref" in schema:
        schema = definitions[schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(body, list):
        return [each for one in body for each in _undeclared(definitions, schema.get("items", {}), one, path)]
    if not isinstance(body, dict) or not schema.get("properties"):
        return []
    unknown = [f"{path}.{name}" for name in body.keys() - schema["properties"].keys()]
    for name in body.keys() & schema["properties"].keys():
        unknown += _undeclared(definitions, schema["properties"][name], body[name], f"{path}.{name}")
    return unknown
