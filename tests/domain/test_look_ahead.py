"""Scarcity prices: the extra cost of an order without the unit; none if there is enough stock."""

from __future__ import annotations

import pytest
from tests.routes import FREE, Scene, location, order, sent, street, want

from doorstep.domain.routing.model import Network, OrderAttributes
from doorstep.domain.routing.model.prices import Expected, ScarcityInputs, scarcity_prices
from doorstep.domain.routing.model.rules import Costs, Measure, Rule, Sort
from doorstep.kernel.ids import LocationId, Sku

WAYS = street({1: 10, 2: 20, 3: 50})
SCENE = Scene({"A": {1: 1, 2: 9}, "B": {1: 9}}, WAYS, [Rule(name="cost", choose=(Sort(by=Measure.COST),))])


def priced(
    *expected: tuple[int, tuple[tuple[str, int], ...]], scene: Scene = SCENE, costs: Costs = FREE
) -> dict[tuple[str, int], int]:
    coming = [Expected(order(*lines), float(weight)) for weight, lines in expected]
    found = scarcity_prices(coming, scene.supply(), scene.network, costs)
    return {(thing, int(location_)): price for (thing, location_), price in found.items()}


def test_what_there_is_enough_of_costs_nothing() -> None:
    assert priced((1, (("A", 1),))) == {}
    assert priced() == {}


def test_a_scarce_unit_is_worth_the_extra_cost_without_it() -> None:
    assert priced((3, (("A", 1),))) == {("A", 1): 10}


def test_a_unit_that_saves_a_parcel_is_worth_a_parcel() -> None:
    assert priced((3, (("A", 1), ("B", 1)))) == {("A", 1): 30}


def test_orders_of_several_kinds_compete_for_the_same_unit() -> None:
    assert priced((1, (("A", 1),)), (1, (("A", 1), ("B", 1)))) == {("A", 1): 10}


def test_units_that_run_out_are_worth_the_shortage_cost() -> None:
    assert priced((11, (("A", 1),)), costs=Costs(short_unit_minor=100)) == {("A", 1): 80, ("A", 2): 70}
    assert priced((11, (("A", 1),))) == {("A", 1): 2 * 60 - 20, ("A", 2): 2 * 60 - 30}


def test_kits_price_what_they_are_made_of() -> None:
    scene = Scene({"A": {1: 4, 2: 4}, "B": {1: 4}}, WAYS, recipes={Sku("SET"): {"A": 2, "B": 1}})
    coming = [Expected(order(("SET", 1)), 4.0)]
    found = scarcity_prices(coming, scene.supply(), scene.network, Costs(short_unit_minor=100))
    assert sum(found.values()) == 40
    assert {thing for thing, _location in found} == {"A"}


@pytest.mark.parametrize("closed", ["ships", "paused", "lane"])
def test_only_what_can_be_sent_is_counted_on(closed: str) -> None:
    ways = street({1: 10, 2: 20}, closed={1: "no carrier"} if closed == "lane" else {})
    first = location(1, ships=closed != "ships", paused="for a count" if closed == "paused" else "")
    scene = Scene({"A": {1: 1, 2: 1}}, ways, locations=[first, location(2)])
    assert priced((2, (("A", 1),)), scene=scene) == {("A", 2): 30}


def test_pickup_orders_use_only_their_location() -> None:
    scene = Scene({"A": {1: 1, 2: 9}}, WAYS, locations=[location(1, ships=False), location(2), location(3)])
    coming = [Expected(order(("A", 1), attributes=OrderAttributes(pickup="L1")), 2.0)]
    found = scarcity_prices(coming, scene.supply(), scene.network, Costs(short_unit_minor=100))
    assert found == {("A", LocationId(1)): 100}


def test_the_program_is_solved_again_when_weights_and_stock_change() -> None:
    ahead = ScarcityInputs(
        [Expected(order(want(1, "A", 1, grams=1_000)), 3.0)], SCENE.supply(), SCENE.network
    )
    here = ("A", LocationId(1))
    assert ahead.prices(SCENE.supply().available, weights=[3.0]) == {here: 10}
    assert ahead.value_minor == 20 + 30 * 2
    assert ahead.prices({"A": {LocationId(1): 3, LocationId(2): 9}}, weights=[2.0]) == {}
    assert ahead.value_minor == 40
    nothing = ScarcityInputs([], SCENE.supply(), SCENE.network)
    assert (nothing.prices({}, weights=[]), nothing.value_minor) == ({}, 0.0)


def test_routing_leaves_a_priced_unit_to_the_orders_that_need_it() -> None:
    prices = scarcity_prices([Expected(order(("A", 1), ("B", 1)), 3.0)], SCENE.supply(), SCENE.network)
    dear = Network(SCENE.network.locations, WAYS, "", prices)
    scene = Scene(
        SCENE.stock,
        WAYS,
        SCENE.chosen,
        prices={("A", int(at)): price for (_s, at), price in dear.prices.items()},
    )
    assert sent(scene.decide(order(("A", 1)))) == [(1, 2, 1)]
    assert sent(scene.decide(order(("A", 1), ("B", 1)))) == [(1, 1, 1), (2, 1, 1)]
