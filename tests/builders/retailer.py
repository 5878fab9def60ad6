"""Drive the sample retailer, with its partners in memory, on a real database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
from tests import clock
from tests.builders.installation import Installation, location_ids, opened
from tests.builders.snapshots import SHIRT, order_snapshot, return_snapshot, serial
from tests.clock import NOON

from doorstep.delivery.cli import samples
from doorstep.delivery.worker.queue_work import QueueWork
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import Arrival
from doorstep.domain.connections.model import Kind, Mode
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.inventory import views as stock_views
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import OrderSnapshot
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus
from doorstep.domain.returns.model import ReturnSnapshot, SnapshotReturnLine
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Scan, TrackingSnapshot, TrackingStatus
from doorstep.domain.shipping.views import Shipment
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.kernel.ids import OrderId
from doorstep.kernel.queues import Queue

_CONNECTIONS = {
    "shop": (Kind.CHANNELS, {"webhook_secret": "the secret of the shop"}),
    "shiphawk": (Kind.CARRIERS, {"webhook_token": "the token of ShipHawk"}),
    "store-parcels": (Kind.CARRIERS, {"webhook_token": "the token of the stores"}),
    "pay": (Kind.PAYMENTS, {"webhook_secret": "the secret of the gateway"}),
    "books": (Kind.ERP, {}),
    "mail": (Kind.MESSENGERS, {}),
}


class Retailer(Installation):
    """The sample retailer with partners in memory, driven by a worker.

    Partners send messages by `receive`; what they received is in `client(key)`.
    """

    def client(self, key: str) -> Any:
        """The partner's side of a connection: a client of adapters/<kind>/sandbox."""
        port: Any = self.app.registry.inbound(self.connection_ids[key])
        return port.client

    def receive(self, key: str, topic: str, *reported: object) -> None:
        """Store messages of a partner as the webhooks would; `reported` are snapshots or raw bytes."""
        arrivals = []
        for each in reported:
            body = each if isinstance(each, bytes) else self.body_of(key, each)
            arrivals.append(
                Arrival(
                    self.connection_ids[key], f"event-{next(serial)}", topic, {}, body, f"{next(serial):032x}"
                )
            )
        self.write(lambda tx: connections.receive(tx, arrivals=arrivals))

    @staticmethod
    def body_of(key: str, reported: object) -> bytes:
        return msgspec.json.encode(reported if key in {"shiphawk", "store-parcels"} else {"data": reported})

    def settle(self) -> None:
        """Let a worker do all work that is due now or in a moment."""
        queues = [QueueWork(self.app, queue) for queue in Queue]
        ends_at = time.monotonic() + 30
        while time.monotonic() < ends_at:
            busy = sum(each.run_round() for each in queues) or any(each.busy for each in queues)
            if not busy:
                soon = min(each.next_due_seconds() for each in queues)
                if soon > 0.4 and not self.waiting():
                    break
                time.sleep(min(soon, 0.01) + 0.002)
        for each in queues:
            each.close()

    def waiting(self) -> int:
        """The number of stored messages and deliveries that are due within half a second."""
        return self.read(
            lambda tx: tx.value(
                int,
                """
                SELECT (SELECT count(*) FROM inbox WHERE state = 0 AND run_at < now() + interval '0.4 s')
                     + (SELECT count(*) FROM deliveries WHERE state < 3 AND run_at < now() + interval '0.4 s')
                """,
            )
        )

    def dead_letters(self) -> list[dict[str, object]]:
        return self.read(lambda tx: tx.rows("SELECT * FROM dead_letters ORDER BY source, id"))

    def order_id(self, reported: OrderSnapshot) -> OrderId:
        (found,) = self.read(lambda tx: order_views.with_external_id(tx, external_id=reported.external_id))
        return found

    def place_order(self, reported: OrderSnapshot | None = None) -> OrderId:
        """The channel sends an order and the gateway its payment; a worker processes both."""
        reported = reported or order_snapshot()
        payment = PaymentSnapshot(
            "sandbox", f"pay-{reported.external_id}", reported.external_id, PaymentStatus.CAPTURED, reported.total_minor,
            reported.currency, "upi", NOON,
        )  # fmt: skip
        self.client("pay").payments[payment.external_id] = payment
        self.receive("shop", "order", reported)
        self.receive("pay", "payment", payment)
        self.settle()
        return self.order_id(reported)

    def order(self, order_id: OrderId) -> order_views.Order:
        return self.read(lambda tx: order_views.order(tx, order_id=order_id))

    def holds(self, order_id: OrderId) -> dict[str, str]:
        """Messages of open holds by reason."""
        found = self.read(lambda tx: order_views.open_holds(tx, order_ids=[order_id]))
        return {hold.reason: str(hold.message) for hold in found}

    def event_types(self, order_id: OrderId) -> list[str]:
        statement = "SELECT type FROM events WHERE stream = 'order' AND stream_id = %s ORDER BY version"
        return self.read(lambda tx: tx.column(str, statement, (order_id,)))

    def parcels(self, order_id: OrderId) -> list[Shipment]:
        return self.read(lambda tx: parcels.of_order(tx, order_id=order_id))

    def count(self, sku: str, code: str, condition: str = "new") -> tuple[int, int]:
        """On hand and reserved."""
        found = self.read(lambda tx: stock_views.positions(tx, sku=sku, location_id=self.location_ids[code]))
        return next(((each.on_hand, each.reserved) for each in found if each.condition == condition), (0, 0))

    def pack(self, work: Work) -> None:
        """Accept, pick and pack a fulfillment order."""
        self.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=NOON))
        self.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=work.id, now=NOON))
        self.write(lambda tx: packing.pack(tx, fulfillment_order_id=work.id, now=NOON))

    def hand_over(self, work: Work) -> None:
        """Hand the parcel over to the carrier."""
        self.write(lambda tx: packing.ship(tx, fulfillment_order_id=work.id, now=NOON))

    def ship(self, order_id: OrderId) -> list[Shipment]:
        """Pack, label and hand over all fulfillment orders of an order."""
        for each in self.work(order_id):
            self.pack(each)
        self.settle()
        for each in self.work(order_id):
            self.hand_over(each)
        self.settle()
        return self.parcels(order_id)

    def scan(
        self, shipment: Shipment, status: TrackingStatus, *, hours: int = 1, location: str = "Delhi"
    ) -> None:
        """The carrier reports a scan, some hours after noon."""
        key = next(key for key, each in self.connection_ids.items() if each == shipment.connection_id)
        seen = Scan(NOON + timedelta(hours=hours), status, status.value.upper(), "", location)
        self.receive(key, "tracking", TrackingSnapshot((seen,), shipment.tracking_number))
        self.settle()

    def delivered(self, reported: OrderSnapshot | None = None) -> OrderId:
        """A delivered order."""
        order_id = self.place_order(reported)
        for shipment in self.ship(order_id):
            self.scan(shipment, TrackingStatus.DELIVERED, hours=24)
        return order_id

    def report_return(
        self, order_id: OrderId, sku: str = SHIRT, quantity: int = 1, **given: Any
    ) -> ReturnSnapshot:
        """The channel reports a return."""
        returned = SnapshotReturnLine(f"line-{sku}", f"back-{next(serial)}", quantity, "size", "Size issue")
        order = given.pop("order_external_id", None) or self.order(order_id).header.external_id
        seen = return_snapshot(order, returned, **given)
        self.receive("shop", "return", seen)
        self.settle()
        return seen


def set_up_retailer(dsn: str, folder: Path) -> None:
    """Load the sample retailer into a migrated database, with a sandbox connection of every kind."""
    yesterday = NOON - timedelta(days=1)
    with clock.at(yesterday), opened(dsn, folder) as app:
        samples.load_into(app, samples.NOTNAKED)
        with app.db.write(actor="system") as tx:
            for key, (kind, settings) in _CONNECTIONS.items():
                connector = app.registry.connector(kind, "sandbox")
                app.registry.configure(
                    tx, key=key, connector=connector, name=key.title(), settings=settings, mode=Mode.LIVE
                )
            # The work that loading the samples caused counts as done.
            tx.execute("DELETE FROM deliveries")


@contextmanager
def retailer(dsn: str, folder: Path, **chosen: Any) -> Iterator[Retailer]:
    """The retailer on a database that was set up; `chosen` are settings."""
    with opened(dsn, folder, **chosen) as app:
        made = Retailer(app, {key: app.registry.by_key(key).id for key in _CONNECTIONS})
        made.location_ids = made.read(location_ids)
        yield made
