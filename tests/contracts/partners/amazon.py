"""Amazon on its partner server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import ClassVar

from tests import partners
from tests.clock import NOON
from tests.contracts.partners import remote
from tests.contracts.stage import Fault

from doorstep.domain.connections import model as connections

LATER = {connections.Kind.CHANNELS: frozenset({"publish_stock"})}
_QUEUE = "arn:aws:sqs:eu-west-1:437568002678:orders"


class Stage(remote.Remote):
    partner = "amazon"
    touch: ClassVar = {
        "test": {"method": "GET", "path_regex": "/marketplaceParticipations$"},
        "subscribe": {"method": "POST", "path_regex": "/subscriptions/ORDER_CHANGE$"},
        "confirm_shipment": {"method": "POST", "path_regex": "/shipmentConfirmation$"},
        "look_up_order": {"method": "GET", "path_regex": "/orders/[^/]+$"},
        "publish_stock": {"method": "POST", "path_regex": "/feeds$"},
        "check": {"method": "GET", "path_regex": "/feeds/[0-9]+$"},
    }

    def prepare(self, feature: str) -> Mapping[str, str]:
        self.act("usage", default={"rate": 1000, "burst": 1000})
        if feature == "publish_stock":
            self.act("list", sku="GT-WH-02", quantity=0)
            return {"listing": "GT-WH-02"}
        if feature not in {"confirm_shipment", "look_up_order"}:
            return {}
        line = {"sku": "GT-WH-02", "quantity": 2, "price": "799.50"}
        order = self.act("place_order", lines=[line], status="UNSHIPPED")["order"]
        return {"order": order["id"], "line": order["items"][0]["id"]}

    def finish_later(self) -> None:
        self.act("feeds", looks=10**6)

    def finish(self) -> None:
        self.act("feeds", looks=0)

    def fail_check(self, fault: Fault) -> None:
        self.fail("check", fault)

    def effects(self, feature: str) -> int:
        state = self.state()
        if feature == "publish_stock":
            return sum(1 for each in state["listings"].values() if each["quantity"] == 7)
        if feature == "subscribe":
            return len(state["subscriptions"])
        return sum(len(order["packages"]) for order in state["orders"].values())


@contextmanager
def stage(connector: connections.Connector, running: partners.Partners) -> Iterator[Stage]:
    ready = running.ready["amazon"]
    with remote.session(ready["url"]) as session:
        yield Stage(
            connector,
            running,
            session,
            **settings(ready),
            queue_arn=_QUEUE,
        )


def settings(ready: Mapping[str, object]) -> dict[str, object]:
    """What connects to the partner server."""
    marketplaces = ready["marketplaces"]
    assert isinstance(marketplaces, list)
    return {
        "seller_id": ready["seller_id"],
        "region": "eu",
        "marketplaces": ",".join(marketplaces),
        "client_id": ready["client_id"],
        "client_secret": ready["client_secret"],
        "refresh_token": ready["refresh_token"],
        "orders_from": (NOON - timedelta(days=3650)).isoformat(),
        "base_url": ready["url"],
        "sign_in_url": ready["url"],
    }
