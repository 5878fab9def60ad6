"""The promised date: all parcels, with the required confidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from tests.domain.test_lanes import DELHI, HAWK, KOLKATA, MUMBAI, ORIGINS, ist

from doorstep.domain.routing.model import Choice, Demand, OrderAttributes
from doorstep.domain.routing.model.great_circle import GreatCircle
from doorstep.domain.routing.model.lanes import LaneTable, Tariffs
from doorstep.domain.routing.model.promise import promise_for, promised_at
from doorstep.kernel.ids import LocationId, OrderId, Sku

TARIFFS = Tariffs(LaneTable(ORIGINS, {"hawk": HAWK}, "standard"), ist(12))
CUSTOMER = Demand(OrderId(1), (), 28.63, 77.21, attributes=OrderAttributes(country="IN", region="DL"))


def units(*locations: LocationId) -> list[Choice]:
    return [Choice(number, Sku("X"), location, 1) for number, location in enumerate(locations, start=1)]


@pytest.mark.parametrize(
    ("locations", "confidence", "day", "share"),
    [
        ((DELHI,), 0.5, date(2026, 11, 21), 0.5),
        ((DELHI,), 0.9, date(2026, 11, 23), 0.9),
        ((DELHI, DELHI), 0.9, date(2026, 11, 23), 0.9),
        ((MUMBAI,), 0.9, date(2026, 11, 26), 0.9),
        ((DELHI, MUMBAI), 0.9, date(2026, 11, 27), 0.9441),  # both must be there
    ],
)
def test_the_earliest_day_that_is_sure_enough(
    locations: tuple[LocationId, ...], confidence: float, day: date, share: float
) -> None:
    found = promise_for(units(*locations), CUSTOMER, TARIFFS, confidence=confidence)
    assert found is not None
    assert (found.day, round(found.confidence, 4)) == (day, share)
    assert found.arrives_at.astimezone(KOLKATA).hour == 20
    assert found.ships_at == ist(22)


def test_orders_are_promised_with_the_confidence_of_the_network() -> None:
    reported = [
        promised_at(units(*locations), CUSTOMER, TARIFFS)
        for locations in ((DELHI,), (DELHI,), (DELHI, MUMBAI))
    ]
    assert reported == [ist(20, day=23), ist(20, day=23), ist(20, day=27)]
    brave = Tariffs(TARIFFS.lane_table, ist(12), confidence=0.5)
    assert promised_at(units(DELHI), CUSTOMER, brave) == ist(20, day=21)
    assert promised_at([], CUSTOMER, TARIFFS) is None
    assert promised_at(units(DELHI), CUSTOMER, GreatCircle({})) is None
    never = Tariffs(TARIFFS.lane_table, ist(12), confidence=1.1)
    assert promised_at(units(DELHI), CUSTOMER, never) is None


def test_what_is_fetched_is_ready_when_it_is_processed() -> None:
    fetched = replace(CUSTOMER, attributes=OrderAttributes(pickup="ST-22"))
    late = Tariffs(LaneTable(ORIGINS), ist(21, 30))  # half an hour before it closes, an hour of work
    found = promise_for(units(DELHI), fetched, late)
    assert found is not None
    assert (found.arrives_at, found.day, found.confidence) == (ist(8, 30, day=21), date(2026, 11, 21), 1.0)
    assert promised_at(units(DELHI), fetched, late) == found.arrives_at
    assert promise_for([], fetched, late) is None
    assert promise_for(units(DELHI, LocationId(9)), fetched, late) is None


def test_unknown_stock_is_not_promised() -> None:
    assert promise_for([], CUSTOMER, TARIFFS) is None
    assert promise_for(units(DELHI), CUSTOMER, GreatCircle({})) is None
    assert promise_for(units(DELHI), CUSTOMER, Tariffs(LaneTable(ORIGINS), ist(12))) is None
    assert promise_for(units(LocationId(9)), CUSTOMER, TARIFFS) is None
    abroad = Demand(OrderId(1), (), attributes=OrderAttributes(country="NL"))
    assert promise_for(units(DELHI), abroad, TARIFFS) is None
    assert promise_for(units(DELHI), CUSTOMER, TARIFFS, confidence=1.1) is None  # nobody is that sure
