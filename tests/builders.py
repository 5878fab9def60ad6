"""Builders for tests: an order as a channel tells it, and a retailer whose partners live in memory, on a real database."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from pydantic import SecretStr
from tests import clock
from tests.clock import NOON

from doorstep.bootstrap import App, open_app
from doorstep.delivery.cli import samples
from doorstep.delivery.worker import Worker
from doorstep.domain.catalog import actions as catalog
from doorstep.domain.catalog.model import Item
from doorstep.domain.connections import actions as connections
from doorstep.domain.connections.actions import Arrival, Row
from doorstep.domain.connections.model import Kind
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import Work
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory import views as stock_views
from doorstep.domain.inventory.model import Movement, MovementType
from doorstep.domain.network import actions as network
from doorstep.domain.network import views as network_views
from doorstep.domain.network.model import Location, LocationKind
from doorstep.domain.orders import views as order_views
from doorstep.domain.orders.model import Address, OrderSnapshot, SnapshotLine, SnapshotPayment
from doorstep.domain.payments.model import PaymentSnapshot, PaymentStatus
from doorstep.domain.returns.model import ReturnRequestStatus, ReturnSnapshot, SnapshotReturnLine
from doorstep.domain.shipping import views as parcels
from doorstep.domain.shipping.model import Scan, TrackingSnapshot, TrackingStatus
from doorstep.domain.shipping.views import Shipment
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.kernel import events, jobs
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, OrderId, Sku
from doorstep.kernel.settings import Settings

T = TypeVar("T")
JACKET, SHIRT, SNEAKER = Sku("DJ-BL-01"), Sku("GT-WH-02"), Sku("SNK-BK-04")
DELHI = Address(
    name="Meera Iyer",
    phone="+910000012345",
    email="meera@customers.example",
    line1="12 Garden Lane",
    city="New Delhi",
    state="Delhi",
    state_code="DL",
    postal_code="110001",
    country="IN",
    latitude=28.6315,
    longitude=77.2167,
)
_serial = itertools.count(1)


def line(sku: str, quantity: int = 1, price_minor: int = 79_900, **given: Any) -> SnapshotLine:
    """A line of an order; its external id is its SKU's."""
    reported: dict[str, Any] = {"external_line_id": f"line-{sku}", "title": f"Item {sku}"} | given
    return SnapshotLine(sku=Sku(sku), quantity=quantity, unit_price_minor=price_minor, **reported)


def observation(*lines: SnapshotLine, paid: bool = True, **given: Any) -> OrderSnapshot:
    """A channel's telling of an order, right in every way but for what is given; one jacket and two shirts by default."""
    lines = lines or (line(JACKET, 1, 299_900), line(SHIRT, 2, 79_900))
    total = sum(each.unit_price_minor * each.quantity - each.discount_minor for each in lines)
    serial = next(_serial)
    payment = SnapshotPayment(gateway="sandbox", method="upi", paid_minor=total if paid else 0, is_paid=paid)
    reported: dict[str, Any] = {
        "external_id": f"order-{serial}",
        "number": f"#{serial}",
        "version_at": NOON,
        "placed_at": NOON,
        "currency": "INR",
        "total_minor": total,
        "payment": payment,
        "shipping_address": DELHI,
    }
    return OrderSnapshot(lines=lines, **(reported | given))


def later(order: OrderSnapshot, minutes: int = 1, **changes: Any) -> OrderSnapshot:
    """A newer telling of the same order."""
    return replace(order, version_at=order.version_at + timedelta(minutes=minutes), **changes)


def paid(order: OrderSnapshot, minutes: int = 1) -> OrderSnapshot:
    """The same order, paid a little later."""
    money = replace(order.payment, is_paid=True, paid_minor=order.total_minor)
    return later(order, minutes, payment=money)


def item(sku: str) -> Item:
    """Something to sell."""
    return Item(Sku(sku), f"Item {sku}", "", "", "", "", f"bar-{sku}", 200, "6109", 500, 79_900, "INR")


def place(
    code: str, state_code: str = "MH", *, latitude: float = 19.0, longitude: float = 72.8, **given: Any
) -> Location:
    """A location that ships with the connection "parcels"."""
    reported: dict[str, Any] = {
        "id": LocationId(0), "code": code, "name": f"Place {code}", "kind": LocationKind.WAREHOUSE,
        "company": "NotNaked Retail Private Limited", "gstin": "27AABCN9999N1ZB", "phone": "+91", "email": "",
        "line1": "1 Some Road", "line2": "", "city": "Mumbai", "state": "", "state_code": state_code,
        "postal_code": "400001", "country": "IN", "latitude": latitude, "longitude": longitude,
        "timezone": "Asia/Kolkata", "hours": {}, "cut_off": "16:00", "carrier": "parcels", "return_carrier": "",
        "ships": True, "active": True,
    }  # fmt: skip
    return Location(**(reported | given))


def channel(tx: WriteTx, key: str = "shop") -> int:
    """A connection's row, for tests that need no partner behind it."""
    row = Row(0, key, "channels", "sandbox", "NotNaked online", "live", {"webhook_secret": ""}, None, NOON)
    return connections.configure(tx, row=row)


def stock(tx: WriteTx, **pieces: dict[str, int]) -> dict[str, LocationId]:
    """Locations by code with so many pieces of each SKU; gives their ids."""
    catalog.put(tx, items=[item(sku) for sku in sorted({sku for each in pieces.values() for sku in each})])
    network.put(tx, locations=[place(code) for code in pieces], at=NOON)
    ids = {each.code: each.id for each in network_views.locations(tx).values()}
    movements = [
        Movement(MovementType.RECEIVED, Sku(sku), ids[code], quantity, "opening stock", NOON)
        for code, each in pieces.items()
        for sku, quantity in each.items()
        if quantity
    ]
    inventory.move(tx, movements=movements)
    return ids


def stock_events(tx: ReadTx, location_id: int) -> list[events.Event]:
    """The stock events of a location, oldest first; that it was created is another story."""
    found = events.of_stream(tx, stream="location", stream_id=location_id)
    return [each for each in found if each.type.startswith("stock.")]


_CONNECTIONS = {
    "shop": (Kind.CHANNELS, {"webhook_secret": "shop secret"}),
    "shiphawk": (Kind.CARRIERS, {"webhook_token": "hawk token"}),
    "store-parcels": (Kind.CARRIERS, {"webhook_token": "store token"}),
    "pay": (Kind.PAYMENTS, {"webhook_secret": "pay secret"}),
    "books": (Kind.ERP, {}),
    "mail": (Kind.MESSENGERS, {}),
}


@dataclass
class Retailer:
    """NotNaked with partners in memory: what they were told is in `client(key)`, what they tell goes in by `hear`."""

    app: App
    ids: dict[str, int] = field(default_factory=dict)
    places: dict[str, LocationId] = field(default_factory=dict)

    def client(self, key: str) -> Any:
        """The partner's side of a connection: a client of adapters/<kind>/sandbox."""
        port: Any = self.app.registry.inbound(self.ids[key])
        return port.client

    def read(self, look: Callable[[ReadTx], T]) -> T:
        with self.app.db.read() as tx:
            return look(tx)

    def write(self, work: Callable[[WriteTx], T]) -> T:
        with self.app.db.write(actor="user:1") as tx:
            return work(tx)

    def hear(self, key: str, topic: str, *reported: object) -> None:
        """Store what a partner tells, one message each, as the hooks would; `told` are observations or raw bytes."""
        arrivals = []
        for each in reported:
            body = each if isinstance(each, bytes) else self.words(key, each)
            arrivals.append(
                Arrival(self.ids[key], f"event-{next(_serial)}", topic, {}, body, f"{next(_serial):032x}")
            )
        self.write(lambda tx: connections.receive(tx, arrivals=arrivals))

    @staticmethod
    def words(key: str, reported: object) -> bytes:
        return msgspec.json.encode(reported if key in {"shiphawk", "store-parcels"} else {"data": reported})

    def settle(self) -> None:
        """Let a worker do everything that is due, and what comes due within a moment."""
        worker = Worker(self.app)
        ends_at = time.monotonic() + 30
        while time.monotonic() < ends_at:
            busy = worker.work_once() or worker._tasks.busy
            if not busy:
                soon = self.read(jobs.next_due_seconds)
                if soon > 0.4 and not self.waiting():
                    break
                time.sleep(min(soon, 0.01) + 0.002)
        worker.close()

    def waiting(self) -> int:
        """Stored messages and deliveries that will be tried within the next half second."""
        return self.read(
            lambda tx: tx.value(
                int,
                """
                SELECT (SELECT count(*) FROM inbox WHERE state = 0 AND run_at < now() + interval '0.4 s')
                     + (SELECT count(*) FROM deliveries WHERE state < 3 AND run_at < now() + interval '0.4 s')
                """,
            )
        )

    def dead(self) -> list[dict[str, object]]:
        return self.read(lambda tx: tx.rows("SELECT * FROM dead_letters ORDER BY source, id"))

    def order_id(self, reported: OrderSnapshot) -> OrderId:
        (found,) = self.read(lambda tx: order_views.with_external_id(tx, external_id=reported.external_id))
        return found

    def place_order(self, reported: OrderSnapshot | None = None) -> OrderId:
        """The channel tells of an order and the gateway of its money; all of it is worked."""
        reported = reported or observation()
        payment = PaymentSnapshot(
            "sandbox", f"pay-{reported.external_id}", reported.external_id, PaymentStatus.CAPTURED, reported.total_minor,
            reported.currency, "upi", NOON,
        )  # fmt: skip
        self.client("pay").payments[payment.external_id] = payment
        self.hear("shop", "order", reported)
        self.hear("pay", "payment", payment)
        self.settle()
        return self.order_id(reported)

    def order(self, order_id: OrderId) -> order_views.Order:
        return self.read(lambda tx: order_views.order(tx, order_id=order_id))

    def holds(self, order_id: OrderId) -> dict[str, str]:
        """Reasons of open holds with their words."""
        found = self.read(lambda tx: order_views.open_holds(tx, order_ids=[order_id]))
        return {hold.reason: hold.message for hold in found}

    def facts(self, order_id: OrderId) -> list[str]:
        statement = "SELECT type FROM events WHERE stream = 'order' AND stream_id = %s ORDER BY version"
        return self.read(lambda tx: tx.column(str, statement, (order_id,)))

    def work(self, order_id: OrderId) -> list[Work]:
        return self.read(lambda tx: work_views.of_order(tx, order_id=order_id))

    def parcels(self, order_id: OrderId) -> list[Shipment]:
        return self.read(lambda tx: parcels.of_order(tx, order_id=order_id))

    def count(self, sku: str, code: str, condition: str = "new") -> tuple[int, int]:
        """On hand and reserved."""
        found = self.read(lambda tx: stock_views.positions(tx, sku=sku, location_id=self.places[code]))
        return next(((each.on_hand, each.reserved) for each in found if each.condition == condition), (0, 0))

    def pack(self, work: Work) -> None:
        """Accepted, picked and packed by a person."""
        self.write(lambda tx: fulfill.accept(tx, fulfillment_order_id=work.id, now=NOON))
        self.write(lambda tx: fulfill.pick_all(tx, fulfillment_order_id=work.id, now=NOON))
        self.write(lambda tx: packing.pack(tx, fulfillment_order_id=work.id, now=NOON))

    def hand_over(self, work: Work) -> None:
        """A person gives the parcel to the carrier."""
        self.write(lambda tx: packing.ship(tx, fulfillment_order_id=work.id, now=NOON))

    def ship(self, order_id: OrderId) -> list[Shipment]:
        """Everything of an order packed, labelled and handed over by people."""
        for each in self.work(order_id):
            self.pack(each)
        self.settle()
        for each in self.work(order_id):
            self.hand_over(each)
        self.settle()
        return self.parcels(order_id)

    def scan(
        self, shipment: Shipment, status: TrackingStatus, *, hours: int = 1, place: str = "Delhi"
    ) -> None:
        """The carrier tells of a parcel, this long after noon."""
        key = next(key for key, each in self.ids.items() if each == shipment.connection_id)
        seen = Scan(NOON + timedelta(hours=hours), status, status.value.upper(), "", place)
        self.hear(key, "tracking", TrackingSnapshot((seen,), shipment.tracking_number))
        self.settle()

    def delivered(self, reported: OrderSnapshot | None = None) -> OrderId:
        """An order that came all the way to the customer."""
        order_id = self.place_order(reported)
        for shipment in self.ship(order_id):
            self.scan(shipment, TrackingStatus.DELIVERED, hours=24)
        return order_id

    def announce(
        self, order_id: OrderId, sku: str = SHIRT, quantity: int = 1, **given: Any
    ) -> ReturnSnapshot:
        """The channel tells of a return."""
        serial = next(_serial)
        reported: dict[str, Any] = {
            "external_id": f"return-{serial}",
            "order_external_id": self.order(order_id).header.external_id,
            "name": f"R{serial}",
            "status": ReturnRequestStatus.OPEN,
            "version_at": NOON,
            "lines": (SnapshotReturnLine(f"line-{sku}", f"back-{serial}", quantity, "size", "Size issue"),),
        }
        seen = ReturnSnapshot(**(reported | given))
        self.hear("shop", "return", seen)
        self.settle()
        return seen


def _settings(dsn: str, folder: Path, **chosen: Any) -> Settings:
    given: dict[str, Any] = {
        "environment": "test", "database_url": SecretStr(dsn), "data_dir": folder, "secret_key": SecretStr("k" * 40),
        "clock_file": clock.FILE, "pool_size": 8, "max_attempts": 3, "retry_base_seconds": 0.02, "retry_longest_seconds": 0.05,
    }  # fmt: skip
    return Settings(**(given | chosen))


def environment(app: App) -> dict[str, str]:
    """The settings under which another process works on the same retailer, at the same time of day."""
    chosen = app.settings
    assert chosen.database_url is not None
    return {
        "DOORSTEP_ENVIRONMENT": "test",
        "DOORSTEP_DATABASE_URL": chosen.database_url.get_secret_value(),
        "DOORSTEP_DATA_DIR": str(chosen.data_dir),
        "DOORSTEP_SECRET_KEY": "k" * 40,
        "DOORSTEP_CLOCK_FILE": str(chosen.clock_file),
    }


def furnish(dsn: str, folder: Path) -> None:
    """Put NotNaked's catalog, network and stock into a migrated database, and a connection to every sort of partner."""
    yesterday = NOON - timedelta(days=1)
    with clock.at(yesterday), open_app(_settings(dsn, folder), clock=clock.CLOCK) as app:
        samples.load_into(app, samples.NOTNAKED)
        with app.db.write(actor="system") as tx:
            for key, (kind, settings) in _CONNECTIONS.items():
                connector = app.registry.connector(kind, "sandbox")
                app.registry.configure(tx, key=key, connector=connector, name=key.title(), settings=settings)
            # What the samples caused is done: the network is told of before the first order comes.
            tx.execute("DELETE FROM deliveries")


@contextmanager
def retailer(dsn: str, folder: Path, **chosen: Any) -> Iterator[Retailer]:
    """NotNaked on a furnished database; `chosen` are settings."""
    with open_app(_settings(dsn, folder, **chosen), clock=clock.CLOCK) as app:
        made = Retailer(app, {key: app.registry.by_key(key).id for key in _CONNECTIONS})
        made.places = made.read(
            lambda tx: {each.code: each.id for each in network_views.locations(tx).values()}
        )
        yield made
