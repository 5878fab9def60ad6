"""The stock ledger: every change is a movement, never more reserved than on hand, also concurrently."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT

from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.actions import Correction, NewReservation, ReservationEnd
from doorstep.domain.inventory.model import (
    Condition,
    InsufficientStock,
    Movement,
    MovementType,
    UnknownPosition,
)
from doorstep.kernel import errors
from doorstep.kernel.db import Database
from doorstep.kernel.ids import LocationId, OrderId, Sku

A, B = LocationId(1), LocationId(2)
Verb = Callable[..., int]


@pytest.fixture(autouse=True)
def stock(database: Database) -> Iterator[None]:
    """Ten shirts and two jackets in A, three shirts in B; at the end the ledger must agree with its counters."""
    with database.write(actor="system") as tx:
        assert builders.stock(tx, A={SHIRT: 10, JACKET: 2}, B={SHIRT: 3}) == {"A": A, "B": B}
    yield
    with database.read() as tx:
        assert views.drift(tx) == []


def count(
    database: Database, sku: str = SHIRT, location: LocationId = A, condition: Condition = Condition.NEW
) -> tuple[int, int]:
    """On hand and reserved."""
    with database.read() as tx:
        found = {each.condition: each for each in views.positions(tx, sku=sku, location_id=location)}
    return (found[condition].on_hand, found[condition].reserved) if condition in found else (0, 0)


def reservation(quantity: int, sku: Sku = SHIRT, location: LocationId = A, work: int = 1) -> NewReservation:
    return NewReservation(f"fulfillment/{work}/line/1", sku, location, quantity, order_id=OrderId(1))


def ending(*works: int) -> ReservationEnd:
    return ReservationEnd([f"fulfillment/{work}/line/1" for work in works], [1], "rejected")


def reserve(database: Database, *units: NewReservation) -> None:
    with database.write(actor="system") as tx:
        actions.reserve(tx, reservations=units, at=NOON)


def adjust(database: Database, change: int | None = None, **given: Any) -> tuple[int, int]:
    correction = replace(Correction(SHIRT, A, "counted", change), **given)
    with database.write(actor="user:1") as tx:
        after = actions.adjust(tx, correction=correction, at=NOON)
    return after.on_hand, after.reserved


def test_units_are_reserved_released_and_shipped(database: Database) -> None:
    reserve(database, reservation(1), reservation(3, work=2))
    assert count(database) == (10, 4)
    with database.write(actor="system") as tx:
        assert actions.release(tx, ending=ending(1), at=NOON) == 1
        assert actions.ship(tx, ending=ending(2), at=NOON) == 1
    assert count(database) == (7, 0)
    with database.read() as tx:
        ledger = [
            (
                row.type,
                row.on_hand_change,
                row.reserved_change,
                row.cause,
                row.reverses and row.reverses - row.id,
            )
            for row in views.movements(tx, sku=SHIRT, location_id=A)
        ]
    assert ledger == [
        ("shipped", -3, -3, "fulfillment/2/line/1", -2),
        ("released", 0, -1, "fulfillment/1/line/1", -2),
        ("reserved", 0, 3, "fulfillment/2/line/1", None),
        ("reserved", 0, 1, "fulfillment/1/line/1", None),
        ("received", 10, 0, "opening stock", None),
    ]


def test_too_much_is_refused_and_nothing_of_the_batch_happens(database: Database) -> None:
    with pytest.raises(InsufficientStock):
        reserve(database, reservation(1, JACKET), reservation(2, SHIRT, B), reservation(11))
    assert [count(database), count(database, JACKET), count(database, SHIRT, B)] == [(10, 0), (2, 0), (3, 0)]


@pytest.mark.parametrize("verb", [actions.release, actions.ship])
def test_a_reservation_ends_once(database: Database, verb: Verb) -> None:
    reserve(database, reservation(4))
    for ended in (1, 0, 0):
        with database.write(actor="system") as tx:
            assert verb(tx, ending=ending(1), at=NOON) == ended
    with database.write(actor="system") as tx:
        assert actions.release(tx, ending=ending(1), at=NOON) == 0
    assert count(database) == (10 if verb is actions.release else 6, 0)


def test_many_who_end_the_same_reservation_at_once_end_it_once(database: Database) -> None:
    reserve(database, reservation(4))

    def end(number: int) -> int:
        with database.write(actor="system") as tx:
            return (actions.ship if number % 2 else actions.release)(tx, ending=ending(1), at=NOON)

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(end, range(16))) == 1


def test_a_foreign_or_missing_reservation_is_not_ended(database: Database) -> None:
    reserve(database, reservation(4))
    with database.write(actor="system") as tx:
        assert actions.release(tx, ending=ending(7), at=NOON) == 0
        assert actions.ship(tx, ending=replace(ending(1), order_ids=[2]), at=NOON) == 0
        assert actions.ship(tx, ending=replace(ending(1), order_ids=None), at=NOON) == 0
    assert count(database) == (10, 4)


def test_twenty_buyers_get_exactly_ten_units(database: Database) -> None:
    def buy(order: int) -> bool:
        try:
            reserve(database, reservation(1, work=order))
        except InsufficientStock:
            return False
        return True

    with ThreadPoolExecutor(20) as threads:
        assert sum(threads.map(buy, range(20))) == 10
    assert count(database) == (10, 10)


def test_batches_of_the_same_skus_do_not_block_each_other(database: Database) -> None:
    def churn(order: int) -> None:
        units = [
            reservation(1, SHIRT, A, order),
            reservation(1, SHIRT, B, order),
            reservation(1, JACKET, A, order),
        ]
        units = units if order % 2 else units[::-1]
        for _ in range(10):
            with database.write(actor="system") as tx:
                actions.lock_stock(tx, skus=[each.sku for each in units])
                actions.reserve(tx, reservations=units[: order % 3 + 1], at=NOON)
                actions.release(tx, ending=ending(order), at=NOON)

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(churn, range(4)))
    assert [count(database), count(database, JACKET), count(database, SHIRT, B)] == [(10, 0), (2, 0), (3, 0)]


def test_corrections_at_two_places_do_not_block_each_other(database: Database) -> None:
    def correct(location: LocationId) -> None:
        for _ in range(10):
            with database.write(actor="user:1") as tx:
                actions.reserve(tx, reservations=[reservation(1, SHIRT, location, location)], at=NOON)
                actions.release(tx, ending=ending(location), at=NOON)
                for change in (1, -1):
                    actions.adjust(tx, correction=Correction(SHIRT, location, "rejected", change), at=NOON)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(correct, (A, B)))
    assert [count(database), count(database, SHIRT, B)] == [(10, 0), (3, 0)]


def test_a_movement_with_a_key_happens_once(database: Database) -> None:
    returned = Movement(
        MovementType.RETURNED, SHIRT, A, 1, "return/1/line/1", NOON, Condition.B_GRADE, key="return/1/line/1"
    )
    for changed in (1, 0, 0):
        with database.write(actor="user:1") as tx:
            assert actions.move(tx, movements=[returned]) == changed
    assert count(database, condition=Condition.B_GRADE) == (1, 0)


@pytest.mark.parametrize(
    ("kind", "quantity"),
    [(MovementType.RESERVED, -1), (MovementType.RECEIVED, 0), (MovementType.ADJUSTED, 0)],
)
def test_a_movement_that_cannot_be_is_refused(database: Database, kind: MovementType, quantity: int) -> None:
    with pytest.raises(errors.Invalid), database.write(actor="user:1") as tx:
        actions.move(tx, movements=[Movement(kind, SHIRT, A, quantity, "test", NOON)])


def test_a_count_is_corrected_by_so_many_or_to_so_many(database: Database) -> None:
    reserve(database, reservation(4))
    assert adjust(database, -2) == (8, 4)
    assert adjust(database, None, set_to=6) == (6, 4)
    assert adjust(database, None, set_to=6) == (6, 4)
    with database.read() as tx:
        reported = [each.data["change"] for each in builders.stock_events(tx, A)]
    assert reported == [-2, -2]


def test_reserved_units_cannot_be_adjusted_away(database: Database) -> None:
    reserve(database, reservation(4))
    with pytest.raises(InsufficientStock):
        adjust(database, None, set_to=3)
    assert count(database) == (10, 4)


def test_another_condition_has_its_own_count(database: Database) -> None:
    assert adjust(database, None, set_to=2, condition=Condition.DAMAGED) == (2, 0)
    assert count(database) == (10, 0)


def test_a_correction_with_a_key_happens_once(database: Database) -> None:
    assert [adjust(database, 5, key="feed/7") for _ in range(2)] == [(15, 0), (15, 0)]
    with database.read() as tx:
        assert len(builders.stock_events(tx, A)) == 1


@pytest.mark.parametrize("given", [{"reason": " "}, {"set_to": 3}, {"change": None}])
def test_a_correction_needs_a_reason_and_one_quantity(database: Database, given: dict[str, Any]) -> None:
    with pytest.raises(errors.Invalid):
        adjust(database, **({"change": 1} | given))


@pytest.mark.parametrize("given", [{"sku": Sku("NO-SUCH")}, {"location_id": LocationId(99)}])
def test_an_unknown_sku_cannot_be_counted(database: Database, given: dict[str, Any]) -> None:
    with pytest.raises(UnknownPosition):
        adjust(database, 1, **given)
