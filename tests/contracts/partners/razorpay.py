"""Razorpay on its partner server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from tests import partners
from tests.contracts.partners import remote
from tests.contracts.stage import Hook

from doorstep.domain.connections import model as connections


class Stage(remote.Remote):
    partner = "razorpay"
    proof = "x-razorpay-signature"
    touch: ClassVar = {
        "test": {"method": "GET", "path_regex": "/payments$"},
        "payment": {"method": "GET", "path_regex": "/payments/[^/]+$"},
        "capture": {"method": "POST", "path_regex": "/capture$"},
        "refund": {"method": "POST", "path_regex": "/refund$"},
    }

    def prepare(self, feature: str) -> Mapping[str, str]:
        paid = self.act(
            "pay", amount=239700, auto_capture=feature != "capture", notes={"shopify_order_id": "5600"}
        )
        return {"payment": paid["payment_id"]}

    def effects(self, feature: str) -> int:
        if feature == "refund":
            return len(self.state()["refunds"])
        return sum(1 for one in self.state()["payments"].values() if one["status"] == "captured")

    def hook(self) -> Hook:
        self.hold_hooks()
        self.prepare("payment")
        return self.held_hook("payment.captured")


@contextmanager
def stage(connector: connections.Connector, running: partners.Partners) -> Iterator[Stage]:
    ready = running.ready["razorpay"]
    url = f"{ready['url']}/v1"
    with remote.session(url) as session:
        yield Stage(
            connector,
            running,
            session,
            base_url=url,
            key_id=ready["key_id"],
            key_secret=ready["key_secret"],
            webhook_secret=ready["webhook_secret"],
        )
