"""Available to promise as pure arithmetic: supply, deductions, and an answer that adds up."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.inventory.model.availability import (
    Availability,
    AvailabilityInputs,
    Demand,
    Incoming,
    LocationStock,
    Method,
    Node,
    Question,
    Status,
    answer,
    parts_of,
)
from doorstep.domain.inventory.model.ledger import Condition
from doorstep.domain.inventory.model.policies import NONE, ChannelPolicy, NodePolicy, Policies, Pool, Ruling
from doorstep.domain.inventory.model.waterfall import waterfall
from doorstep.kernel import errors
from doorstep.kernel.ids import LocationId, Sku

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
NEW, B_GRADE = Condition.NEW, Condition.B_GRADE
WH, ST = LocationId(1), LocationId(2)
NODES = {
    1: Node(1, "WH", "Warehouse", "warehouse", ships=True, active=True),
    2: Node(2, "ST", "Store", "store", ships=True, active=True),
}
A = Question(Sku("A"), "shop")


def picture(*stock_rows: LocationStock, **given: Any) -> AvailabilityInputs:
    """Stock of A, new, unless given otherwise."""
    return AvailabilityInputs(
        NOW, given.pop("nodes", NODES), {("A", "new"): stock_rows, **given.pop("more", {})}, **given
    )


def ask(seen: AvailabilityInputs, question: Question = A, *parts: tuple[Sku, Condition, int]) -> Availability:
    return answer(question, parts or parts_of(question.sku, {}), seen)


TEN = ((1, 10, 2, 0), (2, 5, 0, 0))


def test_network_availability_is_stock_less_holds_and_commitments() -> None:
    assert ask(picture(*TEN)).quantity == 13
    assert ask(picture(*TEN, demand={("A", "new"): Demand(held=3, committed=4)})).quantity == 6
    assert ask(picture(*TEN, demand={("A", "new"): Demand(held=30)})).quantity == 0
    assert ask(picture()).quantity == 0


def test_rules_take_off_and_the_answer_names_them() -> None:
    policies = Policies(
        {("A", 1, ""): NodePolicy(safety_stock=Ruling(3, 7, "display stays full"))},
        {("A", "shop"): ChannelPolicy("A", "shop", 2, 8)},
        {"A": (Pool("A", "group:vip", 4, 1, 9),)},
        {8: "last two", 9: "VIP"},
    )
    found = ask(picture(*TEN, policies=policies))
    assert found.quantity == 5 + 5 - 2 - 3
    assert [(str(step.words), step.units, step.rule.rule) for step in waterfall(found.parts[0])] == [
        ("On hand everywhere", 15, ""),
        ("Warehouse: reserved for orders", -2, ""),
        ("Warehouse: safety stock", -3, "display stays full"),
        ("Threshold of this channel", -2, "last two"),
        ("Set aside for group:vip", -3, "VIP"),
    ]
    assert ask(picture(*TEN, policies=policies), replace(A, group="vip")).quantity == 8


@pytest.mark.parametrize(
    ("node", "policy", "words"),
    [
        ({"active": False}, {}, "closed"),
        ({"ships": False}, {}, "does not ship parcels"),
        ({}, {"may_ship": NONE}, "may not ship this SKU for this channel"),
    ],
)
def test_a_location_that_may_not_send_it_does_not_count(
    node: dict[str, bool], policy: dict[str, Ruling], words: str
) -> None:
    nodes = {**NODES, 2: replace(NODES[2], **node)}
    policies = Policies({("A", 2, ""): NodePolicy(**policy)})
    found = ask(picture(*TEN, (2, 0, 0, 0), nodes=nodes, policies=policies))
    assert found.quantity == 8
    assert [location.left_out for location in found.parts[0].locations] == ["", words, words]
    assert (f"Store: {words}", -5) in [(str(step.words), step.units) for step in waterfall(found.parts[0])]


# Pickup, and one location -------------------------------------------------------------------------------------------


def test_pickup_availability_is_the_locations_stock_limited_by_the_network() -> None:
    pickup = replace(A, method=Method.PICKUP, location_id=ST)
    assert ask(picture(*TEN), pickup).quantity == 5
    assert ask(picture(*TEN, demand={("A", "new"): Demand(committed=11)}), pickup).quantity == 2
    shut = {**NODES, 2: replace(NODES[2], ships=False)}
    assert ask(picture(*TEN, nodes=shut), pickup).quantity == 5
    assert ask(picture(*TEN, nodes=shut), replace(A, location_id=ST)).quantity == 0
    at_warehouse = ask(picture(*TEN), replace(pickup, location_id=WH))
    assert (at_warehouse.quantity, at_warehouse.parts[0].locations[0].left_out) == (
        0,
        "no pickup of this SKU",
    )


def test_pickup_needs_a_location() -> None:
    with pytest.raises(errors.Invalid):
        replace(A, method=Method.PICKUP)


# Kits and grades ----------------------------------------------------------------------------------------------------


KIT = Question(Sku("KIT"), "shop")
PARTS = ((Sku("A"), NEW, 2), (Sku("B"), NEW, 1))


def test_a_kit_is_as_many_as_its_scarcest_part_allows() -> None:
    seen = picture(*TEN, more={("B", "new"): ((1, 4, 0, 0),)})
    assert ask(seen, KIT, *PARTS).quantity == 4
    policies = Policies(
        {("KIT", 1, ""): NodePolicy(may_ship=NONE)}, {}, {"KIT": (Pool("KIT", "vip", 1, 0, 1),)}
    )
    assert ask(replace(seen, policies=policies), KIT, *PARTS).quantity == 0
    limited = Policies({}, {("KIT", ""): ChannelPolicy("KIT", "", 1, 1)}, policies.pools)
    found = ask(replace(seen, policies=limited), KIT, *PARTS)
    assert (found.quantity, found.threshold.value, len(found.pools)) == (2, 1, 1)


def test_only_kits_with_all_components_at_one_location_count() -> None:
    apart = picture(*TEN, more={("B", "new"): ((1, 1, 0, 0), (2, 9, 0, 0))})
    found = ask(apart, KIT, *PARTS)
    assert (found.quantity, found.together) == (1 + 2, 3)
    assert ask(apart, replace(KIT, location_id=ST), *PARTS).quantity == 2
    owed = replace(apart, demand={("B", "new"): Demand(committed=8)})
    assert ask(owed, KIT, *PARTS).quantity == 2
    coming_to_store = {"A": (coming(4, 1, location=2),)}
    later = replace(KIT, by_date=date(2026, 12, 1))
    assert ask(replace(apart, incoming=coming_to_store), later, *PARTS).quantity == 1 + 4
    assert ask(apart, A).together is None
    pair = ask(picture((1, 3, 0, 0), (2, 3, 0, 0)), KIT, (Sku("A"), NEW, 2))
    assert (pair.quantity, pair.together) == (2, 2)


def test_a_grade_is_counted_in_its_condition_and_ruled_as_what_it_is_sold_as() -> None:
    rows = {(sku, 1, ""): NodePolicy(safety_stock=Ruling(units)) for sku, units in (("A", 9), ("A-B", 1))}
    channels = {("A-B", "shop"): ChannelPolicy("A-B", "shop", 1, 1)}
    seen = picture(*TEN, more={("A", "b_grade"): ((1, 4, 0, 0),)}, policies=Policies(rows, channels))
    found = ask(seen, Question(Sku("A-B"), "shop"), (Sku("A"), B_GRADE, 1))
    assert (found.quantity, found.threshold.value) == (2, 0)
    assert ask(seen).quantity == 0 + 5


# Freshness ----------------------------------------------------------------------------------------------------------


def test_a_silent_or_contradicted_location_makes_the_answer_unknown() -> None:
    silent = {**NODES, 2: replace(NODES[2], stale="Store's POS: last update 08:00")}
    for seen, why in (
        (picture(*TEN, nodes=silent), "Store's POS: last update 08:00"),
        (
            picture(TEN[0], (2, 5, 3, 2)),
            "Store: 2 of 3 reserved units were not found: count them.",
        ),
    ):
        found = ask(seen)
        assert (found.status, found.quantity, found.known_quantity) == (Status.UNKNOWN, None, 8)
        assert found.because == (why,)
        assert (why, -5) in [(str(step.words), step.units) for step in waterfall(found.parts[0])]


def test_what_does_not_count_anyway_need_not_be_known() -> None:
    silent = {**NODES, 2: replace(NODES[2], stale="silent", ships=False)}
    assert ask(picture(*TEN, nodes=silent)).quantity == 8
    empty = {**NODES, 2: replace(NODES[2], stale="silent")}
    assert ask(picture(TEN[0], nodes=empty)).quantity == 8
    assert ask(picture(*TEN, nodes=empty), replace(A, location_id=WH)).quantity == 8
    owed = {("A", "new"): Demand(committed=3)}
    assert ask(picture(*TEN, nodes=empty, demand=owed), replace(A, location_id=WH)).quantity is None
    assert ask(picture(*TEN, nodes=empty), replace(A, location_id=ST)).because == ("silent",)
    steps = waterfall(ask(picture(TEN[0], (2, 0, 0, 0), nodes=empty)).parts[0])
    assert [step.units for step in steps] == [10, -2]


def test_an_answer_is_as_old_as_the_oldest_word_it_rests_on() -> None:
    updated = {
        1: replace(NODES[1], updated_at=NOW - timedelta(minutes=2)),
        2: replace(NODES[2], updated_at=NOW - timedelta(minutes=9)),
    }
    assert ask(picture(*TEN)).as_of == NOW
    assert ask(picture(*TEN, nodes=updated)).as_of == NOW - timedelta(minutes=9)
    assert ask(picture(TEN[0], nodes=updated)).as_of == NOW - timedelta(minutes=2)


# By date ------------------------------------------------------------------------------------------------------------


def coming(free: int, day: int, confidence: int = 100, location: int = 1) -> Incoming:
    return Incoming("A", day, f"purchase_order {day}", location, date(2026, 12, day), free, confidence)


def test_supply_counts_from_its_day_on_after_own_backorders_and_if_it_is_sure_enough() -> None:
    seen = picture(*TEN, incoming={"A": (coming(4, 1), coming(6, 5, 50), coming(7, 9))})
    by = [ask(seen, replace(A, by_date=date(2026, 12, day))).quantity for day in (1, 4, 5, 9)]
    assert by == [17, 17, 23, 30]
    assert ask(seen).quantity == 13
    assert ask(seen, replace(A, by_date=date(2026, 12, 9), min_confidence=60)).quantity == 24
    owing = replace(seen, demand={("A", "new"): Demand(committed=8, waiting=5, arrived=1, undated=6)})
    found = ask(owing, replace(A, by_date=date(2026, 12, 5)))
    assert found.quantity == 13 - (8 - 5 + 1) + (10 - 6)
    assert sum(step.units for step in waterfall(found.parts[0])) == found.quantity
    assert ask(owing).quantity == 9


def test_supply_for_a_place_that_may_not_send_it_does_not_count() -> None:
    nodes = {**NODES, 2: replace(NODES[2], ships=False)}
    seen = picture(TEN[0], nodes=nodes, incoming={"A": (coming(4, 1, location=2), coming(0, 1))})
    later = replace(A, by_date=date(2026, 12, 9))
    assert ask(seen, later).quantity == 8
    assert ask(seen, replace(later, method=Method.PICKUP, location_id=ST)).quantity == 4
    assert ask(seen, replace(later, sku=Sku("A-B")), (Sku("A"), B_GRADE, 1)).quantity == 0


# Always -------------------------------------------------------------------------------------------------------------

UNITS = st.integers(0, 9)
STOCK_ROWS = st.builds(
    lambda location, free, reserved: (location, free + reserved, reserved, 0),
    st.sampled_from([1, 2]),
    UNITS,
    UNITS,
)


@given(st.lists(STOCK_ROWS, max_size=2), st.builds(Demand, UNITS, UNITS), UNITS, UNITS, st.booleans())
def test_the_explanation_always_adds_up(
    stock_rows: list[LocationStock], demand: Demand, safety: int, kept: int, ships: bool
) -> None:
    policies = Policies(
        {("A", 1, ""): NodePolicy(may_ship=Ruling(ships), safety_stock=Ruling(safety))},
        {("A", ""): ChannelPolicy("A", "", kept, 1)},
        {"A": (Pool("A", "vip", kept, 2, 1),)},
    )
    found = ask(picture(*stock_rows, demand={("A", "new"): demand}, policies=policies))
    assert sum(step.units for step in waterfall(found.parts[0])) == found.parts[0].free
    assert found.quantity == max(0, found.parts[0].free)
    assert found.quantity <= sum(on_hand - reserved for _, on_hand, reserved, _ in stock_rows)
