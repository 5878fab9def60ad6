"""A third-party warehouse behind real SFTP, connected to the location that serves Delhi."""

from __future__ import annotations

from typing import Any

import asyncssh
from tests import partners
from tests.builders import NOON, SHIRT, Retailer, line, order_snapshot

from doorstep.delivery.worker.feeds import FeedReader
from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.connections.model.maps import MapKind
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.fulfillment.model.warehouse import WarehouseState
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.network import views as network
from doorstep.flows.capture import connection_maps
from doorstep.flows.fulfillment import cancel, warehouse
from doorstep.kernel.ids import OrderId, Sku

PARTNER = "parcel3pl"


def two_shirts() -> Any:
    return line(SHIRT, 2, 149_900, external_line_id=f"line-{SHIRT}")


class House:
    """The warehouse's server, and the connection that maps it to the location of Delhi's orders."""

    def __init__(
        self, retailer: Retailer, running: partners.Partners, form: str, *, port: int | None = None
    ) -> None:
        self.retailer, self.partners, self.form = retailer, running, form
        self.port = port or running.ready[PARTNER]["port"]
        running.act(PARTNER, "reset")
        running.act(PARTNER, "script", reading=False, format=form)
        more = Correction(Sku(SHIRT), retailer.location_ids["WH-A"], "found", change=10)
        retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=NOON))
        probe = self.place()
        self.location_id = retailer.work(probe)[0].location_id
        self.code = retailer.read(lambda tx: network.location(tx, location_id=self.location_id).code)
        retailer.write(lambda tx: cancel.cancel(tx, order_id=probe, reason="a probe", now=NOON))
        retailer.settle()
        self.connect()
        running.act(PARTNER, "stock", items=[{"sku": SHIRT, "on_hand": self.stock()[0]}])

    def connect(self, **more: object) -> None:
        """Add the connection, or change its settings."""
        ready, app = self.partners.ready[PARTNER], self.retailer.app
        key = asyncssh.import_public_key(ready["host_key"]).get_fingerprint()
        settings = {
            "address": f"sftp://{ready['username']}@{ready['host']}:{self.port}", "host_key": key,
            "password": ready["password"], "format": self.form, "file_timeout_seconds": 10, **more,
        }  # fmt: skip
        connector = app.registry.connector(Kind.WAREHOUSES, "file_3pl")
        self.retailer.write(
            lambda tx: app.registry.configure(
                tx, key="3pl", connector=connector, name="3PL", settings=settings, mode=Mode.LIVE
            )
        )
        app.registry.look_again()
        self.connection = app.registry.by_key("3pl")
        self.retailer.connection_ids["3pl"] = self.connection.id
        self.retailer.write(
            lambda tx: connection_maps.set_map(
                app.context, tx, connection=self.connection, kind=MapKind.LOCATION, external_value="MAIN",
                our_value=self.code,
            )
        )  # fmt: skip

    def place(self) -> OrderId:
        return self.retailer.place_order(order_snapshot(two_shirts()))

    def send(self) -> None:
        """What is due is written, and the warehouse reads it."""
        warehouse.request_due(self.retailer.app.context)
        self.retailer.settle()
        self.partners.act(PARTNER, "read")

    def order(self) -> tuple[OrderId, Work]:
        order_id = self.place()
        self.send()
        (work,) = self.retailer.work(order_id)
        assert work.location_id == self.location_id
        return order_id, work

    def look(self) -> None:
        """Workers look twice into the folder, and then read the inbox; the warehouse reads what that wrote."""
        for _ in range(2):
            self.retailer.write(
                lambda tx: tx.execute("UPDATE feed_readings SET due_at = now(), leased_until = NULL")
            )
            reader = FeedReader(self.retailer.app)
            reader.take()
            reader.wait()
            reader.close()
        self.retailer.settle()
        self.partners.act(PARTNER, "read")

    def files(self, folder: str, kind: str = "") -> list[str]:
        return [each for each in self.partners.get(PARTNER, "files")[folder] if each.startswith(kind)]

    def state(self, work: Work) -> WarehouseState:
        found = self.retailer.read(lambda tx: work_views.at_warehouse(tx, fulfillment_order_ids=[work.id]))
        return found[work.id].state

    def stock(self) -> tuple[int, int]:
        return self.retailer.count(SHIRT, self.code)

    def theirs(self) -> int:
        return int(self.partners.state(PARTNER)["stock"][SHIRT]["good"])

    def feed_error(self) -> str | None:
        statement = "SELECT error FROM feed_readings WHERE connection_id = %s"
        (found,) = self.retailer.read(lambda tx: tx.rows(statement, (self.connection.id,)))
        return None if found["error"] is None else str(found["error"])


def in_two_cartons(work: Work) -> dict[str, Any]:
    cartons = [{"lines": [{"line_ref": "1", "quantity": 1}]} for _ in range(2)]
    return {
        "order_ref": f"FO-{work.id}",
        "cartons": cartons,
        "tracking_numbers": ["1Z1", "1Z2"],
        "carrier": "UPS",
    }
