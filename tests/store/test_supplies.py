"""Future supply and its promises: counters equal the ledger, no unit promised twice, delays update the orders."""

from __future__ import annotations

import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from tests import builders
from tests.builders import NOON
from tests.clock import day

from doorstep.domain.inventory import views as stock
from doorstep.domain.inventory.actions import promises, supplies
from doorstep.domain.inventory.actions.supplies import SupplyResult, SupplyUpdate
from doorstep.domain.inventory.model.availability import Question
from doorstep.domain.inventory.model.promises import Need, Refusal, SellAhead, SellAheadMode
from doorstep.domain.inventory.model.supplies import Announcement, Supply, SupplyKind, SupplyState
from doorstep.domain.inventory.views import promises as promise_views
from doorstep.domain.inventory.views import supplies as views
from doorstep.domain.inventory.views.availability import availability
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import LocationId, OrderId, Sku
from doorstep.kernel.states import IllegalMove

A, WH = Sku("A"), LocationId(1)
PREORDER, BACKORDER = SellAheadMode.PREORDER, SellAheadMode.BACKORDER


def december(number: int) -> date:
    return day(10 + number)


@pytest.fixture(autouse=True)
def retail(database: Database) -> Iterator[None]:
    """Nothing of A on hand anywhere; at the end the ledger agrees with its counters."""
    with database.write(actor="system") as tx:
        builders.stock(tx, WH={A: 0, "B": 3}, ST={A: 0})
    yield
    with database.read() as tx:
        assert stock.drift(tx) == []


def line(number: int = 1, quantity: int = 10, day: int = 10, **given: Any) -> Announcement:
    reported = Announcement(SupplyKind.PURCHASE_ORDER, "PO-1", number, A, WH, quantity, december(day))
    return replace(reported, **given)


def put(database: Database, *reported: Announcement) -> SupplyResult:
    with database.write(actor="user:1") as tx:
        return supplies.put(tx, reported=reported, at=NOON)


def incoming(database: Database) -> int:
    with database.read() as tx:
        return sum(each.incoming for each in stock.positions(tx, sku=A, location_id=WH))


def allow(database: Database, mode: SellAheadMode = BACKORDER, **given: Any) -> None:
    with database.write(actor="user:1") as tx:
        promises.put_sell_ahead(tx, policies=[SellAhead(A, mode, **given)], at=NOON)


def orders(database: Database, count: int = 1, quantity: int = 1) -> list[OrderId]:
    with database.write(actor="system") as tx:
        return builders.store_orders(tx, count, quantity=quantity)


def promise(database: Database, order_id: OrderId, quantity: int = 1, minutes: int = 0) -> list[Refusal]:
    with database.write(actor="system") as tx:
        need = Need(order_id, 1, A, quantity)
        return promises.promise(tx, lines=[need], at=NOON + timedelta(minutes=minutes))


def promised(database: Database) -> list[tuple[int, int, date | None]]:
    """Order, units and day of every open promise."""
    with database.read() as tx:
        rows = promise_views.of_sku(tx, sku=A)
    found = sorted(rows, key=lambda row: (row.order_id, row.promised_date or date.max))
    return [(row.order_id, row.quantity, row.promised_date) for row in found]


def reported(database: Database, order_id: OrderId) -> list[tuple[object, object]]:
    """Old and new day of every move of an order's promise."""
    with database.read() as tx:
        rows = tx.column(
            dict[str, object],
            "SELECT data FROM events WHERE type = 'promise.supply_changed' ORDER BY position",
        )
    return [(each["old_date"], each["new_date"]) for each in rows if each["order_id"] == order_id]


def event_types(database: Database, supply: Supply) -> list[object]:
    with database.read() as tx:
        return [each.data["change"] for each in event_log.of_stream(tx, stream="supply", stream_id=supply.id)]


# Supply -------------------------------------------------------------------------------------------------------------


def test_a_repeated_document_is_announced_once_and_its_changes_apply(database: Database) -> None:
    (first,) = put(database, line(), line()).supplies
    (again,) = put(database, line()).supplies
    assert (again, incoming(database), event_types(database, first)) == (first, 10, ["announced"])
    (after,) = put(database, line(quantity=12, day=12, confidence=80)).supplies
    assert (after.quantity, after.eta_date, after.confidence) == (12, december(12), 80)
    assert (incoming(database), event_types(database, first)) == (12, ["announced", "changed"])
    with database.read() as tx:
        assert [row.expected for row in views.of_document(tx, kind="purchase_order", number="PO-1")] == [12]
        assert views.supply(tx, supply_id=first.id).version == 2


def test_received_units_are_no_longer_incoming_and_over_delivery_is_accepted(database: Database) -> None:
    (supply,) = put(database, line()).supplies
    for units, left, state in ((4, 6, SupplyState.OPEN), (7, 0, SupplyState.CLOSED)):
        with database.write(actor="user:1") as tx:
            (after,) = supplies.receive(tx, units={supply.id: units}, at=NOON).supplies
        assert (incoming(database), after.state) == (left, state)
    assert put(database, line()).supplies[0].state is SupplyState.CLOSED
    (reopened,) = put(database, line(quantity=15)).supplies
    assert (reopened.state, incoming(database)) == (SupplyState.OPEN, 4)


@pytest.mark.parametrize("verb", [supplies.close, supplies.cancel])
def test_a_line_that_ends_brings_nothing_more(database: Database, verb: Any) -> None:
    (supply,) = put(database, line()).supplies
    with database.write(actor="user:1") as tx:
        verb(tx, supply_ids=[supply.id], at=NOON)
    assert incoming(database) == 0
    with pytest.raises(IllegalMove), database.write(actor="user:1") as tx:
        supplies.cancel(tx, supply_ids=[supply.id], at=NOON)
    with pytest.raises(errors.Conflict), database.write(actor="user:1") as tx:
        supplies.change(tx, changes=[SupplyUpdate(supply.id, quantity=3)], at=NOON)


def test_what_cannot_be_is_refused(database: Database) -> None:
    (supply,) = put(database, line()).supplies
    with pytest.raises(errors.Conflict):
        put(database, line(location_id=LocationId(2)))
    with pytest.raises(errors.NotFound):
        put(database, line(2, sku=Sku("NO-SUCH")))
    for wrong, kind in (
        (SupplyUpdate(supply.id, december(20), version=9), errors.Conflict),
        (SupplyUpdate(99), errors.NotFound),
        (SupplyUpdate(supply.id, quantity=0), errors.Invalid),
    ):
        with pytest.raises(kind), database.write(actor="user:1") as tx:
            supplies.change(tx, changes=[wrong], at=NOON)
    with pytest.raises(errors.NotFound), database.read() as tx:
        views.supply(tx, supply_id=99)
    assert incoming(database) == 10


# Promises -----------------------------------------------------------------------------------------------------------


def test_short_lines_are_promised_by_day_and_the_longest_waiting_first(database: Database) -> None:
    allow(database, PREORDER, available_from_date=december(5))
    put(database, line(1, 2, 3), line(2, 3, 20))
    one, two, three = orders(database, 3)
    assert promise(database, one) == []
    assert promise(database, two, 3) == []
    (refusal,) = promise(database, three, 2)
    assert (refusal.order_id, refusal.because) == (three, "not enough A is incoming")
    assert promised(database) == [
        (one, 1, december(5)),
        (two, 1, december(5)),
        (two, 2, december(20)),
    ]
    with database.read() as tx:
        (made,) = [
            each.data
            for each in event_log.of_stream(tx, stream="order", stream_id=two)
            if each.type == "promise.made"
        ]
    assert (made["quantity"], made["promised_date"]) == (3, day(30).isoformat())


def test_a_repeated_request_has_no_effect_and_another_quantity_keeps_its_position(database: Database) -> None:
    allow(database)
    put(database, line(1, 3, 3))
    one, two = orders(database, 2)
    for quantity in (2, 2):
        promise(database, one, quantity)
    promise(database, two, 2, minutes=1)
    promise(database, one, 1, minutes=2)
    assert promised(database) == [(one, 1, december(3)), (two, 1, december(3)), (two, 1, december(3))]
    put(database, line(1, 2, 3))
    assert promised(database) == [(one, 1, december(3)), (two, 1, december(3)), (two, 1, None)]


@pytest.mark.parametrize(
    ("policy", "because"),
    [
        ({"mode": SellAheadMode.NONE}, "A is not sold ahead"),
        ({"until_date": day(-19)}, f"A was sold ahead until {day(-19)}"),
        ({"quantity_limit": 2}, "0 of at most 2 A are promised ahead already"),
    ],
)
def test_a_line_that_may_not_be_sold_ahead_is_not(
    database: Database, policy: dict[str, Any], because: str
) -> None:
    allow(database, **policy)
    (one,) = orders(database)
    assert [each.because for each in promise(database, one, 3)] == [because]
    assert promised(database) == []


def test_the_limit_holds_for_concurrent_requests(database: Database) -> None:
    allow(database, quantity_limit=10)
    ids = orders(database, 30)
    with ThreadPoolExecutor(4) as threads:
        refusals = list(threads.map(lambda each: promise(database, each), ids))
    assert sum(not each for each in refusals) == 10
    assert len(promised(database)) == 10


def test_delayed_supply_moves_promises_to_other_supply(database: Database) -> None:
    allow(database)
    early, late = put(database, line(1, 2, 3), line(2, 1, 10)).supplies
    one, two, three = orders(database, 3)
    for order_id in (one, two):
        promise(database, order_id)
    change = SupplyUpdate(early.id, december(20))
    with database.write(actor="user:1") as tx:
        tried = supplies.preview(tx, changes=[change], at=NOON)
    assert promised(database) == [(one, 1, december(3)), (two, 1, december(3))]
    with database.write(actor="user:1") as tx:
        changed = supplies.change(tx, changes=[change], at=NOON).changed
    assert [(each.order_id, each.new_date) for each in changed] == [
        (each.order_id, each.new_date) for each in tried.changed
    ]
    assert promised(database) == [(one, 1, december(10)), (two, 1, december(20))]
    assert reported(database, one) == [(day(13).isoformat(), day(20).isoformat())]
    with database.write(actor="user:1") as tx:
        supplies.cancel(tx, supply_ids=[early.id, late.id], at=NOON)
    assert promised(database) == [(one, 1, None), (two, 1, None)]
    promise(database, three)
    put(database, line(3, 2, 25))
    assert promised(database) == [(one, 1, december(25)), (two, 1, december(25)), (three, 1, None)]
    assert reported(database, two)[-2:] == [(day(30).isoformat(), None), (None, day(35).isoformat())]


def test_received_units_belong_to_the_lines_they_were_promised_to(database: Database) -> None:
    allow(database)
    (supply,) = put(database, line(1, 5, 3)).supplies
    one, two = orders(database, 2)
    promise(database, one, 2)
    promise(database, two, 3, minutes=1)
    with database.write(actor="user:1") as tx:
        supplies.receive(tx, units={supply.id: 3}, at=NOON)
        supplies.close(tx, supply_ids=[supply.id], at=NOON)
    with database.read() as tx:
        rows = promise_views.of_sku(tx, sku=A)
    assert [(row.order_id, row.quantity, row.arrived, row.promised_date) for row in rows] == [
        (one, 2, 2, december(3)),
        (two, 1, 1, december(3)),
        (two, 2, 0, None),
    ]
    assert reported(database, two) == [(day(13).isoformat(), None)]


def test_a_filled_or_canceled_line_frees_its_promise_for_the_next(database: Database) -> None:
    allow(database)
    put(database, line(1, 2, 3))
    one, two, three = orders(database, 3)
    for order_id in (one, two, three):
        promise(database, order_id)
    with database.write(actor="user:1") as tx:
        promises.cancel_of_order(tx, order_id=one, at=NOON)
        promises.cancel_of_order(tx, order_id=one, at=NOON)
        promises.keep(tx, lines={(two, 1), (99, 1)}, at=NOON)
        promises.keep(tx, lines=(), at=NOON)
    assert promised(database) == [(three, 1, december(3))]
    with database.read() as tx:
        assert [row.state for row in promise_views.of_order(tx, order_id=one)] == ["canceled"]
        assert [row.state for row in promise_views.of_order(tx, order_id=two)] == ["kept"]
    assert reported(database, three) == [(None, day(13).isoformat())]


# Availability by date -----------------------------------------------------------------------------------------------


def test_supply_is_available_on_its_day_less_what_is_promised_of_it(database: Database) -> None:
    allow(database)
    put(database, line(1, 4, 3), line(2, 6, 20, confidence=50))
    (one,) = orders(database)
    promise(database, one, 3)
    question = Question(A, "shop", by_date=december(3))
    with database.read() as tx:
        found = availability(
            tx,
            questions=[
                question,
                replace(question, by_date=december(2)),
                replace(question, by_date=december(25)),
                replace(question, by_date=december(25), min_confidence=80),
            ],
            parts={},
            at=NOON,
        )
    assert [each.quantity for each in found] == [1, 0, 7, 1]


def test_a_policy_is_read_back_and_there_is_none_by_default(database: Database) -> None:
    policy = SellAhead(A, PREORDER, 5, december(1), december(24), 60)
    with database.write(actor="user:1") as tx:
        promises.put_sell_ahead(tx, policies=[policy], at=NOON)
        assert promise_views.sell_ahead(tx, sku=A) == policy
        assert promise_views.sell_ahead(tx, sku="B").mode is SellAheadMode.NONE
        assert promises.promise(tx, lines=[], at=NOON) == []


def test_concurrent_work_never_promises_a_unit_twice_or_deadlocks(
    database: Database,
) -> None:
    allow(database)
    lines = put(database, *(line(number, 5, number) for number in range(1, 7))).supplies
    ids = orders(database, 24)

    def slip(number: int) -> None:
        supply = lines[number % len(lines)]
        with database.write(actor="user:1") as tx:
            change = SupplyUpdate(supply.id, december(1 + number % 25), quantity=3 + number % 4)
            supplies.change(tx, changes=[change], at=NOON)

    def give_up(number: int) -> None:
        with database.write(actor="user:1") as tx:
            promises.cancel_of_order(tx, order_id=ids[number], at=NOON)

    for each in ids[:8]:
        promise(database, each, 2)
    work = [lambda number=number: slip(number) for number in range(24)]
    work += [lambda each=each: promise(database, each, 2) for each in ids[8:]]
    work += [lambda number=number: give_up(number) for number in range(8)]
    random.Random(7).shuffle(work)
    with ThreadPoolExecutor(4) as threads:
        for done in [threads.submit(each) for each in work]:
            done.result()
    with database.read() as tx:
        over = tx.rows(
            """
            SELECT s.id FROM supplies s JOIN supply_promises p ON p.supply_id = s.id AND p.state = 'open'
             GROUP BY s.id HAVING sum(p.quantity) > s.quantity
            """
        )
        units = tx.value(int, "SELECT sum(quantity)::bigint FROM supply_promises WHERE state = 'open'")
        undated = tx.value(
            int,
            "SELECT coalesce(sum(quantity), 0)::bigint FROM supply_promises WHERE state = 'open' AND supply_id IS NULL",
        )
        there = tx.value(int, "SELECT sum(quantity)::bigint FROM supplies")
    assert (over, units) == ([], 2 * 16)
    assert undated == max(0, units - there)
