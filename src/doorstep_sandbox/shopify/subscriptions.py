"""Webhook subscriptions made through the API: each address once per topic."""

from __future__ import annotations

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import model
from doorstep_sandbox.shopify.fulfillments import Refusal
from doorstep_sandbox.shopify.shop import Shop


class Subscriptions:
    """The mutations and the list behind the query."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    def all(self) -> list[Json]:
        return [view(one) for one in self._records()]

    def create(self, given: Json) -> Json:
        topic, wanted = given["topic"], given["webhookSubscription"]
        uri = wanted.get("uri") or wanted.get("callbackUrl")
        field = ("webhookSubscription", "uri")
        if not uri:
            raise Refusal("Address can't be blank", *field)
        if any(one["topic"] == topic and one["uri"] == uri for one in self._records()):
            raise Refusal("Address for this topic has already been taken", *field)
        moment = clock.zulu(clock.now())
        record = {"id": model.new_id(), "topic": topic, "uri": str(uri), "created_at": moment}
        self.shop.state["subscriptions"][str(record["id"])] = record
        return {"webhookSubscription": view(record)}

    def delete(self, given: Json) -> Json:
        if self.shop.state["subscriptions"].pop(model.bare(given["id"]), None) is None:
            raise Refusal("Webhook subscription does not exist", "id")
        return {"deletedWebhookSubscriptionId": given["id"]}

    def _records(self) -> list[Json]:
        return list(self.shop.state["subscriptions"].values())


def view(record: Json) -> Json:
    return {
        "id": model.gid("WebhookSubscription", record["id"]),
        "legacyResourceId": str(record["id"]),
        "topic": record["topic"],
        "uri": record["uri"],
        "format": "JSON",
        "createdAt": record["created_at"],
        "updatedAt": record["created_at"],
        "apiVersion": {"handle": "2026-07", "displayName": "2026-07", "supported": True},
    }
