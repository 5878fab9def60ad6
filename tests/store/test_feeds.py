"""Feeds of ERP, WMS and POS: once per key, never undoing newer sales, never below reserved units."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests import builders
from tests.builders import JACKET, NOON, SHIRT

from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.actions import Correction, NewReservation, claims, feeds
from doorstep.domain.inventory.actions.feeds import FeedResult, FeedTaken
from doorstep.domain.inventory.model import Condition, Movement, MovementType
from doorstep.domain.inventory.model.claims import ClaimOutcome
from doorstep.domain.inventory.model.feeds import Feed, Mode, StockLine
from doorstep.domain.inventory.views import feeds as feed_views
from doorstep.kernel import errors
from doorstep.kernel.db import Database
from doorstep.kernel.ids import LocationId, OrderId

A, B = LocationId(1), LocationId(2)
LOCATIONS = {"A": A, "B": B}
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def stock(database: Database) -> Iterator[None]:
    """Ten shirts and two jackets in A, three shirts in B; at the end the ledger must agree with its counters."""
    with database.write(actor="system") as tx:
        builders.stock(tx, A={SHIRT: 10, JACKET: 2}, B={SHIRT: 3})
    yield
    with database.read() as tx:
        assert views.drift(tx) == []


def count(database: Database, sku: str = SHIRT, location: LocationId = A) -> tuple[int, int, int]:
    """On hand, reserved and missing."""
    with database.read() as tx:
        (found,) = [
            each
            for each in views.positions(tx, sku=sku, location_id=location)
            if each.condition is Condition.NEW
        ]
    return found.on_hand, found.reserved, found.missing


def take(
    database: Database,
    *reported: tuple[str, str, int],
    mode: Mode = Mode.SET,
    key: str = "",
    as_of: datetime = NOON + HOUR,
    now: datetime = NOON + 2 * HOUR,
) -> FeedResult:
    lines = [
        StockLine(number, sku, location, quantity)
        for number, (sku, location, quantity) in enumerate(reported, start=1)
    ]
    feed = Feed("erp", key or f"{mode}-{as_of}", mode, as_of, lines)
    with database.write(actor="connection:erp") as tx:
        return feeds.apply_feed(tx, feed=feed, locations=LOCATIONS, now=now)


def outcomes(taken: FeedResult) -> list[str]:
    return [each.outcome.value for each in taken.results]


def sell(database: Database, quantity: int, at: datetime, order: int = 1) -> None:
    """Reserved and shipped at a moment."""
    cause = f"fulfillment/{order}/line/1"
    with database.write(actor="system") as tx:
        actions.reserve(
            tx, reservations=[NewReservation(cause, SHIRT, A, quantity, order_id=OrderId(order))], at=at
        )
        actions.ship(tx, ending=actions.ReservationEnd([cause], [order]), at=at)


def reserve(database: Database, quantity: int, order: int = 7) -> None:
    reservation = NewReservation(f"fulfillment/{order}/line/1", SHIRT, A, quantity, order_id=OrderId(order))
    with database.write(actor="system") as tx:
        actions.reserve(tx, reservations=[reservation], at=NOON)


def test_a_snapshot_sets_what_is_on_hand_line_by_line(database: Database) -> None:
    taken = take(database, (SHIRT, "A", 12), (JACKET, "A", 2), (SHIRT, "B", 0))
    assert outcomes(taken) == ["applied", "unchanged", "applied"]
    assert [each.on_hand for each in taken.results] == [12, 2, 0]
    assert [count(database), count(database, location=B)] == [(12, 0, 0), (0, 0, 0)]
    row = taken.feed
    assert (row.lines, row.applied, row.unchanged, row.ignored, row.contradicted, row.refused) == (
        3,
        2,
        1,
        0,
        0,
        0,
    )


def test_a_late_snapshot_does_not_undo_what_was_sold_since(database: Database) -> None:
    sell(database, 4, NOON + 2 * HOUR)
    take(database, (SHIRT, "A", 10), as_of=NOON + HOUR, now=NOON + 3 * HOUR)
    assert count(database) == (6, 0, 0)
    with database.read() as tx:
        assert next(row.type for row in views.movements(tx, sku=SHIRT, location_id=A)) == "shipped"


def test_an_older_snapshot_than_the_last_changes_nothing(database: Database) -> None:
    take(database, (SHIRT, "A", 8), as_of=NOON + HOUR)
    for as_of in (NOON + HOUR, NOON):
        late = take(database, (SHIRT, "A", 10), key=f"late {as_of}", as_of=as_of)
        assert outcomes(late) == ["ignored"]
        assert (
            late.results[0].reason
            == f"A count or snapshot of {NOON + timedelta(hours=1):%Y-%m-%d %H:%M:%S} UTC is newer."
        )
    assert count(database) == (8, 0, 0)


def test_snapshots_in_any_order_have_the_same_result(database: Database) -> None:
    sell(database, 1, NOON + HOUR)
    take(database, (SHIRT, "A", 20), as_of=NOON + HOUR / 2, now=NOON + 9 * HOUR)
    assert count(database) == (19, 0, 0)
    take(database, (SHIRT, "A", 30), as_of=NOON + 2 * HOUR, now=NOON + 9 * HOUR)
    assert count(database) == (30, 0, 0)


def test_changes_add_up_and_one_before_the_last_snapshot_is_in_it(database: Database) -> None:
    taken = take(database, (SHIRT, "A", 5), (SHIRT, "A", -2), (SHIRT, "B", -1), mode=Mode.DELTA)
    assert [each.on_hand for each in taken.results] == [15, 13, 2]
    take(database, (SHIRT, "A", 12), as_of=NOON + 2 * HOUR, now=NOON + 3 * HOUR)
    late = take(database, (SHIRT, "A", -1), mode=Mode.DELTA, key="late")
    assert (outcomes(late), count(database)) == (["ignored"], (12, 0, 0))


def test_a_feed_counts_once_per_key(database: Database) -> None:
    first = take(database, (SHIRT, "A", 5), mode=Mode.DELTA, key="k")
    again = take(database, (SHIRT, "A", 5), mode=Mode.DELTA, key="k")
    assert (first.is_replay, again.is_replay, again.feed) == (False, True, first.feed)
    assert count(database) == (15, 0, 0)
    with pytest.raises(FeedTaken):
        take(database, (SHIRT, "A", 5), (SHIRT, "B", 5), mode=Mode.DELTA, key="k")


def test_on_hand_stays_above_what_is_reserved_and_the_rest_is_missing(database: Database) -> None:
    reserve(database, 6)
    taken = take(database, (SHIRT, "A", 4))
    assert (outcomes(taken), count(database)) == (["contradicted"], (6, 6, 2))
    assert taken.results[0].reason == "Units found: 4, reserved: 6, missing: 2."
    with database.read() as tx:
        fact = builders.stock_events(tx, A)[0]
        (problem,) = feed_views.unapplied_lines(tx, feed_id=taken.feed.id)
    assert (fact.type, fact.data["positions"]) == (
        "stock.discrepancy_found",
        [
            {
                "sku": SHIRT,
                "condition": "new",
                "missing": 2,
                "reason": problem.reason,
                "order_ids": [7],
            }
        ],
    )


def test_what_was_missing_and_is_found_again_is_no_longer_missing(database: Database) -> None:
    reserve(database, 6)
    take(database, (SHIRT, "A", 4))
    found = take(database, (SHIRT, "A", 1), mode=Mode.DELTA, as_of=NOON + HOUR * 3 / 2)
    assert (outcomes(found), count(database)) == (["contradicted"], (6, 6, 1))
    take(database, (SHIRT, "A", 9), as_of=NOON + 2 * HOUR)
    assert count(database) == (9, 6, 0)


@pytest.mark.parametrize(("ship", "after"), [(True, (0, 0, 0)), (False, (4, 0, 0))])
def test_missing_units_end_with_their_reservation(
    database: Database, ship: bool, after: tuple[int, int, int]
) -> None:
    reserve(database, 6)
    take(database, (SHIRT, "A", 4))
    ending = actions.ReservationEnd(["fulfillment/7/line/1"], [7])
    with database.write(actor="system") as tx:
        assert claims.write_off_missing(tx, at=NOON) == 0
        (actions.ship if ship else actions.release)(tx, ending=ending, at=NOON)
        assert claims.write_off_missing(tx, at=NOON) == 1
        assert claims.write_off_missing(tx, at=NOON) == 0
    assert count(database) == after


def test_shipping_more_than_on_hand_is_reported_and_on_hand_is_zero(database: Database) -> None:
    taken = take(database, (JACKET, "A", -5), mode=Mode.DELTA)
    assert (outcomes(taken), count(database, JACKET)) == (["contradicted"], (0, 0, 0))
    assert taken.results[0].reason == "Since then, 3 more left than were reported."


def test_lines_that_cannot_be_are_refused_and_the_others_apply(database: Database) -> None:
    taken = take(
        database, ("NO-SUCH", "A", 1), (SHIRT, "X", 1), (SHIRT, "A", -1), (SHIRT, "A", 7), (SHIRT, "A", 8)
    )
    assert [(each.line_no, each.outcome.value, each.reason) for each in taken.results] == [
        (1, "refused", "The catalog does not have this SKU."),
        (2, "refused", "There is no such location, or it belongs to someone else."),
        (3, "refused", "The quantity must be 0 or more."),
        (4, "applied", ""),
        (5, "refused", "Line 4 has the same position."),
    ]
    assert (taken.feed.applied, taken.feed.refused, count(database)) == (1, 4, (7, 0, 0))


def test_the_first_unit_at_a_location_creates_its_counter(database: Database) -> None:
    assert outcomes(take(database, (JACKET, "B", 4))) == ["applied"]
    assert count(database, JACKET, B) == (4, 0, 0)


def test_released_stock_is_reported_with_its_skus(database: Database) -> None:
    taken = take(database, (SHIRT, "A", 12), (JACKET, "A", 1), (SHIRT, "B", 2))
    with database.read() as tx:
        reported = [event.data for location in (A, B) for event in builders.stock_events(tx, location)]
    assert reported == [
        {"location_id": A, "source": "erp", "feed_id": taken.feed.id, "lines": 2, "skus": [SHIRT]},
        {"location_id": B, "source": "erp", "feed_id": taken.feed.id, "lines": 1, "skus": []},
    ]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"source": " "}, "source"),
        ({"key": ""}, "key"),
        ({"lines": []}, "lines"),
        ({"as_of": NOON + 3 * HOUR}, "as_of"),
    ],
)
def test_an_invalid_feed_is_refused(database: Database, given: dict[str, Any], field: str) -> None:
    reported: dict[str, Any] = {
        "source": "erp",
        "key": "k",
        "mode": Mode.SET,
        "as_of": NOON,
        "lines": [StockLine(1, SHIRT, "A", 1)],
    }
    with pytest.raises(errors.Invalid) as refused, database.write(actor="connection:erp") as tx:
        feeds.apply_feed(tx, feed=Feed(**(reported | given)), locations=LOCATIONS, now=NOON + 2 * HOUR)
    assert refused.value.data["field"] == field


def test_sources_and_buyers_at_once_leave_a_ledger_that_adds_up(database: Database) -> None:
    def churn(number: int) -> None:
        for turn in range(6):
            if number % 2:
                sell(database, 1, NOON + HOUR, order=100 * number + turn)
            else:
                reported = ((SHIRT, "A", 1), (SHIRT, "B", 1))
                take(database, *reported[:: 1 if turn % 2 else -1], mode=Mode.DELTA, key=f"{number}-{turn}")

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(churn, range(4)))
    assert [count(database)[0], count(database, location=B)[0]] == [10 + 12 - 12, 3 + 12]


def test_a_correction_by_hand_after_the_snapshots_moment_stays(database: Database) -> None:
    with database.write(actor="user:1") as tx:
        actions.adjust(tx, correction=Correction(SHIRT, A, "found", change=3), at=NOON + 2 * HOUR)
        actions.move(tx, movements=[Movement(MovementType.RECEIVED, SHIRT, A, 5, "late papers", NOON)])
    taken = take(database, (SHIRT, "A", 10), as_of=NOON + HOUR)
    assert (taken.results[0].outcome, count(database)) == (ClaimOutcome.APPLIED, (13, 0, 0))
