"""lifecycle: orders from the shop's webhook to delivered and invoiced, through partner servers that take their time.

The demo's retailer, database and partner servers; people are quick, so that partners and workers are what is measured.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from doorstep.bootstrap import App, open_app
from doorstep.delivery.cli import samples
from doorstep.delivery.cli.demo import audit, setting, stage
from doorstep.delivery.cli.demo.doors import Doors, Json
from doorstep.delivery.cli.demo.stage import Stage
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.network import views as network
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.kernel import settings
from doorstep.kernel.db import WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, Sku
from doorstep_bench import meter

LATENCY_SECONDS = 0.05
_PLENTY = 1_000_000
_PLUS = {
    "maximum": 20_000,
    "restore_rate": 1_000,
}  # points of a shop on Shopify's Plus plan; others have a tenth
_GOODS = (
    ("DJ-BL-01", "Blue Denim Jacket", "2999.00", "WH-A"),
    ("GT-WH-02", "White T-shirt", "799.00", "ST-22"),
)
_AT_ONCE = 50
_TO_PACK = "SELECT id FROM fulfillment_orders WHERE state = 'open' ORDER BY id LIMIT %s"
_TO_SHIP = """
    SELECT f.id FROM fulfillment_orders f JOIN shipments s ON s.fulfillment_order_id = f.id
      JOIN label_purchases b ON b.parcel_id = s.parcel_id
     WHERE f.state = 'packed' AND b.state = 'purchased' ORDER BY f.id LIMIT %s
"""
_ON_THE_WAY = """
    SELECT b.tracking_number, c.connector_id AS carrier FROM label_purchases b JOIN parcels p ON p.id = b.parcel_id
      JOIN connections c ON c.id = b.connection_id JOIN shipments s ON s.parcel_id = p.id
      JOIN fulfillment_orders f ON f.id = s.fulfillment_order_id WHERE f.state = 'shipped'
"""
_DONE = """
    SELECT (SELECT count(*) FROM orders WHERE completed_at IS NOT NULL) AS completed,
           (SELECT count(*) FROM invoices WHERE state = 'issued') AS invoiced,
           (SELECT count(*) FROM deliveries WHERE state IN (0, 1)) AS waiting,
           (SELECT count(*) FROM deliveries WHERE state = 3) + (SELECT count(*) FROM inbox WHERE state = 3) AS errors
"""


def run(*, count: int) -> dict[str, object]:
    """Orders per second with one and with two sets of worker processes, and how many dead letters there were."""
    found: dict[str, object] = {}
    for workers in (1, 2):
        with _retailer(workers) as (app, doors):
            found[str(workers)] = _run(app, doors, count)
        meter.say(f"lifecycle with {workers} workers: {found[str(workers)]}")
    return {"orders": count, "workers": found}


@contextlib.contextmanager
def _retailer(workers: int) -> Iterator[tuple[App, Doors]]:
    with stage.staged(stage.choose_port(None)) as made:
        made.start_partners(_slow(setting.partners_config(f"{made.url}/hooks")))
        with open_app(settings.load(**made.settings()), migrate=True) as app:
            samples.load_into(app, samples.NOTNAKED)
            samples.let_rules_decide(app, samples.NOTNAKED / "rules.yaml")
            setting.connect_partners(app, made)
            app.db.transact(lambda tx: _stock_up(app, tx), actor="bench")
            doors = Doors(made, setting.issue_keys(app), lambda: audit.rows_written(app))
            try:
                made.start_doorstep(workers)
                yield app, doors
            finally:
                doors.close()


def _slow(config: dict[str, object]) -> dict[str, object]:
    """Every partner takes its time for an answer; the shop allows as many calls as on its largest plan."""
    names = ("shopify", "shiphawk", "shiprocket", "razorpay", "erpnext")
    for name in names:
        given = config.get(name)
        config[name] = (given if isinstance(given, dict) else {}) | {"latency_seconds": LATENCY_SECONDS}
    shop = config["shopify"]
    return config | {"shopify": (shop if isinstance(shop, dict) else {}) | {"bucket": _PLUS}}


def _stock_up(app: App, tx: WriteTx) -> None:
    for sku, _title, _price, code in _GOODS:
        here = network.by_code(tx, code=code).id
        correction = Correction(Sku(sku), here, "counted", set_to=_PLENTY)
        inventory.adjust(tx, correction=correction, at=app.clock.now())


@dataclass(slots=True)
class _People:
    """Whoever packs, hands over and delivers: everything as soon as it can be done."""

    app: App
    doors: Doors
    delivered: set[str]

    def work(self) -> None:
        """Do what can be done now."""
        with self.app.db.read() as tx:
            to_pack, to_ship = tx.column(int, _TO_PACK, (_AT_ONCE,)), tx.column(int, _TO_SHIP, (_AT_ONCE,))
            moving = tx.rows(_ON_THE_WAY)
        for work_id in to_pack:
            self.app.db.transact(functools.partial(self._pack, work_id), actor="bench")
        for work_id in to_ship:
            self.app.db.transact(functools.partial(self._ship, work_id), actor="bench")
        for row in moving:
            number = str(row["tracking_number"])
            if number not in self.delivered:
                self.delivered.add(number)
                scan: Json = {"tracking_number": number, "status": "delivered"}
                self.doors.context(str(row["carrier"]), "scan", scan)

    def _pack(self, work_id: int, tx: WriteTx) -> None:
        number, now = FulfillmentOrderId(work_id), self.app.clock.now()
        fulfill.accept(tx, fulfillment_order_id=number, now=now)
        fulfill.pick_all(tx, fulfillment_order_id=number, now=now)
        packing.pack(tx, fulfillment_order_id=number, now=now)

    def _ship(self, work_id: int, tx: WriteTx) -> None:
        packing.ship(tx, fulfillment_order_id=FulfillmentOrderId(work_id), now=self.app.clock.now())


def _run(app: App, doors: Doors, count: int) -> dict[str, object]:
    began = time.perf_counter()
    buying = threading.Thread(target=_place, args=(doors.stage, doors, count))
    buying.start()
    people = _People(app, doors, set())
    last, changed_at = _state(app), time.perf_counter()
    while not (last["completed"] >= count and last["invoiced"] >= count and not last["waiting"]):
        people.work()
        now = _state(app)
        if now != last:
            last, changed_at = now, time.perf_counter()
        if time.perf_counter() - changed_at > 60:  # noqa: PLR2004 - a minute without any change is an end, too
            break
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    buying.join()
    return {"orders_per_second": round(last["completed"] / seconds, 1), **last, "seconds": round(seconds, 1)}


def _state(app: App) -> Mapping[str, int]:
    with app.db.read() as tx:
        (row,) = tx.rows(_DONE)
    return {name: int(str(value)) for name, value in row.items()}


def _place(made: Stage, doors: Doors, count: int) -> None:
    """Customers buy in the shop; it sends its webhooks."""
    buyer = Doors(made, doors.keys, doors.rows_written)
    for number in range(count):
        buyer.context("shopify", "place_order", _cart(number))
    buyer.close()


def _cart(number: int) -> Json:
    sku, title, price, _code = _GOODS[number % len(_GOODS)]
    return {
        "lines": [{"sku": sku, "title": title, "quantity": 1, "price": price, "tax_rate": 0.05}],
        "buyer": {"first_name": "Customer", "last_name": str(number)},
        "email": f"c{number}@example.com",
        "phone": f"+9110{number:08d}",
        "address": {
            "address1": f"{number} Garden Road", "city": "New Delhi", "province": "Delhi", "province_code": "DL",
            "zip": "110024",
        },
        "payment": "paid",
    }  # fmt: skip
