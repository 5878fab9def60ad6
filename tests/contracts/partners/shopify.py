"""Shopify on its partner server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from tests import partners
from tests.contracts.features import channels
from tests.contracts.partners import remote
from tests.contracts.stage import Hook

from doorstep.domain.connections import model as connections

_MUTATIONS = {
    "confirm_shipment": "fulfillmentCreate",
    "report_delivery": "fulfillmentEventCreate",
    "approve_return": "returnApproveRequest",
    "report_return": "returnProcess",
    "subscribe": "webhookSubscriptionCreate",
    "publish_stock": "inventorySetQuantities",
}
_WORK_DONE = {None, "timeout_after_work", "malformed_json"}
_ADDRESS = {
    "address1": "7 Rajpath Lane",
    "city": "New Delhi",
    "province": "Delhi",
    "province_code": "DL",
    "zip": "110003",
}


class Stage(remote.Remote):
    partner = "shopify"
    proof = "x-shopify-hmac-sha256"
    touch: ClassVar = {
        "test": {"operation": "shop"},
        **{feature: {"operation": mutation} for feature, mutation in _MUTATIONS.items()},
    }

    def prepare(self, feature: str) -> Mapping[str, str]:
        if feature in {"test", "subscribe"}:
            return {}
        line = {"sku": "GT-WH-02", "title": "Graphic T-shirt", "quantity": 2, "price": "799.50"}
        placed = self.act("place_order", lines=[line], address=_ADDRESS, email="meera@example.in")
        if feature == "publish_stock":
            return {"listing": line["sku"]}  # placing the order has listed it
        order = placed["order"]
        context = {"order": str(order["id"]), "line": str(order["line_items"][0]["id"])}
        if feature != "confirm_shipment":
            context["shipment"] = self.connector.confirm_shipment(channels.shipment(context))
        if feature in {"approve_return", "report_return"}:
            wanted = {"order_id": order["id"], "sku": "GT-WH-02", "quantity": 1, "reason": "SIZE_TOO_SMALL"}
            asked = self.act("request_return", **wanted)["return"]
            context |= {"return": str(asked["id"]), "return_line": str(asked["return_line_items"][0]["id"])}
        if feature == "report_return":
            self.connector.approve_return(return_external_id=context["return"])
        return context

    def effects(self, feature: str) -> int:
        if feature == "subscribe":
            topics = [each["topic"] for each in self.state()["subscriptions"].values()]
            return max(Counter(topics).values())
        if feature == "publish_stock":  # absolute: set as often as one likes
            return sum(each["available"] == 7 for each in self.state()["levels"].values())
        calls = self.running.calls(self.partner)
        return sum(
            1 for call in calls if call["operation"] == _MUTATIONS[feature] and call["fault"] in _WORK_DONE
        )

    def hook(self) -> Hook:
        self.hold_hooks()
        self.prepare("confirm_shipment")
        return self.held_hook("orders/create")


@contextmanager
def stage(connector: connections.Connector, running: partners.Partners) -> Iterator[Stage]:
    ready = running.ready["shopify"]
    with remote.session(ready["url"]) as session:
        yield Stage(
            connector,
            running,
            session,
            base_url=ready["url"],
            access_token=ready["access_token"],
            webhook_secret=ready["client_secret"],
            stock_location_id="655441490",  # the partner server's first location
        )
