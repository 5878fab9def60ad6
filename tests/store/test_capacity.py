"""Capacity of shifts: exact for concurrent requests, and released once."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from tests import builders
from tests.builders import NOON, order_snapshot

from doorstep.domain.fulfillment import actions as fulfillment
from doorstep.domain.fulfillment.model import Assignment, WorkLine
from doorstep.domain.network import actions as network
from doorstep.domain.network import views
from doorstep.domain.network.model import Document, Shift, Site
from doorstep.domain.orders import actions as orders
from doorstep.domain.orders.actions import Incoming
from doorstep.domain.routing.model import Demand, DemandLine
from doorstep.flows.allocation import capacity
from doorstep.flows.allocation.capacity import NewWork
from doorstep.flows.network import lanes
from doorstep.kernel.db import Database, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId, LocationId, OrderId, Sku


@pytest.fixture
def locations(database: Database) -> dict[str, LocationId]:
    """A and B, and forty orders."""
    with database.write(actor="system") as tx:
        shop = builders.channel(tx)
        reported = [Incoming(shop, "shop", order_snapshot(), "") for _ in range(40)]
        orders.upsert(tx, reported=orders.classify(tx, incoming=reported), now=NOON)
        return builders.stock(tx, A={"X": 1}, B={"X": 1})


def limit(database: Database, *shifts: Shift) -> None:
    document = Document(locations={"A": Site(shifts=shifts)})
    with database.write(actor="system") as tx:
        assert network.configure(tx, document=document, note="season", at=NOON)


def order_ids(database: Database) -> list[OrderId]:
    with database.read() as tx:
        return [OrderId(each) for each in tx.column(int, "SELECT id FROM orders ORDER BY id")]


def open_work(tx: WriteTx, location: LocationId, order_id: OrderId, *, units: int = 1) -> NewWork:
    line = WorkLine(1, Sku("DJ-BL-01"), units)
    (work_id,) = fulfillment.open_work(
        tx, assignments=[Assignment(order_id, location, (line,))], decisions={}, at=NOON
    )
    return NewWork(work_id, location, 1, units)


def free_capacity(database: Database, location: LocationId, at: datetime = NOON) -> int | None:
    with database.read() as tx:
        return lanes.network(tx, currency="", at=at).locations[location].free_capacity


def give_back(database: Database, work_ids: Sequence[FulfillmentOrderId]) -> None:
    with database.write(actor="system") as tx:
        capacity.release(tx, work_ids=work_ids)


def test_of_forty_concurrent_requests_ten_get_capacity(
    database: Database, locations: dict[str, LocationId]
) -> None:
    limit(database, Shift(name="day", most=10))
    location = locations["A"]

    def route(order_id: OrderId) -> bool:
        with database.write(actor="system") as tx:
            capacity.lock(tx, at=NOON)
            if not lanes.network(tx, currency="", at=NOON).locations[location].free_capacity:
                return False
            capacity.use(tx, works=[open_work(tx, location, order_id)], at=NOON)
            return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(route, order_ids(database))) == 10
    assert free_capacity(database, location) == 0


def test_what_is_given_back_is_there_again_once(database: Database, locations: dict[str, LocationId]) -> None:
    limit(database, Shift(name="day", most=10))
    with database.write(actor="system") as tx:
        works = [open_work(tx, locations["A"], each) for each in order_ids(database)[:3]]
        capacity.use(tx, works=works, at=NOON)
    assert free_capacity(database, locations["A"]) == 7
    for _ in range(2):
        give_back(database, [works[0].fulfillment_order_id, works[1].fulfillment_order_id])
    assert free_capacity(database, locations["A"]) == 9


def test_capacity_is_released_in_the_same_shift(database: Database, locations: dict[str, LocationId]) -> None:
    limit(database, Shift(name="day", most=10))
    tomorrow = NOON + timedelta(days=1)
    with database.write(actor="system") as tx:
        today = open_work(tx, locations["A"], order_ids(database)[0])
        capacity.use(tx, works=[today], at=NOON)
        capacity.use(tx, works=[open_work(tx, locations["A"], order_ids(database)[1])], at=tomorrow)
    assert (free_capacity(database, locations["A"]), free_capacity(database, locations["A"], tomorrow)) == (
        9,
        9,
    )
    give_back(database, [today.fulfillment_order_id])
    assert (free_capacity(database, locations["A"]), free_capacity(database, locations["A"], tomorrow)) == (
        10,
        9,
    )


@pytest.mark.parametrize(("counts", "left"), [("orders", 98), ("lines", 98), ("units", 90)])
def test_shifts_count_what_they_say(
    database: Database, locations: dict[str, LocationId], counts: str, left: int
) -> None:
    limit(database, Shift(name="day", most=100, counts=counts))  # type: ignore[arg-type]  # each word is one
    with database.write(actor="system") as tx:
        works = [open_work(tx, locations["A"], each, units=5) for each in order_ids(database)[:2]]
        capacity.use(tx, works=works, at=NOON)
    assert free_capacity(database, locations["A"]) == left


def test_above_usual_there_is_capacity_and_a_backlog(
    database: Database, locations: dict[str, LocationId]
) -> None:
    limit(database, Shift(name="day", usual=2))
    with database.write(actor="system") as tx:
        works = [open_work(tx, locations["A"], each) for each in order_ids(database)[:3]]
        capacity.use(tx, works=works, at=NOON)
    with database.read() as tx:
        location = lanes.network(tx, currency="", at=NOON).locations[locations["A"]]
    assert (location.free_capacity, location.backlog_hours) == (None, 12.0)


@pytest.mark.parametrize(
    ("counts", "most", "left"), [("orders", 9, 9), ("lines", 9, 4), ("units", 9, 1), ("units", 4, 0)]
)
def test_there_is_capacity_for_orders_that_surely_fit(
    database: Database, locations: dict[str, LocationId], counts: str, most: int, left: int
) -> None:
    limit(database, Shift(name="day", most=most, counts=counts))  # type: ignore[arg-type]  # each word is one
    wants = [(DemandLine(1, Sku("X"), 2),), (DemandLine(1, Sku("X"), 4), DemandLine(2, Sku("Y"), 1))]
    demands = [Demand(OrderId(number), each) for number, each in enumerate(wants)]
    with database.read() as tx:
        found = lanes.network(tx, currency="", at=NOON, demands=demands)
    assert found.locations[locations["A"]].free_capacity == left


def test_planned_work_does_not_use_its_own_capacity_twice(
    database: Database, locations: dict[str, LocationId]
) -> None:
    limit(database, Shift(name="day", most=1))
    with database.write(actor="system") as tx:
        capacity.use(tx, works=[open_work(tx, locations["A"], order_ids(database)[0])], at=NOON)
        found = lanes.network(tx, currency="", at=NOON)
    freed = found.without([locations["A"], locations["B"]])
    assert [each.free_capacity for each in found.locations.values()] == [0, None]
    assert [each.free_capacity for each in freed.locations.values()] == [1, None]


def test_old_shifts_are_forgotten(database: Database, locations: dict[str, LocationId]) -> None:
    limit(database, Shift(name="day", most=5))
    with database.write(actor="system") as tx:
        for days, order_id in zip((0, 2), order_ids(database), strict=False):
            capacity.use(tx, works=[open_work(tx, locations["A"], order_id)], at=NOON + timedelta(days=days))
        assert network.delete_old_shifts(tx, before=NOON + timedelta(days=1)) == 1
        assert tx.value(int, "SELECT count(*) FROM shift_work") == 1


def test_places_without_shifts_count_nothing(database: Database, locations: dict[str, LocationId]) -> None:
    limit(database, Shift(name="day", most=1))
    with database.write(actor="system") as tx:
        capacity.lock(tx, at=NOON)
        capacity.use(tx, works=[open_work(tx, locations["B"], order_ids(database)[0])], at=NOON)
        assert tx.value(int, "SELECT count(*) FROM shift_work") == 0
    assert free_capacity(database, locations["B"]) is None


def test_a_change_is_seen_by_the_next_batch(database: Database, locations: dict[str, LocationId]) -> None:
    for most in (5, 7):
        limit(database, Shift(name="day", most=most))
        assert free_capacity(database, locations["A"]) == most
    with database.write(actor="system") as tx:
        network.put(tx, locations=[builders.location("A")], at=NOON)
        network.close(tx, location_id=views.by_code(tx, code="A").id, reason="moved", at=NOON)
    with database.read() as tx:
        assert list(lanes.network(tx, currency="", at=NOON).locations) == [locations["B"]]
        assert [each.note for each in views.versions(tx)] == ["season", "season"]
