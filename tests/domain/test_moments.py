"""Capacity and pauses at one time, now and in the past; how work moves between locations with limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from tests.routes import NOW, location, street

from doorstep.domain.routing.model import Network, calendar, try_move
from doorstep.domain.routing.model.batch import connected
from doorstep.domain.routing.model.calendar import Calendar
from doorstep.domain.routing.model.capacity import Shift
from doorstep.domain.routing.model.lab import PastNetwork
from doorstep.domain.routing.model.lanes import LaneTable, Origin
from doorstep.domain.routing.model.moments import Closure, Moments
from doorstep.kernel import geography
from doorstep.kernel.ids import LocationId

ONE, TWO = LocationId(1), LocationId(2)
MINUTE = timedelta(minutes=1)
OPEN = Calendar(ZoneInfo("UTC"), calendar.week_of(dict.fromkeys(calendar.WEEKDAYS, "08:00-20:00")))
DAYS = frozenset(range(7))
DAY_SHIFT = Shift("day", DAYS, 8 * 60, 20 * 60, most=7)
ATLAS = LaneTable([Origin(each, f"L{each}", 0.0, 0.0, "IN", "IN", OPEN, {"": 960}) for each in (ONE, TWO)])


def moments(*closures: Closure, shift: Shift = DAY_SHIFT) -> Moments:
    return Moments({ONE: OPEN, TWO: OPEN}, {ONE: (shift,), TWO: ()}, ATLAS, 0.9, closures)


def test_a_minute_is_worked_out_once() -> None:
    known = moments()
    first = known.at(NOW)
    assert known.at(NOW + timedelta(seconds=59)) is first
    assert known.at(NOW + MINUTE) is not first
    assert first.is_open == {ONE: True, TWO: True}
    assert first.keys == [(ONE, NOW.replace(hour=8))]
    assert (first.ways[True].priced, first.ways[False].priced) == (True, False)


@pytest.mark.parametrize(
    ("since", "until", "is_out"),
    [
        (NOW, None, True),
        (NOW + MINUTE, None, False),
        (NOW - 9 * MINUTE, NOW, False),
        (NOW - 9 * MINUTE, NOW + MINUTE, True),
    ],
)
def test_a_closed_carrier_is_out_for_its_time(since: datetime, until: datetime | None, is_out: bool) -> None:
    found = moments(Closure("hawk", "hawk is out: strike", since, until)).at(NOW)
    assert found.ways[True].out == ({"hawk": "hawk is out: strike"} if is_out else {})


@pytest.mark.parametrize(("counts", "free_capacity"), [("orders", 7), ("lines", None)])
def test_in_the_past_every_shift_is_empty_and_nothing_is_paused(
    counts: str, free_capacity: int | None
) -> None:
    today = Network(
        {ONE: location(1, free_capacity=0, backlog_hours=9.0, paused="flood"), TWO: location(2)},
        street({1: 1, 2: 2}),
        prices={("A", ONE): 5},
    )
    past = PastNetwork(moments(shift=Shift("day", DAYS, 8 * 60, 20 * 60, counts, most=7)), today)
    then = past.network(NOW)
    assert past.codes == {ONE: "L1", TWO: "L2"}
    assert (
        then.locations[ONE].free_capacity,
        then.locations[ONE].backlog_hours,
        then.locations[ONE].paused,
    ) == (
        free_capacity,
        0.0,
        "",
    )
    assert (then.locations[TWO].free_capacity, then.prices) == (None, {})
    assert (past.shift(ONE, NOW), past.shift(TWO, NOW)) == (NOW.replace(hour=8), None)


def test_planned_work_does_not_compete_with_itself_for_capacity() -> None:
    network = Network({ONE: location(1, free_capacity=0), TWO: location(2)}, street({1: 1, 2: 2}))
    freed = network.without([ONE, TWO, ONE])
    assert [each.free_capacity for each in freed.locations.values()] == [2, None]


def test_work_moves_only_where_there_is_capacity() -> None:
    here, there, free = (LocationId(each) for each in (1, 2, 3))
    capacity = {here: 1, there: 0}
    assert try_move(capacity, leaving=[here, there], coming=[there, here])  # they change places
    assert not try_move(capacity, leaving=[here], coming=[there])
    assert try_move(capacity, leaving=[free], coming=[here])
    assert try_move(capacity, leaving=[here], coming=[free])
    assert not try_move(capacity, leaving=[free], coming=[here])
    assert capacity == {here: 0, there: 0}


def test_what_shares_a_key_through_others_is_one_group() -> None:
    assert connected([{1}, {2}, {3, 4}, {2, 3}, {5}], lambda each: each) == [
        [{1}],
        [{3, 4}, {2}, {2, 3}],
        [{5}],
    ]
    assert connected([], lambda each: each) == []


def test_a_region_is_the_state_or_the_country() -> None:
    assert [geography.region("IN", "DL"), geography.region("SG", "")] == ["IN-DL", "SG"]
