"""The plan of an order: only available stock, complete lines, few parcels, deterministic, with reasons."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doorstep.domain.routing import model
from doorstep.domain.routing.model import (
    Candidate,
    Decision,
    Demand,
    DemandLine,
    GreatCircle,
    Network,
    RoutingLocation,
    Supply,
    rules,
)
from doorstep.kernel.ids import LocationId, OrderId, Sku
from doorstep.kernel.message import Message

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
BOOK = rules.compile(rules.DEFAULT, rules.DEFAULT_VERSION)
JACKET, SHIRT = Sku("DJ-BL-01"), Sku("GT-WH-02")
MUMBAI, DELHI, BANGALORE, CLOSED = (LocationId(number) for number in (1, 2, 3, 4))
LOCATIONS = {
    location.id: location
    for location in (
        RoutingLocation(MUMBAI, "WH-A", "Warehouse A", 19.0760, 72.8777, ships=True),
        RoutingLocation(DELHI, "S-22", "Store 22", 28.6139, 77.2090, ships=True),
        RoutingLocation(BANGALORE, "WH-B", "Warehouse B", 12.9716, 77.5946, ships=True),
        RoutingLocation(CLOSED, "S-01", "Store 1", 28.7, 77.1, ships=False),
    )
}
Stock = dict[tuple[Sku, LocationId], int]


def demand(
    *wants: tuple[Sku, int],
    excluded: frozenset[tuple[Sku, LocationId]] = frozenset(),
    placed: bool = True,
    order: int = 1,
) -> Demand:
    lines = tuple(DemandLine(number, sku, quantity) for number, (sku, quantity) in enumerate(wants, 1))
    latitude, longitude = (28.6315, 77.2167) if placed else (None, None)
    return Demand(OrderId(order), lines, latitude, longitude, excluded)


def supplied(stock: Stock) -> Supply:
    """Supply asks per SKU; these tests give stock per SKU and location."""
    by_sku: dict[str, dict[LocationId, int]] = {}
    for (sku, location), units in stock.items():
        by_sku.setdefault(sku, {})[location] = units
    return Supply(by_sku)


def planned(
    demands: list[Demand], supply: Supply, locations: dict[LocationId, RoutingLocation] = LOCATIONS
) -> list[Decision]:
    """By the default rules, with distance as all that is known of the network."""
    return model.plan(demands, supply, Network(locations, GreatCircle(locations)), BOOK, now=NOW)


def decide(stock: Stock, wanted: Demand) -> Decision:
    (decision,) = planned([wanted], supplied(stock))
    return decision


def sent(decision: Decision) -> list[tuple[int, LocationId, int]]:
    return [(choice.line_no, choice.location_id, choice.quantity) for choice in decision.choices]


def sentences(decision: Decision) -> list[str]:
    return [str(line.sentence) for line in decision.explanation.lines]


STORY: Stock = {(JACKET, MUMBAI): 4, (JACKET, BANGALORE): 4, (SHIRT, MUMBAI): 1, (SHIRT, DELHI): 3}


def test_the_demo_order_keeps_lines_together_rather_than_one_parcel() -> None:
    decision = decide(STORY, demand((JACKET, 1), (SHIRT, 2)))
    assert sent(decision) == [(1, MUMBAI, 1), (2, DELHI, 2)]
    assert sentences(decision) == [
        "Warehouse A (1150 km): the nearest of 2 locations that have it.",
        "Store 22 (2 km): the only location with all 2.",
    ]
    assert decision.explanation.lines[1].candidates == (
        Candidate("S-22", 3, 2),
        Candidate(
            "WH-A",
            1,
            1150,
            Message("has %(available)s of %(quantity)s: the line would be split", available=1, quantity=2),
        ),
    )


def test_one_parcel_is_better_than_two_nearer_ones() -> None:
    stock = {(JACKET, DELHI): 1, (JACKET, MUMBAI): 1, (SHIRT, MUMBAI): 1}
    decision = decide(stock, demand((JACKET, 1), (SHIRT, 1)))
    assert sent(decision) == [(1, MUMBAI, 1), (2, MUMBAI, 1)]
    assert sentences(decision)[0] == (
        "Warehouse A (1150 km): in one parcel with other lines of this order, instead of Store 22, which is nearer."
    )


def test_a_line_that_no_location_can_fill_alone_is_split_nearest_first() -> None:
    decision = decide({(SHIRT, MUMBAI): 5, (SHIRT, DELHI): 2}, demand((SHIRT, 6)))
    assert sent(decision) == [(1, DELHI, 2), (1, MUMBAI, 4)]
    assert sentences(decision) == [
        "No location has all 6: 2 from Store 22 (2 km), 4 from Warehouse A (1150 km)."
    ]


def test_an_unfillable_line_waits_and_reserves_nothing() -> None:
    supply = supplied({(SHIRT, MUMBAI): 1, (SHIRT, DELHI): 2})
    (decision,) = planned([demand((SHIRT, 4))], supply)
    assert (decision.choices, decision.short) == ((), (DemandLine(1, SHIRT, 4),))
    assert sentences(decision) == ["3 of 4 available. Backordered; nothing is reserved."]
    assert supply.available == {SHIRT: {MUMBAI: 1, DELHI: 2}}


def test_who_rejected_a_line_or_does_not_ship_is_passed_over() -> None:
    stock = {(SHIRT, DELHI): 5, (SHIRT, CLOSED): 5, (SHIRT, BANGALORE): 5}
    decision = decide(stock, demand((SHIRT, 1), excluded=frozenset({(SHIRT, DELHI)})))
    assert sent(decision) == [(1, BANGALORE, 1)]
    assert sentences(decision) == ["Warehouse B (1742 km): the only location that has it."]
    eliminated = {
        candidate.location: str(candidate.eliminated)
        for candidate in decision.explanation.lines[0].candidates
    }
    assert eliminated == {"S-22": "rejected this before", "S-01": "does not ship", "WH-B": "None"}


def test_without_a_place_distance_does_not_count() -> None:
    decision = decide(STORY, demand((JACKET, 1), placed=False))
    assert sentences(decision) == ["Warehouse A: the nearest of 2 locations that have it."]
    assert {candidate.distance_km for candidate in decision.explanation.lines[0].candidates} == {None}


def test_lines_of_one_sku_share_what_is_there() -> None:
    decision = decide({(SHIRT, DELHI): 3, (SHIRT, MUMBAI): 2}, demand((SHIRT, 2), (SHIRT, 2)))
    assert sorted(sent(decision)) == [(1, DELHI, 2), (2, MUMBAI, 2)]


def test_a_repeated_sku_that_fits_only_once_is_split_the_second_time() -> None:
    decision = decide({(SHIRT, DELHI): 3, (SHIRT, MUMBAI): 1}, demand((SHIRT, 2), (SHIRT, 2)))
    assert sent(decision) == [(1, DELHI, 2), (2, DELHI, 1), (2, MUMBAI, 1)]


def test_orders_of_a_batch_never_share_a_unit() -> None:
    supply = supplied({(JACKET, MUMBAI): 1})
    first, second = planned([demand((JACKET, 1)), demand((JACKET, 1), order=2)], supply)
    assert (sent(first), sent(second)) == ([(1, MUMBAI, 1)], [])
    assert second.short == (DemandLine(1, JACKET, 1),)


def test_a_location_outside_the_network_has_no_stock() -> None:
    assert decide({(JACKET, LocationId(99)): 5}, demand((JACKET, 1))).choices == ()


STOCKS = st.dictionaries(
    st.tuples(st.sampled_from([JACKET, SHIRT]), st.sampled_from(sorted(LOCATIONS))), st.integers(0, 4)
)
WANTS = st.lists(st.tuples(st.sampled_from([JACKET, SHIRT]), st.integers(1, 4)), min_size=1, max_size=4)
EXCLUDED = st.frozensets(
    st.tuples(st.sampled_from([JACKET, SHIRT]), st.sampled_from(sorted(LOCATIONS))), max_size=2
)
DEMANDS = st.builds(
    lambda wants, excluded, placed: demand(*wants, excluded=excluded, placed=placed),
    WANTS,
    EXCLUDED,
    st.booleans(),
)


def usable(stock: Stock, wanted: Demand) -> Stock:
    """What a plan may take from."""
    return {
        key: units for key, units in stock.items() if LOCATIONS[key[1]].ships and key not in wanted.excluded
    }


@given(STOCKS, st.lists(DEMANDS, max_size=3))
def test_no_plan_uses_more_than_the_stock(stock: Stock, demands: list[Demand]) -> None:
    supply = supplied(stock)
    decisions = planned([replace(each, order_id=OrderId(n)) for n, each in enumerate(demands)], supply)
    taken: Counter[tuple[Sku, LocationId]] = Counter()
    for decision in decisions:
        for choice in decision.choices:
            taken[choice.sku, choice.location_id] += choice.quantity
    left = {(sku, location): units for sku, at in supply.available.items() for location, units in at.items()}
    assert left == {key: units - taken[key] for key, units in stock.items()}
    assert all(units >= 0 for units in left.values())


@given(STOCKS, DEMANDS)
def test_every_line_is_filled_exactly_or_short(stock: Stock, wanted: Demand) -> None:
    decision = decide(stock, wanted)
    filled = Counter({want.line_no: 0 for want in wanted.wants})
    for choice in decision.choices:
        assert (choice.sku, choice.location_id) in usable(stock, wanted)
        filled[choice.line_no] += choice.quantity
    short = {want.line_no for want in decision.short}
    assert {want.line_no: 0 if want.line_no in short else want.quantity for want in wanted.wants} == filled
    assert [line.line_no for line in decision.explanation.lines] == [want.line_no for want in wanted.wants]


@given(STOCKS, DEMANDS)
def test_a_line_is_short_only_when_its_sku_is(stock: Stock, wanted: Demand) -> None:
    there, needed = Counter[Sku](), Counter[Sku]()
    for (sku, _location), units in usable(stock, wanted).items():
        there[sku] += units
    for want in wanted.wants:
        needed[want.sku] += want.quantity
    assert all(there[want.sku] < needed[want.sku] for want in decide(stock, wanted).short)


@given(STOCKS, DEMANDS)
def test_the_same_question_has_the_same_answer(stock: Stock, wanted: Demand) -> None:
    assert decide(stock, wanted) == decide(dict(reversed(stock.items())), wanted)


def single(wants: list[tuple[Sku, int]]) -> bool:
    return len({sku for sku, _quantity in wants}) == len(wants)


@given(STOCKS, WANTS.filter(single))
def test_a_line_that_one_location_can_fill_is_not_split(stock: Stock, wants: list[tuple[Sku, int]]) -> None:
    wanted = demand(*wants)
    decision = decide(stock, wanted)
    for want in wanted.wants:
        if any(
            sku == want.sku and units >= want.quantity
            for (sku, _location), units in usable(stock, wanted).items()
        ):
            assert [choice.quantity for choice in decision.choices if choice.line_no == want.line_no] == [
                want.quantity
            ]


@given(STOCKS, WANTS.filter(single))
def test_one_parcel_if_one_location_has_everything(stock: Stock, wants: list[tuple[Sku, int]]) -> None:
    wanted = demand(*wants)
    free = usable(stock, wanted)
    alone = [
        location
        for location in LOCATIONS
        if all(free.get((sku, location), 0) >= quantity for sku, quantity in wants)
    ]
    if alone:
        assert {choice.location_id for choice in decide(stock, wanted).choices} <= set(alone)
        assert len({choice.location_id for choice in decide(stock, wanted).choices}) == 1


@pytest.mark.parametrize("count", [13, 20])
def test_far_away_locations_still_serve_what_only_they_have(count: int) -> None:
    locations = {
        LocationId(n): RoutingLocation(LocationId(n), f"P{n}", f"Place {n}", 20.0 + n / 10, 77.0, ships=True)
        for n in range(count)
    }
    stock = {(SHIRT, LocationId(n)): 1 for n in range(count)} | {(JACKET, LocationId(0)): 1}
    (decision,) = planned([demand((SHIRT, 1), (JACKET, 1))], supplied(stock), locations)
    assert Counter(choice.sku for choice in decision.choices) == {SHIRT: 1, JACKET: 1}


SET = Sku("SET")
RECIPES = {SET: {SHIRT: 2, JACKET: 1}}


def test_a_kit_is_not_routed_back_to_where_it_was_rejected() -> None:
    supply = Supply({SHIRT: {DELHI: 9, MUMBAI: 9}, JACKET: {DELHI: 9, MUMBAI: 9}}, RECIPES)
    (decision,) = planned([demand((SET, 2), excluded=frozenset({(SET, DELHI)}))], supply)
    assert sent(decision) == [(1, MUMBAI, 2)]
    assert supply.available == {SHIRT: {DELHI: 9, MUMBAI: 5}, JACKET: {DELHI: 9, MUMBAI: 7}}


def test_a_kit_ships_from_one_location_that_has_all_components() -> None:
    supply = Supply({SHIRT: {DELHI: 2}, JACKET: {MUMBAI: 1}}, RECIPES)
    (decision,) = planned([demand((SET, 1))], supply)
    assert (sent(decision), [want.sku for want in decision.short]) == ([], [SET])
