"""Counts: blind, open or directed; variances are approved by another user, and later sales stay valid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT

from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.actions import NewReservation, ReservationEnd, counts
from doorstep.domain.inventory.actions.counts import Command, MissingStock
from doorstep.domain.inventory.model import Condition, Movement, MovementType, UnknownPosition
from doorstep.domain.inventory.model.counts import (
    CountedSku,
    CountKind,
    CountState,
    NewCount,
    OwnCount,
    Rest,
    Tolerance,
)
from doorstep.domain.inventory.views import counts as count_views
from doorstep.domain.inventory.views.counts import CountFilter
from doorstep.kernel import errors, event_log
from doorstep.kernel.db import Database
from doorstep.kernel.ids import CountId, LocationId, OrderId, Sku
from doorstep.kernel.states import IllegalMove

A, B = LocationId(1), LocationId(2)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def stock(database: Database) -> Iterator[None]:
    """Ten shirts and two jackets in A, three shirts in B; at the end the ledger must agree with its counters."""
    with database.write(actor="system") as tx:
        builders.stock(tx, A={SHIRT: 10, JACKET: 2}, B={SHIRT: 3})
    yield
    with database.read() as tx:
        assert views.drift(tx) == []


def on_hand(database: Database, sku: str = SHIRT, location: LocationId = A) -> tuple[int, int, int]:
    """On hand, reserved, missing."""
    with database.read() as tx:
        (found,) = [
            each
            for each in views.positions(tx, sku=sku, location_id=location)
            if each.condition is Condition.NEW
        ]
    return found.on_hand, found.reserved, found.missing


def opened(database: Database, *skus: Sku, kind: CountKind = CountKind.BLIND, category: str = "") -> CountId:
    new = NewCount(A, kind, "Shelf 4", skus, category)
    with database.write(actor="user:1") as tx:
        (found,) = counts.open_(tx, counts=[new], at=NOON)
    return found


def find(
    database: Database,
    count_id: CountId,
    *found: CountedSku,
    adds: bool = False,
    at: datetime = NOON + HOUR,
) -> None:
    with database.write(actor="user:3") as tx:
        counts.find(tx, command=Command(count_id, at), found=found, adds=adds)


def submit(
    database: Database, count_id: CountId, rest: Rest = Rest.SKIP, tolerance: Tolerance | None = None
) -> CountState:
    with database.write(actor="user:3") as tx:
        command = Command(count_id, NOON + 2 * HOUR)
        return counts.submit(tx, command=command, rest=rest, tolerance=tolerance or Tolerance())


def approve(database: Database, count_id: CountId, actor: str = "user:1", *, alone: bool = False) -> None:
    with database.write(actor=actor) as tx:
        counts.approve(tx, command=Command(count_id, NOON + 3 * HOUR), alone=alone)


def sell(database: Database, quantity: int, at: datetime) -> None:
    cause = f"fulfillment/{at.hour}/line/1"
    with database.write(actor="system") as tx:
        actions.reserve(
            tx, reservations=[NewReservation(cause, SHIRT, A, quantity, order_id=OrderId(1))], at=at
        )
        actions.ship(tx, ending=ReservationEnd([cause], [1]), at=at)


def lines(database: Database, count_id: CountId) -> list[tuple[str, int | None, int | None, int | None]]:
    """SKU, counted, expected, changed."""
    with database.read() as tx:
        found = count_views.count(tx, count_id=count_id).lines
    return [(each.sku, each.counted, each.expected, each.changed) for each in found]


def test_what_was_sold_since_the_counting_stays_sold(database: Database) -> None:
    count_id = opened(database, SHIRT)
    sell(database, 2, NOON + HOUR / 2)
    find(database, count_id, CountedSku(SHIRT, 7), at=NOON + HOUR)
    sell(database, 3, NOON + 2 * HOUR)
    assert submit(database, count_id) is CountState.COUNTED
    assert lines(database, count_id) == [(SHIRT, 7, 8, None)]
    sell(database, 1, NOON + 3 * HOUR)
    approve(database, count_id)
    assert (on_hand(database), lines(database, count_id)) == ((3, 0, 0), [(SHIRT, 7, 8, -1)])


def test_late_movements_are_not_a_variance(database: Database) -> None:
    count_id = opened(database, SHIRT)
    find(database, count_id, CountedSku(SHIRT, 15))
    submit(database, count_id)
    with database.write(actor="system") as tx:
        actions.move(tx, movements=[Movement(MovementType.RECEIVED, SHIRT, A, 5, "late papers", NOON)])
    approve(database, count_id)
    assert on_hand(database) == (15, 0, 0)


def test_scans_add_up_and_can_be_undone(database: Database) -> None:
    count_id = opened(database, SHIRT)
    find(database, count_id, CountedSku(SHIRT, 1), CountedSku(SHIRT, 1), adds=True)
    find(database, count_id, CountedSku(SHIRT, -1), CountedSku(JACKET, 1), adds=True)
    find(database, count_id, CountedSku(JACKET, -5), adds=True)
    assert lines(database, count_id) == [(JACKET, 0, None, None), (SHIRT, 1, None, None)]
    find(database, count_id, CountedSku(SHIRT, 9))
    assert lines(database, count_id)[1] == (SHIRT, 9, None, None)


def test_uncounted_lines_are_open_or_zero(database: Database) -> None:
    for rest, after in ((Rest.SKIP, (2, 0, 0)), (Rest.NONE_THERE, (0, 0, 0))):
        count_id = opened(database)
        find(database, count_id, CountedSku(SHIRT, 10))
        submit(database, count_id, rest)
        if rest is Rest.NONE_THERE:
            approve(database, count_id)
        assert (on_hand(database), on_hand(database, JACKET)) == ((10, 0, 0), after)


@pytest.mark.parametrize(
    ("tolerance", "state"),
    [
        (Tolerance(), CountState.COUNTED),
        (Tolerance(units=1), CountState.APPROVED),
        (Tolerance(percent=10), CountState.APPROVED),
        (Tolerance(percent=9), CountState.COUNTED),
    ],
)
def test_small_differences_are_agreed_at_once(
    database: Database, tolerance: Tolerance, state: CountState
) -> None:
    count_id = opened(database, SHIRT)
    find(database, count_id, CountedSku(SHIRT, 9))
    assert submit(database, count_id, tolerance=tolerance) is state
    assert on_hand(database)[0] == (9 if state is CountState.APPROVED else 10)
    with database.read() as tx:
        row = count_views.row(tx, count_id=count_id)
    assert (row.counted_by, row.approved_by) == ("user:3", "system" if state is CountState.APPROVED else "")


def test_the_counting_user_does_not_approve_unless_alone(database: Database) -> None:
    count_id = opened(database, SHIRT)
    find(database, count_id, CountedSku(SHIRT, 2))
    submit(database, count_id)
    with pytest.raises(OwnCount):
        approve(database, count_id, actor="user:3")
    approve(database, count_id, actor="user:3", alone=True)
    assert on_hand(database) == (2, 0, 0)


def test_a_count_that_differs_may_be_done_again(database: Database) -> None:
    count_id = opened(database, SHIRT, JACKET)
    find(database, count_id, CountedSku(SHIRT, 7), CountedSku(JACKET, 2))
    submit(database, count_id)
    with database.write(actor="user:1") as tx:
        counts.recount(tx, command=Command(count_id, NOON), reason="look behind the door")
    assert lines(database, count_id) == [(JACKET, 2, 2, None), (SHIRT, None, None, None)]
    find(database, count_id, CountedSku(SHIRT, 10))
    assert submit(database, count_id) is CountState.APPROVED
    with database.read() as tx:
        reported = [each.type for each in event_log.of_stream(tx, stream="count", stream_id=count_id)]
    assert reported == [
        f"count.{step}" for step in ("opened", "submitted", "reopened", "submitted", "approved")
    ]


def test_fewer_than_are_reserved_makes_the_position_contradictory(database: Database) -> None:
    with database.write(actor="system") as tx:
        reservation = NewReservation("fulfillment/5/line/1", SHIRT, A, 6, order_id=OrderId(5))
        actions.reserve(tx, reservations=[reservation], at=NOON)
    count_id = opened(database, SHIRT)
    find(database, count_id, CountedSku(SHIRT, 4))
    submit(database, count_id)
    approve(database, count_id)
    assert on_hand(database) == (6, 6, 2)
    with database.read() as tx:
        count = count_views.count(tx, count_id=count_id)
        assert [each.order_id for each in count_views.waiting(tx, count=count)] == [5]
        assert event_log.of_stream(tx, stream="location", stream_id=A)[-1].type == "stock.discrepancy_found"
    assert count.lines[0].outcome == "Units found: 4, reserved: 6, missing: 2."


def test_a_snapshot_that_is_newer_than_the_counting_has_the_last_word(database: Database) -> None:
    early, late = opened(database, SHIRT), opened(database, SHIRT)
    find(database, early, CountedSku(SHIRT, 5), at=NOON + HOUR)
    find(database, late, CountedSku(SHIRT, 8), at=NOON + 2 * HOUR)
    for count_id in (late, early):
        submit(database, count_id)
        approve(database, count_id)
    assert on_hand(database) == (8, 0, 0)
    with database.read() as tx:
        outcome = count_views.count(tx, count_id=early).lines[0].outcome
        assert count_views.waiting(tx, count=count_views.count(tx, count_id=early)) == []
    assert outcome == f"A count or snapshot of {NOON + timedelta(hours=2):%Y-%m-%d %H:%M:%S} UTC is newer."


def test_what_is_missed_is_counted_once_while_the_count_is_under_way(database: Database) -> None:
    def direct(*misses: MissingStock) -> list[CountId]:
        with database.write(actor="system") as tx:
            return counts.open_directed(tx, missing=misses, at=NOON)

    miss = MissingStock(A, SHIRT, Condition.NEW, 5)
    assert direct() == []
    (first,) = direct(miss, MissingStock(A, SHIRT, Condition.NEW, 6))
    assert [direct(miss), len(direct(miss, MissingStock(B, SHIRT, Condition.NEW)))] == [[], 1]
    with database.read() as tx:
        row = count_views.row(tx, count_id=first)
        opening = event_log.of_stream(tx, stream="count", stream_id=first)[0].data
    assert (row.kind, row.directed_sku, row.lines, opening["order_id"]) == (CountKind.DIRECTED, SHIRT, 1, 5)
    with database.write(actor="user:1") as tx:
        counts.cancel(tx, command=Command(first, NOON))
    assert len(direct(miss)) == 1


def test_a_count_of_a_category_has_its_lines(database: Database) -> None:
    with database.write(actor="system") as tx:
        tx.execute("UPDATE skus SET category = 'Outerwear' WHERE sku = %s", (JACKET,))
    count_id = opened(database, category="Outerwear")
    assert [line[0] for line in lines(database, count_id)] == [JACKET]
    with database.read() as tx:
        rows = count_views.rows(tx, wanted=CountFilter(location_id=A, states=(CountState.OPEN,)))
        assert count_views.scanned(tx, codes=[f"bar-{JACKET}", SHIRT, "nobody"]) == {
            f"bar-{JACKET}": JACKET,
            SHIRT: SHIRT,
        }
        assert count_views.titles(tx, skus=[SHIRT]) == {SHIRT: f"Item {SHIRT}"}
    assert [(row.id, row.lines, row.counted, row.off) for row in rows] == [(count_id, 1, 0, 0)]
    with pytest.raises(errors.Invalid, match="no stock to count"):
        opened(database, category="Hats")


@pytest.mark.parametrize(
    "new",
    [
        NewCount(A, CountKind.DIRECTED, "x", [SHIRT]),
        NewCount(A, CountKind.OPEN, " ", [SHIRT]),
        NewCount(A, CountKind.OPEN, "x", [SHIRT] * 5001),
    ],
)
def test_a_count_that_makes_no_sense_is_not_opened(database: Database, new: NewCount) -> None:
    with pytest.raises(errors.Invalid), database.write(actor="user:1") as tx:
        counts.open_(tx, counts=[new], at=NOON)


def test_only_what_can_be_there_is_counted(database: Database) -> None:
    count_id = opened(database, SHIRT)
    for found in (CountedSku(SHIRT, -1), CountedSku(SHIRT, 1, Condition.IN_TRANSIT)):
        with pytest.raises(errors.Invalid):
            find(database, count_id, found)
    with pytest.raises(UnknownPosition):
        find(database, count_id, CountedSku(Sku("NO-SUCH"), 1))
    with pytest.raises(errors.Invalid, match="Nothing is counted"):
        submit(database, count_id)
    with pytest.raises(errors.Invalid, match="too long"):
        find(database, count_id, *[CountedSku(SHIRT, 1)] * 10_000)


def test_a_count_that_is_over_stays_over(database: Database) -> None:
    count_id = opened(database, SHIRT)
    find(database, count_id, CountedSku(SHIRT, 10))
    assert submit(database, count_id) is CountState.APPROVED
    with pytest.raises(errors.Conflict, match="it cannot be changed"):
        find(database, count_id, CountedSku(SHIRT, 1))
    with pytest.raises(IllegalMove):
        approve(database, count_id)
    with pytest.raises(errors.Conflict, match="someone else"), database.write(actor="user:1") as tx:
        counts.cancel(tx, command=Command(count_id, NOON, version=1))
    with pytest.raises(errors.NotFound):
        approve(database, CountId(99))
    with database.read() as tx:
        for look in (count_views.row, count_views.count):
            with pytest.raises(errors.NotFound):
                look(tx, count_id=99)


def test_a_blind_count_hides_the_expected_quantity(database: Database) -> None:
    for kind, hidden in ((CountKind.BLIND, True), (CountKind.OPEN, False)):
        count_id = opened(database, SHIRT, kind=kind)
        with database.read() as tx:
            assert count_views.count(tx, count_id=count_id).hides_expected is hidden
        find(database, count_id, CountedSku(SHIRT, 9))
        submit(database, count_id)
        with database.read() as tx:
            assert count_views.count(tx, count_id=count_id).hides_expected is False
