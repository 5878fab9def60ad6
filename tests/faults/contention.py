"""Everybody works on the same ten SKUs at once: what they send, over HTTP, until the time is up."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import uvicorn
from tests.builders import NOON, Retailer, item, order_snapshot
from tests.builders import line as order_line
from tests.clock import CLOCK
from tests.faults.buyers import ADDRESS

from doorstep import processes
from doorstep.delivery.worker import Worker
from doorstep.domain.catalog import actions as catalog
from doorstep.domain.identity import actions as identity
from doorstep.domain.identity.actions import NewKey
from doorstep.domain.identity.model import Role
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.kernel.ids import Sku

SKUS = [Sku(f"HOT-{number}") for number in range(10)]


def stock_up(retailer: Retailer, *, units: int = 150) -> None:
    """Ten SKUs with a few units each at every location: some orders are short, and wait for more."""
    retailer.write(lambda tx: catalog.put(tx, items=[item(sku) for sku in SKUS]))
    for sku in SKUS:
        for location in retailer.location_ids.values():
            correction = Correction(sku, location, "counted", set_to=units)
            retailer.write(lambda tx, c=correction: inventory.adjust(tx, correction=c, at=NOON))


@contextmanager
def served(retailer: Retailer) -> Iterator[str]:
    """The web process's application behind a real socket; gives its address."""
    config = uvicorn.Config(
        processes.web(retailer.app), host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="off"
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def working(retailer: Retailer, *, workers: int = 2) -> Iterator[None]:
    """Workers that work meanwhile."""
    loops = [Worker(retailer.app) for _ in range(workers)]
    threads = [threading.Thread(target=each.run) for each in loops]
    with ExitStack() as ending:
        for loop, thread in zip(loops, threads, strict=True):
            thread.start()
            ending.callback(thread.join)
            ending.callback(loop.stop)
        yield


@dataclass
class Client:
    """One program or person, with a random source of its own; `answers` counts statuses per path."""

    http: httpx.Client
    retailer: Retailer
    number: int
    chance: random.Random
    answers: Counter[tuple[str, int]]
    orders: list[dict[str, Any]] = field(default_factory=list)
    serial: int = 0

    def verbs(self) -> list[Callable[[], None]]:
        """Everything that this client does, more often what happens more often."""
        return [
            *[self.order] * 6, *[self.edit] * 2, self.cancel, self.cancel_in_the_channel, self.adjust, self.adjust,
            self.feed, self.feed, self.count, self.transfer, self.hold_in_a_cart, *[self.work] * 3,
            self.shop_messages,
        ]  # fmt: skip

    def call(self, method: str, path: str, body: object = None) -> Any:
        self.serial += 1
        key = f"{self.number}-{self.serial}"
        answer = self.http.request(method, path, json=body, headers={"Idempotency-Key": key})
        self.answers[
            f"{method} {path.split('/')[3]} … {path.rsplit('/', maxsplit=1)[-1]}", answer.status_code
        ] += 1
        return answer.json()

    def document(self, name: str, minutes: int = 0) -> dict[str, Any]:
        lines = [
            {"sku": sku, "quantity": self.chance.randint(1, 2), "unit_price_minor": 1_000}
            for sku in self.chance.sample(SKUS, 3)
        ]
        return {
            "external_id": name, "placed_at": NOON.isoformat(), "currency": "INR", "lines": lines,
            "updated_at": (NOON + timedelta(minutes=minutes)).isoformat(),
            "payment": {"is_paid": True}, "shipping_address": ADDRESS,
        }  # fmt: skip

    def order(self) -> None:
        names = [f"C{self.number}-{self.serial}-{each}" for each in range(self.chance.randint(1, 12))]
        found = self.call(
            "POST", "/api/v1/orders?channel=till", {"orders": [self.document(each) for each in names]}
        )
        self.orders += [each for each in found.get("results", ()) if each["order_id"]]

    def edit(self) -> None:
        again = self.chance.sample(self.orders, min(len(self.orders), 4))
        documents = [self.document(each["external_id"], self.serial) for each in again]
        if documents:
            self.call("POST", "/api/v1/orders?channel=till", {"orders": documents})

    def cancel(self) -> None:
        if self.orders:
            order = self.orders.pop(self.chance.randrange(len(self.orders)))
            self.call("POST", f"/api/v1/orders/{order['order_id']}/cancel", {"reason": "Changed their mind"})

    def cancel_in_the_channel(self) -> None:
        documents = []
        for order in [self.orders.pop() for _ in range(min(len(self.orders), 3))]:
            canceled = (NOON + timedelta(minutes=self.serial)).isoformat()
            documents.append(self.document(order["external_id"], self.serial) | {"canceled_at": canceled})
        documents.append(self.document(f"C{self.number}-{self.serial}-new"))
        self.chance.shuffle(documents)
        self.call("POST", "/api/v1/orders?channel=till", {"orders": documents})

    def adjust(self) -> None:
        body = {"sku": self.chance.choice(SKUS), "location": self.place(), "change": 2, "reason": "found"}
        self.call("POST", "/api/v1/inventory/adjustments", body)

    def place(self) -> str:
        return self.chance.choice(sorted(self.retailer.location_ids))

    def feed(self) -> None:
        lines = [
            {"sku": sku, "location": self.place(), "quantity": self.chance.randint(1, 3)}
            for sku in self.chance.sample(SKUS, 5)
        ]
        body = {"source": f"erp-{self.number}", "mode": "delta", "lines": lines}
        self.call("POST", "/api/v1/inventory/feeds", body)

    def count(self) -> None:
        skus = self.chance.sample(SKUS, 4)
        body = {"location": self.place(), "title": "A few", "skus": skus}
        count = self.call("POST", "/api/v1/counts", body).get("id")
        found = [{"code": sku, "quantity": self.chance.randint(100, 160)} for sku in skus]
        self.call("POST", f"/api/v1/counts/{count}/found", {"found": found})
        self.call("POST", f"/api/v1/counts/{count}/submit", {})
        self.call("POST", f"/api/v1/counts/{count}/approve", {"alone": True})

    def transfer(self) -> None:
        origin, destination = self.chance.sample(sorted(self.retailer.location_ids), 2)
        lines = [{"sku": sku, "quantity": 2} for sku in self.chance.sample(SKUS, 4)]
        body = {"origin": origin, "destination": destination, "lines": lines}
        made = self.call("POST", "/api/v1/transfers", body).get("id")
        self.call("POST", f"/api/v1/transfers/{made}/request", {})
        self.call("POST", f"/api/v1/transfers/{made}/ship", {})
        receipt = {"location": destination, "transfer_id": made, "lines": lines}
        self.call("POST", "/api/v1/receipts", receipt)

    def hold_in_a_cart(self) -> None:
        lines = [{"sku": sku, "quantity": 1} for sku in self.chance.sample(SKUS, 3)]
        name = f"cart-{self.number}-{self.serial}"
        wanted = [{"channel": "till", "reference": name, "lines": lines, "ttl_seconds": 60}]
        self.call("POST", "/api/v1/reservations", {"carts": wanted})
        if self.chance.random() < 0.5:
            self.call("DELETE", f"/api/v1/reservations/till/{name}")

    def work(self) -> None:
        if not self.orders:
            return
        order = self.chance.choice(self.orders)
        for each in self.retailer.work(order["order_id"]):
            path = f"/api/v1/fulfillment-orders/{each.id}"
            if self.chance.random() < 0.5:
                reason = self.chance.choice(["not_in_stock", "damaged", "no_capacity"])
                self.call("POST", f"{path}/reject", {"reason": reason, "note": ""})
            else:
                for verb in ("accept", "pick-all", "pack"):
                    self.call("POST", f"{path}/{verb}", {})

    def shop_messages(self) -> None:
        """The channel's webhooks: new orders, changes of them, cancellations."""
        names = [f"S{self.number}-{self.serial + each}" for each in range(8)]
        self.serial += 8
        placed = [self.reported(name, 0) for name in names]
        self.retailer.receive("shop", "order", *placed)
        self.retailer.receive("shop", "order", *[self.reported(name, 1) for name in names[:4]])
        self.retailer.receive(
            "shop", "order", *[self.reported(name, 2, canceled=True) for name in names[2:6]]
        )

    def reported(self, name: str, minutes: int, *, canceled: bool = False) -> Any:
        at = NOON + timedelta(minutes=minutes)
        lines = [order_line(sku, self.chance.randint(1, 2)) for sku in self.chance.sample(SKUS, 3)]
        return order_snapshot(*lines, external_id=name, version_at=at, canceled_at=at if canceled else None)


def rush(retailer: Retailer, *, seconds: float, clients: int = 6, seed: int = 1) -> Counter[tuple[str, int]]:
    """Let everybody work for so long, and on until ten calls a second were answered, beside two workers.

    Returns how often each call had each status.
    """
    token = retailer.write(
        lambda tx: identity.create_api_key(tx, key=NewKey("rush", Role.ADMINISTRATOR, None), now=CLOCK.now())
    )
    answers: Counter[tuple[str, int]] = Counter()
    began_at = time.monotonic()

    def is_over() -> bool:  # a busy machine gets ten times as long
        passed = time.monotonic() - began_at
        return passed > seconds and (sum(list(answers.values())) > 10 * seconds or passed > 10 * seconds)

    def work(number: int, address: str) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.Client(base_url=address, headers=headers, timeout=60) as http:
            client = Client(http, retailer, number, random.Random(seed * 1_000 + number), answers)
            while not is_over():
                verbs = client.verbs()
                client.chance.shuffle(verbs)
                for verb in verbs:
                    if not is_over():
                        verb()

    with served(retailer) as address, working(retailer):
        threads = [threading.Thread(target=work, args=(number, address)) for number in range(clients)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    return answers
