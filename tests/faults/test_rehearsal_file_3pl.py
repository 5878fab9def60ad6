"""A warehouse's SFTP server refuses calls, changes its password, repeats and shuffles its files, and is down for three minutes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests import clock, partners
from tests.builders import NOON, SHIRT, Retailer, order_snapshot
from tests.faults import connector_rehearsal, processes
from tests.faults.connector_rehearsal import Rehearsal
from tests.faults.network_link import Link, links
from tests.flows.fulfillment.house import PARTNER, House, in_two_cartons, two_shirts

from doorstep.domain.fulfillment.model import State, Work
from doorstep.domain.fulfillment.model.warehouse import WarehouseState
from doorstep.domain.inventory import actions as inventory
from doorstep.domain.inventory.actions import Correction
from doorstep.domain.orders import views as order_views
from doorstep.flows.fulfillment import cancel
from doorstep.kernel.ids import OrderId, Sku

DOWN_SECONDS = 180.0
REFUSALS = [
    {"kind": "status_429", "method": "PUT", "times": 2},
    {"kind": "status_429", "method": "GET", "times": 3},
    {"kind": "status_429", "method": "RENAME", "times": 3},
    {"kind": "timeout_after_work", "method": "RENAME", "times": 3, "hold_seconds": 0.01},
    {"kind": "refuse_before_work", "method": "PUT", "times": 1, "hold_seconds": 0.01},
]


@dataclass
class Depositor:
    """The warehouse, and the link to its SFTP server."""

    house: House
    running: Rehearsal
    link: Link

    @property
    def retailer(self) -> Retailer:
        return self.house.retailer

    def act(self, verb: str, **body: object) -> Any:
        return self.house.partners.act(PARTNER, verb, **body)

    def place(self, count: int) -> list[OrderId]:
        reported = [order_snapshot(two_shirts()) for _ in range(count)]
        self.retailer.receive("shop", "order", *reported)
        self.running.until(lambda: all(self.works(each.external_id) for each in reported))
        return [self.retailer.order_id(each) for each in reported]

    def works(self, external_id: str) -> list[Work]:
        ids = self.retailer.read(lambda tx: order_views.with_external_id(tx, external_id=external_id))
        return self.retailer.work(ids[0]) if ids else []

    def work(self, order_id: OrderId) -> Work:
        (found,) = self.retailer.work(order_id)
        return found

    def theirs(self) -> dict[str, Any]:
        found: dict[str, Any] = self.house.partners.state(PARTNER)["orders"]
        return found

    def known(self, *order_ids: OrderId) -> bool:
        """Whether the warehouse has these orders."""
        return {f"FO-{self.work(each).id}" for each in order_ids} <= self.theirs().keys()

    def are(self, state: State, *order_ids: OrderId) -> bool:
        return {self.work(each).state for each in order_ids} == {state}

    def reports(self) -> None:
        """The warehouse writes what it has held back, in any order."""
        self.act("release")

    def ship(self, *order_ids: OrderId) -> None:
        for each in order_ids:
            more = in_two_cartons(self.work(each))
            more["tracking_numbers"] = [f"1Z{each}A", f"1Z{each}B"]
            self.act("pick", order_ref=more["order_ref"])
            self.act("ship", **more)


@pytest.fixture
def warehouse_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[partners.Partners]:
    monkeypatch.setenv("DOORSTEP_CLOCK_FILE", str(clock.FILE))
    with partners.running(names=[PARTNER]) as found:
        yield found


@pytest.fixture(params=["csv", "x12"])
def depositor(
    request: pytest.FixtureRequest, retailer: Retailer, warehouse_server: partners.Partners, tmp_path: Path
) -> Iterator[Depositor]:
    address = f"sftp://127.0.0.1:{warehouse_server.ready[PARTNER]['port']}"
    with links(address) as ((link, _over),):
        house = House(retailer, warehouse_server, request.param, port=link.port)
        more = Correction(Sku(SHIRT), house.location_id, "found", change=40)
        retailer.write(lambda tx: inventory.adjust(tx, correction=more, at=NOON))
        house.partners.act(PARTNER, "stock", items=[{"sku": SHIRT, "on_hand": house.stock()[0]}])
        house.partners.act(PARTNER, "script", reading=True, hold=True, duplicates=1, shuffle_seed=3)
        with connector_rehearsal.rehearsed(retailer, tmp_path) as running:
            yield Depositor(house, running, link)


def test_everything_goes_wrong_at_the_warehouse(depositor: Depositor) -> None:
    running = depositor.running
    depositor.house.partners.fail(PARTNER, *REFUSALS)
    first = depositor.place(4)
    running.until_in_time(lambda: depositor.known(*first))
    depositor.ship(*first[:2])
    depositor.reports()
    running.until_in_time(lambda: depositor.are(State.SHIPPED, *first[:2]))
    second = change_password(depositor)
    depositor.link.cut()
    third = depositor.place(2)
    depositor.ship(*second)
    depositor.reports()
    running.pass_time(DOWN_SECONDS)
    depositor.link.restore()
    running.until_in_time(lambda: depositor.known(*third) and depositor.are(State.SHIPPED, *second))
    stopped, late = first[2], first[3]
    depositor.act("pick", order_ref=f"FO-{depositor.work(late).id}")
    depositor.act("pack", order_ref=f"FO-{depositor.work(late).id}")
    for each in (stopped, late):
        depositor.retailer.write(
            lambda tx, each=each: cancel.cancel(tx, order_id=each, reason="no longer", now=clock.CLOCK.now())
        )
    running.until_in_time(
        lambda: depositor.theirs()[f"FO-{depositor.work(stopped).id}"]["state"] == "canceled"
    )
    depositor.act("ship", order_ref=f"FO-{depositor.work(late).id}", tracking_numbers=["1ZLATE"])
    depositor.ship(*third)
    depositor.reports()
    running.until_in_time(lambda: depositor.are(State.SHIPPED, late, *third))
    depositor.act("adjust", sku=SHIRT, quantity=-1, reason="lost")
    depositor.act("receive", lines=[{"sku": SHIRT, "quantity": 5, "damaged": 1}])
    depositor.act("snapshot")
    depositor.reports()
    running.until_in_time(lambda: running.is_quiet() and depositor.house.files("outbound") == [])
    running.settle()
    assert running.has_failed(depositor.house.partners, PARTNER)
    assert depositor.retailer.order(stopped).header.canceled_at is not None
    check(depositor, shipped=[*first[:2], *second, *third, late], canceled=stopped)


def change_password(depositor: Depositor) -> list[OrderId]:
    """The warehouse changes our password in the middle; a person enters the new one, and what was refused is repeated."""
    depositor.act("password", password="another")
    depositor.link.cut()
    depositor.link.restore()
    orders = depositor.place(2)
    depositor.running.until_in_time(lambda: len(depositor.retailer.dead_letters()) == 2)
    assert {each["error_class"] for each in depositor.retailer.dead_letters()} == {"auth"}
    depositor.house.connect(password="another")
    processes.output(depositor.retailer, "dead-letters", "retry", "--class", "auth")
    depositor.running.until_in_time(lambda: depositor.known(*orders))
    return orders


def check(depositor: Depositor, *, shipped: list[OrderId], canceled: OrderId) -> None:
    """Each order was written once, shipped once, and both stocks are the same."""
    orders = [*shipped, canceled]
    assert depositor.theirs().keys() == {f"FO-{depositor.work(each).id}" for each in orders}
    assert len(depositor.house.files("archive", "orders_")) == len(orders)
    for each in shipped:
        there = depositor.theirs()[f"FO-{depositor.work(each).id}"]
        ours = depositor.retailer.parcels(each)
        assert sorted(one.tracking_number for one in ours) == sorted(
            one["tracking_number"] for one in there["cartons"]
        )
        assert depositor.house.state(depositor.work(each)) is WarehouseState.SHIPPED
        assert depositor.retailer.event_types(each).count("channel.updated") == len(ours)
    assert depositor.house.state(depositor.work(canceled)) is WarehouseState.CANCELED
    assert depositor.house.stock() == (depositor.house.theirs(), 0)
    assert depositor.retailer.count(SHIRT, depositor.house.code, "damaged") == (1, 0)
    assert repeated(depositor) <= set(depositor.house.files("archive", "orders_"))
    assert (depositor.retailer.dead_letters(), depositor.running.drift()) == ([], [])


def repeated(depositor: Depositor) -> set[str]:
    """Files that the warehouse refused: those that it had read before, whose answer was lost."""
    return {each for each in depositor.house.files("errors") if not each.endswith(".reason.txt")}
