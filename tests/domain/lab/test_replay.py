"""Replay past orders: batches by time, stock as it changed, shifts that fill, waiting orders, re-optimization."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from tests.routes import NOW, Scene, location, order, street

from doorstep.domain.routing.model import Demand, Network, OrderAttributes
from doorstep.domain.routing.model.batch import Budget
from doorstep.domain.routing.model.lab import Arrival, OrderResult, Past, StockChange, replay
from doorstep.domain.routing.model.rules import Measure, Rule, Sort, Split
from doorstep.kernel.ids import LocationId, OrderId, Sku

NEAR, FAR = LocationId(1), LocationId(2)
MINUTE = timedelta(minutes=1)


def past(
    scene: Scene, arrivals: Sequence[tuple[int, Demand]], changes: Sequence[StockChange] = (), hours: int = 0
) -> Past:
    """Orders by the minute they came in; shifts of so many hours, if any."""

    def shift(location: LocationId, at: datetime) -> datetime | None:
        return NOW + (at - NOW) // timedelta(hours=hours) * timedelta(hours=hours) if hours else None

    def network(at: datetime) -> Network:
        return scene.network

    stock = {sku: dict(there) for sku, there in scene.supply().available.items()}
    came = [Arrival(NOW + minute * MINUTE, each) for minute, each in arrivals]
    return Past(stock, scene.recipes, came, changes, {NEAR: "L1", FAR: "L2"}, network, shift)


def replayed(
    found: Past, scene: Scene, every: timedelta = MINUTE, together: Budget | None = None
) -> dict[OrderId, OrderResult]:
    reported: list[int] = []
    outcomes = replay(found, scene.compiled_rules, every=every, reported=reported.append, together=together)
    assert (reported[-1] if reported else 0) == len(found.arrivals) == len(outcomes)
    return {each.order_id: each for each in outcomes}


def locations(outcome: OrderResult) -> set[LocationId]:
    return {each.location_id for each in outcome.choices}


def test_each_order_uses_what_earlier_ones_left() -> None:
    scene = Scene({"A": {1: 1, 2: 1}}, street({1: 1, 2: 50}))
    found = replayed(past(scene, [(n, order(("A", 1), number=n)) for n in (1, 2, 3)]), scene)
    assert [locations(found[OrderId(n)]) for n in (1, 2, 3)] == [{NEAR}, {FAR}, set()]
    assert (found[OrderId(3)].short_units, found[OrderId(1)].rule) == (1, "the rule")
    assert found[OrderId(1)].sentence.startswith("Location 1 (1 km): the nearest of 2")


def test_backorders_are_filled_by_the_skus_they_lack() -> None:
    scene = Scene({"A": {1: 1}, "B": {1: 0}}, street({1: 1, 2: 50}))
    came = [
        StockChange(NOW + 2 * MINUTE, "B", FAR, 1),
        StockChange(NOW + 4 * MINUTE, "A", FAR, 1),
        StockChange(NOW + 4 * MINUTE, "C", FAR, 1),
    ]
    late = order(("A", 1), number=9)
    found = replayed(past(scene, [(1, order(("A", 2), number=1)), (5, late)], came), scene)
    assert (found[OrderId(1)].short_units, locations(found[OrderId(1)])) == (0, {NEAR, FAR})
    assert found[OrderId(9)].short_units == 1


def test_an_order_that_came_in_parts_counts_once_with_all_of_it() -> None:
    by_line = Rule(name="lines", split=Split(by="lines"))
    scene = Scene({"A": {1: 1}, "B": {}}, street({1: 1, 2: 50}), (by_line,))
    came = [StockChange(NOW + 2 * MINUTE, "B", FAR, 1)]
    both = order(("A", 1), ("B", 1), number=1)
    found = replayed(past(scene, [(1, both), (3, order(("A", 1), number=2))], came), scene)[OrderId(1)]
    assert (locations(found), found.scores.parcels, found.short_units) == ({NEAR, FAR}, 2, 0)
    assert found.scores.cost_minor > 60


def test_a_kit_waits_for_each_of_its_parts() -> None:
    kits = {Sku("KIT"): {"A": 1, "B": 2}}
    scene = Scene({"A": {1: 1}, "B": {1: 0}}, street({1: 1}), recipes=kits)
    came = [StockChange(NOW + 2 * MINUTE, "B", NEAR, 2)]
    arrivals = [(1, order(("KIT", 1), number=1)), (3, order(("A", 1), number=2))]
    found = replayed(past(scene, arrivals, came), scene)
    assert [found[OrderId(n)].short_units for n in (1, 2)] == [0, 1]


def test_a_shift_fills_and_the_next_one_is_empty() -> None:
    shops = (location(1, free_capacity=1), location(2))
    scene = Scene({"A": {1: 9, 2: 9}}, street({1: 1, 2: 50}), locations=shops)
    arrivals = [(n * 40, order(("A", 1), number=n)) for n in (0, 1, 2)]
    found = replayed(past(scene, arrivals, hours=1), scene)
    assert [locations(found[OrderId(n)]) for n in (0, 1, 2)] == [{NEAR}, {FAR}, {NEAR}]
    free = replayed(past(scene, arrivals), scene)
    assert [locations(free[OrderId(n)]) for n in (0, 1, 2)] == [{NEAR}, {NEAR}, {NEAR}]


def test_orders_of_a_stretch_are_solved_together_if_that_is_wanted() -> None:
    cheap = Rule(name="cheap", choose=(Sort(by=Measure.COST),), split=Split(by="lines"))
    scene = Scene(
        {"A": {1: 1, 2: 1}, "B": {1: 1}, "C": {1: 1}}, street({1: 1, 2: 50}), (cheap,), bundles=False
    )
    common, rare = order(("A", 1), number=1), order(("A", 1), ("B", 1), number=2)
    found = past(scene, [(0, common), (0, rare), (0, order(("C", 1), number=3))])
    seconds = iter(range(1_000_000))
    budget = Budget(lambda: next(seconds) / 10_000, 5.0)
    alone, together = replayed(found, scene), replayed(found, scene, together=budget)
    cost = [sum(each.scores.cost_minor for each in side.values()) for side in (alone, together)]
    assert cost[1] < cost[0]
    assert (locations(together[OrderId(1)]), locations(together[OrderId(2)])) == ({FAR}, {NEAR})


def test_stock_after_the_last_order_fills_waiting_orders() -> None:
    scene = Scene({"A": {}}, street({1: 1, 2: 50}))
    came = [StockChange(NOW + 9 * MINUTE, "A", FAR, 1), StockChange(NOW + 10 * MINUTE, "B", FAR, 1)]
    found = replayed(past(scene, [(1, order(("A", 1), number=1))], came), scene)
    assert locations(found[OrderId(1)]) == {FAR}
    assert replayed(past(scene, [], came), scene) == {}


def test_too_little_stock_keeps_the_first_reason() -> None:
    whole = Rule(name="whole", split=Split(by="lines"))
    scene = Scene({"A": {}}, street({1: 1, 2: 50}), (whole,))
    came = [StockChange(NOW + 5 * MINUTE, "A", FAR, 1)]
    found = replayed(past(scene, [(1, order(("A", 2), number=1))], came), scene)[OrderId(1)]
    assert (found.short_units, found.sentence[:9]) == (2, "0 of 2 av")


def test_nothing_came() -> None:
    scene = Scene({}, street({1: 1}))
    assert replayed(past(scene, []), scene) == {}


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), max_size=8),
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 3)), max_size=4),
    st.integers(1, 6),
)
def test_no_replay_sends_more_than_there_ever_was(
    orders: list[tuple[int, int]], came: list[tuple[int, int]], every: int
) -> None:
    scene = Scene({"A": {1: 2}}, street({1: 1, 2: 50}))
    arrivals = [(m, order(("A", n), number=i)) for i, (m, n) in enumerate(sorted(orders), start=1)]
    changes = [StockChange(NOW + m * MINUTE, "A", FAR, n) for m, n in sorted(came)]
    found = replayed(past(scene, arrivals, changes), scene, every * MINUTE).values()
    sent = sum(choice.quantity for each in found for choice in each.choices)
    assert sent <= 2 + sum(n for _, n in came)
    assert sent + sum(each.short_units for each in found) == sum(n for _, n in orders)
    again = replayed(replace(past(scene, arrivals, changes)), scene, every * MINUTE).values()
    assert list(again) == list(found)


def test_a_past_order_arrives_as_it_was_before_it_was_routed() -> None:
    tried = order(("A", 1), attributes=OrderAttributes(queue="brokering", tries=3, priority=2))
    assert Arrival.of(NOW, tried).demand.attributes == OrderAttributes(priority=2)
