"""Endless aisle and the age of stock data, as pure rules."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from doorstep.domain.inventory.model.aisle import coming, elsewhere, transit
from doorstep.domain.inventory.model.availability import (
    AvailabilityInputs,
    Incoming,
    Node,
    Part,
    Question,
    answer,
)
from doorstep.domain.inventory.model.freshness import StockSource, check_source
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.kernel import errors, geography
from doorstep.kernel.ids import Sku

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = NOW.date()
A: Part = (Sku("A"), Condition.NEW, 1)
WAYS = transit("50:1,300:2,*:5")
STORE = Node(1, "ST", "Store", "store", ships=True, active=True, latitude=28.6, longitude=77.2)
NEAR = replace(STORE, id=2, code="NEAR", latitude=28.7)
FAR = replace(STORE, id=3, code="FAR", latitude=19.0, longitude=72.8)
NODES = {each.id: each for each in (FAR, STORE, NEAR)}


def test_transit_days_follow_the_distance_band() -> None:
    assert [WAYS.days(km) for km in (0, 50, 51, 300, 301)] == [1, 1, 2, 2, 5]
    assert transit("*:3").days(10) == 3
    assert round(geography.kilometres((28.6, 77.2), (19.0, 72.8))) == 1157
    assert geography.kilometres((1, 2), (1, 2)) == 0


def test_others_are_offered_soonest_first_and_never_more_than_the_network_has_left() -> None:
    stock_rows = {("A", "new"): ((3, 9, 0, 0), (1, 4, 0, 0), (2, 2, 0, 0))}
    seen = AvailabilityInputs(NOW, NODES, stock_rows)
    found = answer(Question(Sku("A")), (A,), seen)
    offers = elsewhere(found, STORE, NODES, ways=WAYS, today=TODAY)
    assert [(each.code, each.quantity, each.km, each.here_date) for each in offers] == [
        ("NEAR", 2, 11, TODAY + timedelta(days=1)),
        ("FAR", 9, 1157, TODAY + timedelta(days=5)),
    ]
    assert elsewhere(replace(found, known_quantity=0), STORE, NODES, ways=WAYS, today=TODAY) == ()


def test_an_unknown_stock_has_no_quantity_and_a_kit_needs_all_components() -> None:
    silent = {**NODES, 3: replace(FAR, stale="silent")}
    stock_rows = {("A", "new"): ((3, 9, 0, 0), (2, 5, 0, 0)), ("B", "new"): ((2, 3, 0, 0),)}
    seen = AvailabilityInputs(NOW, silent, stock_rows)
    found = answer(Question(Sku("A")), (A,), seen)
    offers = elsewhere(found, STORE, silent, ways=WAYS, today=TODAY)
    assert [(each.code, each.quantity, each.because) for each in offers] == [
        ("NEAR", 5, ""),
        ("FAR", None, "silent"),
    ]
    kit = answer(Question(Sku("KIT")), ((Sku("A"), Condition.NEW, 2), (Sku("B"), Condition.NEW, 1)), seen)
    offers = elsewhere(kit, STORE, silent, ways=WAYS, today=TODAY)
    assert [(each.code, each.quantity) for each in offers] == [("NEAR", 2)]


def test_supply_is_here_on_its_day_or_after_a_transfer() -> None:
    supplies = (
        Incoming("A", 1, "PO 1", 3, date(2026, 12, 1), 5, 100),
        Incoming("A", 2, "PO 2", 1, date(2026, 12, 4), 2, 100),
        Incoming("A", 3, "PO 3", 1, date(2026, 12, 4), 0, 100),
    )
    offers = coming(supplies, STORE, NODES, ways=WAYS)
    assert [(each.document, each.quantity, each.here_date) for each in offers] == [
        ("PO 2", 2, date(2026, 12, 4)),
        ("PO 1", 5, date(2026, 12, 6)),
    ]


def test_a_source_is_overdue_after_its_maximum_age() -> None:
    source = StockSource(1, "pos", 60)
    assert source.is_silent(NOW)
    updated = replace(source, last_update_at=NOW)
    assert [updated.is_silent(NOW + timedelta(seconds=age)) for age in (60, 61)] == [False, True]


@pytest.mark.parametrize("source", [StockSource(1, " ", 60), StockSource(1, "pos", 0)])
def test_a_source_that_could_never_be_fresh_is_refused(source: StockSource) -> None:
    check_source(StockSource(1, "pos", 1))
    with pytest.raises(errors.Invalid):
        check_source(source)
