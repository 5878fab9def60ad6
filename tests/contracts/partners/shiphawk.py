"""ShipHawk on its partner server."""

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
    partner = "shiphawk"
    proof = "authorization"
    touch: ClassVar = {
        "test": {"method": "GET", "path_regex": "/shipments$"},
        "label": {"method": "POST", "path_regex": "/shipments$"},
        "void": {"method": "DELETE"},
        "track": {"method": "GET", "path_regex": "/tracking$"},
    }

    def prepare(self, feature: str) -> Mapping[str, str]:
        if feature == "label":
            return {}
        label = self.connector.buy_label(parcels.OUT)
        if feature == "track":
            self.act("scan", tracking_number=label.tracking_number, status="in_transit")
        return {"label": label.external_id, "tracking_number": label.tracking_number}

    def effects(self, feature: str) -> int:
        shipments = self.state()["shipments"].values()
        return sum(1 for one in shipments if feature == "label" or one["status"] == "cancelled")

    def hook(self) -> Hook:
        self.hold_hooks()
        label = self.connector.buy_label(parcels.OUT)
        self.act("scan", tracking_number=label.tracking_number, status="delivered")
        return self.held_hook("shipment.status_update")


@contextmanager
def stage(connector: connections.Connector, running: partners.Partners) -> Iterator[Stage]:
    ready = running.ready["shiphawk"]
    url = f"{ready['url']}/api/v4"
    with remote.session(url) as session:
        yield Stage(
            connector,
            running,
            session,
            base_url=url,
            api_key=ready["api_key"],
            webhook_username=ready["webhook_user"],
            webhook_password=ready["webhook_password"],
        )
