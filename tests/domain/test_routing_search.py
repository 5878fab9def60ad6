"""The search equals exhaustive search, and is good where exhaustive search is impossible."""

from __future__ import annotations

from collections import Counter
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from tests.routes import Scene, location, order, sent, short, street, want

from doorstep.domain.routing.model import Basket, Choice, Decision, Demand, StockLimits, partition, stock_key
from doorstep.domain.routing.model.rules import Costs, Measure, Rule, Sort, Split
from doorstep.kernel.ids import LocationId, OrderId, Sku

BY_COST = Rule(name="cost", choose=(Sort(by=Measure.COST),), split=Split(by="lines"))
FEW = Rule(name="few", choose=(Sort(by=Measure.PARCELS),))

TOLLS = st.lists(st.integers(1, 50), min_size=1, max_size=4)
PRICES = st.lists(
    st.dictionaries(st.integers(0, 3), st.integers(0, 40), min_size=1, max_size=4), min_size=1, max_size=4
)


def cheapest(tolls: list[int], prices: list[dict[int, int]], most: int) -> int | None:
    """Every way tried."""
    ways = [
        sum(price[location] for price, location in zip(prices, chosen, strict=True))
        + sum(tolls[each] for each in set(chosen))
        for chosen in product(range(len(tolls)), repeat=len(prices))
        if all(location in price for price, location in zip(prices, chosen, strict=True))
        and len(set(chosen)) <= most
    ]
    return min(ways, default=None)


@given(TOLLS, PRICES, st.integers(1, 4))
def test_parting_is_as_cheap_as_trying_everything(
    tolls: list[int], prices: list[dict[int, int]], most: int
) -> None:
    known = [
        {location: cost for location, cost in price.items() if location < len(tolls)} for price in prices
    ]
    locations = {LocationId(number): toll for number, toll in enumerate(tolls)}
    typed = [{LocationId(number): cost for number, cost in price.items()} for price in known]
    found = partition.ways(locations, typed, most=most)[-1]
    assert min((way[0] for way in found), default=None) == cheapest(tolls, known, most)


def test_sets_may_be_barred_from_a_parcel_of_their_own() -> None:
    here = {LocationId(1): 5}
    found = partition.ways(here, [here, here], most=2, is_refused=lambda mask: mask == 0b01)
    assert [way[0] for way in found[0b11]] == [15]
    assert found[0b01] == []


STOCKS = st.dictionaries(
    st.sampled_from(["A", "B", "C"]),
    st.dictionaries(st.integers(1, 4), st.integers(0, 3), max_size=4),
    min_size=3,
    max_size=3,
)
LINES = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(1, 2)),
    min_size=1,
    max_size=3,
    unique_by=lambda line: line[0],
)
WAYS = street({1: 4, 2: 9, 3: 25, 4: 60}, unit_minor={1: 7, 3: 1})


@given(STOCKS, LINES)
def test_orders_cost_the_least_that_is_possible(
    stock: dict[str, dict[int, int]], lines: list[tuple[str, int]]
) -> None:
    scene = Scene(stock, WAYS, [BY_COST], costs=Costs(split_minor=3))
    decision = scene.decide(order(*lines))
    filled = [line for number, line in enumerate(lines, 1) if number not in short(decision)]
    prices = [
        {
            location - 1: WAYS.by_location[LocationId(location)].unit_minor * units
            for location, n in stock[sku].items()
            if n >= units
        }
        for sku, units in filled
    ]
    tolls = [WAYS.by_location[LocationId(number)].parcel_minor + 3 for number in (1, 2, 3, 4)]
    best = cheapest(tolls, prices, 4) if filled else 0
    assert decision.scores.cost_minor == (best - 3 if filled and best is not None else 0)
    assert all(
        max(stock[lines[each - 1][0]].values(), default=0) < lines[each - 1][1] for each in short(decision)
    )


@given(STOCKS, LINES, st.sampled_from(["A", "B", "C"]), st.integers(1, 4))
def test_more_stock_never_costs_more(
    stock: dict[str, dict[int, int]], lines: list[tuple[str, int]], sku: str, number: int
) -> None:
    before = Scene(stock, WAYS, [BY_COST]).decide(order(*lines))
    more = {**stock, sku: {**stock[sku], number: stock[sku].get(number, 0) + 1}}
    after = Scene(more, WAYS, [BY_COST]).decide(order(*lines))
    if short(before) == short(after):
        assert after.scores.cost_minor <= before.scores.cost_minor
    assert set(short(after)) <= set(short(before))


MANY = st.lists(st.tuples(st.sampled_from("ABCDEFGH"), st.integers(1, 3)), min_size=1, max_size=9)
STOCK_ROWS = st.dictionaries(
    st.sampled_from("ABCDEFGH"), st.dictionaries(st.integers(1, 4), st.integers(0, 4), max_size=4)
)


@given(STOCK_ROWS, MANY, st.permutations([1, 2, 3, 4]))
def test_what_is_there_is_found_whatever_the_order_of_the_question(
    stock: dict[str, dict[int, int]], lines: list[tuple[str, int]], locations: list[int]
) -> None:
    scene = Scene(stock, WAYS, [FEW])
    decision = scene.decide(order(*lines))
    there = Counter({sku: sum(at.values()) for sku, at in stock.items()})
    asked = Counter[str]()
    for sku, units in lines:
        asked[sku] += units
    if all(asked[sku] <= there[sku] for sku in asked):
        assert short(decision) == []
    turned = {
        sku: {each: at[each] for each in locations if each in at} for sku, at in reversed(stock.items())
    }
    assert Scene(turned, WAYS, [FEW]).decide(order(*lines)) == decision
    again = Demand(OrderId(1), tuple(reversed(order(*lines).wants)), 0.0, 0.0)
    assert scene.decide(again) == decision


@given(STOCK_ROWS, st.lists(MANY, min_size=1, max_size=4), st.integers(0, 2))
def test_no_batch_uses_more_than_stock_or_capacity(
    stock: dict[str, dict[int, int]], orders: list[list[tuple[str, int]]], free_capacity: int
) -> None:
    locations = [location(1, free_capacity=free_capacity), *(location(number) for number in (2, 3, 4))]
    scene = Scene(stock, WAYS, [Rule(name="two", split=Split(max_parcels=2))], locations)
    supply = scene.supply()
    decisions = scene.plan(
        *(order(*lines, number=number) for number, lines in enumerate(orders)), supply=supply
    )
    left = {(sku, number): units for sku, at in supply.available.items() for number, units in at.items()}
    assert all(units >= 0 for units in left.values())
    assert sum(1 in used(each) for each in decisions) <= free_capacity
    assert all(len(used(each)) <= 2 for each in decisions)


def used(decision: Decision) -> set[int]:
    return {choice.location_id for choice in decision.choices}


def test_an_order_of_many_lines_comes_from_few_locations() -> None:
    skus = [f"S{number}" for number in range(12)]
    stock = {sku: {1 + number % 3: 5, 4: 5 if number < 9 else 0} for number, sku in enumerate(skus)}
    decision = Scene(stock, WAYS, [FEW]).decide(order(*((sku, 1) for sku in skus)))
    assert (used(decision), decision.short) == ({1, 2, 3}, ())
    all_there = {sku: {2: 1, 3: 1 if number % 2 else 0} for number, sku in enumerate(skus)}
    assert used(Scene(all_there, WAYS, [FEW]).decide(order(*((sku, 1) for sku in skus)))) == {2}


def test_a_location_that_served_most_is_dropped_where_others_need_no_help() -> None:
    holds = {4: "ABDE", 1: "ABC", 2: "DEF", 3: "GHI"}
    stock = {sku: {at: 1 for at, skus in holds.items() if sku in skus} for sku in "ABCDEFGHI"}
    near = street({4: 1, 1: 20, 2: 30, 3: 40})
    assert used(Scene(stock, near, [FEW]).decide(order(*((sku, 1) for sku in "ABCDEFGHI")))) == {1, 2, 3}


def test_a_cheap_pair_is_found_for_an_order_of_many_lines() -> None:
    skus = [f"S{number}" for number in range(8)]
    stock = {sku: {1 + number % 2: 5, 4: 5} for number, sku in enumerate(skus)}
    decision = Scene(stock, WAYS, [BY_COST]).decide(order(*((sku, 1) for sku in skus)))
    assert used(decision) == {1, 2}


def test_kits_and_their_parts_are_never_promised_twice() -> None:
    recipes = {Sku("SET"): {"A": 1, "B": 1}}
    scene = Scene({"A": {1: 2, 2: 1}, "B": {1: 1, 2: 9}}, WAYS, [FEW], recipes=recipes)
    decision = scene.decide(order(("SET", 1), ("A", 2)))
    assert sent(decision) == [(1, 2, 1), (2, 1, 2)]
    together = Split(keep_together=("set",))
    lines = [want(1, "SET", style="set"), want(2, "A", 1, style="set")]
    both = Scene(
        {"A": {1: 2, 2: 1}, "B": {1: 1, 2: 9}}, WAYS, [Rule(name="r", split=together)], recipes=recipes
    )
    assert sent(both.decide(order(*lines))) == [(1, 1, 1), (2, 1, 1)]
    lacking = Scene({"A": {1: 1, 2: 1}, "B": {1: 1}}, WAYS, [Rule(name="r", split=together)], recipes=recipes)
    assert short(lacking.decide(order(*lines))) == [1, 2]


def test_a_split_line_uses_as_few_locations_as_possible() -> None:
    stock = {"A": {1: 1, 2: 1, 3: 3, 4: 3}}
    assert sent(Scene(stock, WAYS, [FEW]).decide(order(("A", 4)))) == [(1, 2, 1), (1, 3, 3)]
    assert sent(Scene(stock, WAYS, [FEW]).decide(order(("A", 8)))) == [
        (1, 1, 1),
        (1, 2, 1),
        (1, 3, 3),
        (1, 4, 3),
    ]


def test_a_split_line_uses_the_locations_with_most_stock() -> None:
    ways = street({number: number for number in range(1, 15)})
    stock = {"A": {number: 3 if number > 10 else 1 for number in range(1, 15)}}
    scene = Scene(stock, ways, [FEW])
    assert used(scene.decide(order(("A", 12)))) == {11, 12, 13, 14}
    limited = Scene(stock, ways, [Rule(name="r", split=Split(max_parcels=4))])
    assert short(limited.decide(order(("A", 13)))) == [1]


TERMS = st.builds(
    StockLimits,
    kept_back=st.dictionaries(
        st.tuples(st.sampled_from("AB"), st.integers(1, 3).map(LocationId)), st.integers(1, 3)
    ),
    set_aside=st.dictionaries(st.sampled_from("AB"), st.integers(1, 6)),
)


@given(STOCK_ROWS, TERMS, st.sampled_from("ABC"))
def test_what_a_buyer_sees_is_what_would_fit_a_basket(
    stock: dict[str, dict[int, int]], terms: StockLimits, sku: str
) -> None:
    supply = Scene(stock, WAYS).supply()
    basket = Basket(supply, terms)
    seen = supply.available_to(Sku(sku), terms)
    assert seen == {location: basket.free(Sku(sku), location) for location in supply.at(sku)}


def test_set_aside_units_count_for_the_complete_order() -> None:
    scene = Scene({"A": {1: 3, 2: 3}}, WAYS, [FEW])
    assert short(scene.decide(order(("A", 4), terms=StockLimits(set_aside={"A": 3})))) == [1]
    assert sent(scene.decide(order(("A", 3), terms=StockLimits(set_aside={"A": 3})))) == [(1, 2, 3)]


@given(STOCK_ROWS, MANY, TERMS)
def test_no_order_uses_stock_kept_from_its_buyer(
    stock: dict[str, dict[int, int]], lines: list[tuple[str, int]], terms: StockLimits
) -> None:
    scene = Scene(stock, WAYS, [FEW])
    taken, locations = Counter[str](), Counter[tuple[str, LocationId]]()
    for choice in scene.decide(order(*lines, terms=terms)).choices:
        taken[choice.sku] += choice.quantity
        locations[choice.sku, choice.location_id] += choice.quantity
    for sku, units in taken.items():
        assert units <= sum(stock[sku].values()) - terms.set_aside.get(sku, 0)
    for (sku, location_id), units in locations.items():
        assert units <= stock[sku][location_id] - terms.kept_back.get((sku, location_id), 0)


def test_used_stock_can_be_released() -> None:
    recipes = {Sku("SET"): {stock_key(Sku("A"), "new"): 2, stock_key(Sku("A"), "open box"): 1}}
    supply = Scene({"A": {1: 5}, "A (open box)": {1: 3}}, WAYS, recipes=recipes).supply()
    choice = Choice(1, Sku("SET"), LocationId(1), 2)
    supply.take(choice)
    assert supply.available == {"A": {1: 1}, "A (open box)": {1: 1}}
    supply.restore(choice)
    assert supply.available == {"A": {1: 5}, "A (open box)": {1: 3}}
