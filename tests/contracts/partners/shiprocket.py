"""Shiprocket on its partner server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from tests import partners
from tests.adapters import parcels
from tests.contracts.partners import remote
from tests.contracts.stage import Hook

from doorstep.domain.connections import model as connections


class Stage(remote.Remote):
    partner = "shiprocket"
    proof = "x-api-key"
    touch: ClassVar = {
        "test": {"path_regex": "/settings/company/pickup$"},
        "label": {"path_regex": "/courier/assign/awb$"},
        "return_pickup": {"path_regex": "/courier/assign/awb$"},
        "void": {"path_regex": "/orders/cancel/shipment/awbs$"},
        "track": {"path_regex": "/courier/track/awb/"},
    }

    def prepare(self, feature: str) -> Mapping[str, str]:
        if feature in {"label", "return_pickup"}:
            return {}
        label = self.connector.buy_label(parcels.OUT)
        if feature == "track":
            self.act("scan", awb=label.tracking_number, status="in_transit")
        return {"label": label.external_id, "tracking_number": label.tracking_number}

    def effects(self, feature: str) -> int:
        shipments = self.state()["shipments"].values()
        if feature == "void":
            return sum(1 for one in shipments if one["status"]["code"] == 8)
        return sum(1 for one in shipments if one["awb"])

    def hook(self) -> Hook:
        self.hold_hooks()
        label = self.connector.buy_label(parcels.OUT)
        self.act("scan", awb=label.tracking_number, status="delivered")
        return self.held_hook("tracking")


@contextmanager
def stage(connector: connections.Connector, running: partners.Partners) -> Iterator[Stage]:
    ready = running.ready["shiprocket"]
    url = f"{ready['url']}/v1/external"
    with remote.session(url) as session:
        yield Stage(
            connector,
            running,
            session,
            base_url=url,
            email=ready["email"],
            password=ready["password"],
            webhook_token=ready["webhook_token"],
        )
