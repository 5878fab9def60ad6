"""Comparing plans: every criterion, tolerance, cost components, and what would have changed the decision."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.routes import NOW, Scene, location, order, sent, sentences, street, want

from doorstep.domain.routing.model import GreatCircle, Supply
from doorstep.domain.routing.model.rules import Costs, Locations, Measure, Rule, Sort
from doorstep.kernel.ids import LocationId, Sku

DAY = timedelta(days=1)


def rule(*choose: Sort, **said: object) -> Rule:
    return Rule(name="the rule", choose=choose, **said)  # type: ignore[arg-type]  # fields by name


WAYS = street(
    {1: 10, 2: 20, 3: 30},
    miss={1: 0.5, 2: 0.1},
    parcel_minor={1: 90, 2: 80, 3: 10},
    leaves_at={1: NOW + DAY, 2: NOW, 3: NOW},
    arrives_at={1: NOW + 3 * DAY, 2: NOW + 2 * DAY, 3: NOW + 4 * DAY},
    co2_grams={1: 900, 2: 100, 3: 300},
)
LOCATIONS = [
    location(1, backlog_hours=3.0, groups=frozenset({"shops"})),
    location(2, backlog_hours=1.0),
    location(3, backlog_hours=2.0, groups=frozenset({"stores"})),
]


@pytest.mark.parametrize(
    ("sort", "chosen", "flip"),
    [
        (
            Sort(by=Measure.MISS),
            3,
            "Location 2 wins if it is 10.5 percentage points less likely to be late.",
        ),
        (Sort(by=Measure.COST), 3, "Location 2 wins if it costs ₹0.70 less."),
        (Sort(by=Measure.COST, descending=True), 1, "Location 2 wins if it costs ₹0.10 more."),
        (Sort(by=Measure.DISTANCE), 1, "Location 2 wins if it is 10 km nearer."),
        (Sort(by=Measure.DISTANCE, descending=True), 3, "Location 2 wins if it is 10 km farther."),
        (Sort(by=Measure.UNIT_DISTANCE), 1, "Location 2 wins if it is 10 km nearer."),
        (Sort(by=Measure.ARRIVES), 2, "Location 1 wins if it arrives 1 day earlier."),
        (Sort(by=Measure.LOAD), 2, "Location 3 wins if it has 60 minutes less open work."),
        (Sort(by=Measure.CARBON), 2, "Location 3 wins if it emits 200 g less CO₂."),
        (
            Sort(by=Measure.SEQUENCE),
            3,
            (
                "Location 1 wins if it is 1 position higher in the rule's list. "
                "Location 2 is nearer and has everything, but not in shops or stores."
            ),
        ),
        (Sort(by=Measure.STOCK, descending=True), 2, "Location 3 wins if it has 2 more units in stock."),
        (Sort(by=Measure.VELOCITY), 3, "Location 2 wins if it sells 0.5 fewer units a day."),
        (Sort(by=Measure.BROKEN_STYLE), 2, "Location 3 wins if it has 1 more line with broken sizes."),
    ],
)
def test_every_measure_decides(sort: Sort, chosen: int, flip: str) -> None:
    locations = Locations(groups=("stores", "shops")) if sort.by is Measure.SEQUENCE else Locations()
    scene = Scene({}, WAYS, [rule(sort, locations=locations)], LOCATIONS, currency="INR")
    supply = Supply(
        {"A": {LocationId(1): 1, LocationId(2): 9, LocationId(3): 7}},
        velocity={Sku("A"): {LocationId(1): 2.0, LocationId(2): 0.75, LocationId(3): 0.25}},
        broken={"jacket": frozenset({LocationId(2)})},
    )
    (decision,) = scene.plan(order(want(1, "A", style="jacket")), supply=supply)
    assert (sent(decision), str(decision.explanation.flip)) == ([(1, chosen, 1)], flip)


def test_leaving_first_decides_before_cost() -> None:
    scene = Scene({"A": {1: 1, 3: 1}}, WAYS, [rule(Sort(by=Measure.LEAVES))], LOCATIONS)
    decision = scene.decide(order(("A", 1)))
    assert (sent(decision), str(decision.explanation.flip)) == (
        [(1, 3, 1)],
        "Location 1 wins if it leaves 1 day earlier.",
    )


@pytest.mark.parametrize(("descending", "chosen"), [(False, {2, 4}), (True, {1, 3})])
def test_the_last_parcel_counts_not_the_sum_of_days(descending: bool, chosen: set[int]) -> None:
    leaves = {1: NOW, 3: NOW + 3 * DAY, 2: NOW + 2 * DAY, 4: NOW + 2 * DAY}
    ways = street({1: 1, 2: 1, 3: 1, 4: 1}, leaves_at=leaves)
    stock = {"A": {1: 1, 2: 1}, "B": {1: 1, 4: 1}, "C": {3: 1, 2: 1}, "D": {3: 1, 4: 1}}
    few_then_soon = rule(Sort(by=Measure.PARCELS), Sort(by=Measure.LEAVES, descending=descending))
    decision = Scene(stock, ways, [few_then_soon]).decide(order(("A", 1), ("B", 1), ("C", 1), ("D", 1)))
    assert {location for _line, location, _units in sent(decision)} == chosen


def test_a_listed_code_precedes_groups() -> None:
    locations = Locations(codes=("L2", "L1"))
    scene = Scene(
        {"A": {1: 1, 2: 1}}, WAYS, [rule(Sort(by=Measure.SEQUENCE), locations=locations)], LOCATIONS
    )
    assert sent(scene.decide(order(("A", 1)))) == [(1, 2, 1)]


@pytest.mark.parametrize(("tolerance", "chosen"), [(0.0, 3), (0.5, 3), (0.6, 1)])
def test_plans_within_tolerance_go_on_to_the_next_tier(tolerance: float, chosen: int) -> None:
    ways = street({1: 1, 2: 2, 3: 3}, parcel_minor={1: 159, 2: 200, 3: 100})
    by_cost = Sort(by=Measure.COST, tolerance=tolerance)
    scene = Scene({"A": dict.fromkeys((1, 2, 3), 1)}, ways, [rule(by_cost, Sort(by=Measure.DISTANCE))])
    assert sent(scene.decide(order(("A", 1)))) == [(1, chosen, 1)]


def test_a_probability_is_tolerated_by_points_of_a_hundred() -> None:
    ways = street({1: 1, 2: 2}, miss={1: 0.04})
    tolerant = rule(Sort(by=Measure.MISS, tolerance=0.05), Sort(by=Measure.DISTANCE))
    scene = Scene({"A": {1: 1, 2: 1}}, ways, [tolerant])
    decision = scene.decide(order(("A", 1)))
    assert (sent(decision), decision.scores.miss) == ([(1, 1, 1)], 0.04)


def test_parcels_first_or_cost_first() -> None:
    stock = {"A": {1: 1, 3: 1}, "B": {2: 1, 3: 1}}
    ways = street({1: 1, 2: 1, 3: 100})
    few = Scene(stock, ways, [rule(Sort(by=Measure.PARCELS))]).decide(order(("A", 1), ("B", 1)))
    assert (sent(few), few.explanation.runner_up and few.explanation.runner_up.locations) == (
        [(1, 3, 1), (2, 3, 1)],
        ("L1", "L2"),
    )
    assert str(few.explanation.flip) == "Location 1 and Location 2 win if it needs 1 fewer parcel."
    cheap = Scene(stock, ways, [rule(Sort(by=Measure.COST))]).decide(order(("A", 1), ("B", 1)))
    assert sent(cheap) == [(1, 1, 1), (2, 2, 1)]
    dear = Scene(stock, ways, [rule(Sort(by=Measure.COST))], costs=Costs(split_minor=1_000))
    assert sent(dear.decide(order(("A", 1), ("B", 1)))) == [(1, 3, 1), (2, 3, 1)]


def test_cost_has_all_its_components() -> None:
    ways = street({1: 10, 2: 20}, kilo_minor={1: 10}, unit_minor={1: 3}, miss={1: 0.25}, co2_grams={1: 500})
    costs = Costs(
        late_minor=400,
        split_minor=5,
        reroute_minor=200,
        backlog_hour_minor=7,
        last_unit_minor=9,
        co2_kilo_minor=12,
    )
    here = location(1, handling_minor=11, reject_rate=0.1, backlog_hours=2.0)
    scene = Scene({"A": {1: 2}}, ways, locations=[here, location(2)], costs=costs, prices={("A", 1): 50})
    scores = scene.decide(order(want(1, "A", 2, grams=1_500))).scores
    assert (scores.carriage_minor, scores.handling_minor, scores.split_minor) == (20 + 30 + 6, 11, 0)
    assert (scores.reroute_minor, scores.late_minor, scores.load_minor) == (20, 100, 14)
    assert (scores.last_unit_minor, scores.scarcity_minor, scores.carbon_minor) == (9, 100, 6)
    assert scores.cost_minor == 56 + 11 + 20 + 100 + 14 + 9 + 100 + 6
    assert (scores.miss, scores.km, scores.co2_grams, scores.arrives) == (0.25, 10, 500, None)


def test_a_scarce_unit_is_left_to_the_orders_that_need_it() -> None:
    ways = street({1: 10, 2: 20})
    scene = Scene({"A": {1: 9, 2: 9}}, ways, [rule(Sort(by=Measure.COST))], prices={("A", 1): 11})
    assert sent(scene.decide(order(("A", 1)))) == [(1, 2, 1)]
    kit = Scene(
        {"A": {1: 9, 2: 9}, "B": {1: 9, 2: 9}},
        ways,
        [rule(Sort(by=Measure.COST))],
        prices={("A", 1): 4, ("B", 1): 3},
        recipes={Sku("SET"): {"A": 2, "B": 1}},
    )
    assert sent(kit.decide(order(("SET", 1)))) == [(1, 2, 1)]


def test_the_last_unit_of_a_location_is_kept() -> None:
    scene = Scene({"A": {1: 1, 2: 2}}, street({1: 10, 2: 20}), costs=Costs(last_unit_minor=11))
    assert sent(scene.decide(order(("A", 1)))) == [(1, 2, 1)]


def test_equal_plans_go_by_location_id() -> None:
    scene = Scene({"A": {2: 1, 1: 1}}, street({2: 5, 1: 5}))
    decision = scene.decide(order(("A", 1)))
    assert (sent(decision), str(decision.explanation.flip)) == (
        [(1, 1, 1)],
        "Location 2 is equally good: tie, decided by location ID.",
    )


def test_a_nearer_excluded_location_is_explained() -> None:
    ways = street({1: 1, 2: 2, 3: 3, 4: 4}, closed={1: "its cut-off has passed"})
    locations = [location(1), location(2, ships=False), location(3), location(4)]
    scene = Scene({"A": dict.fromkeys((1, 2, 3, 4), 1)}, ways, locations=locations)
    nearer = "Location 1 is nearer and has everything, but its cut-off has passed."
    assert (
        str(scene.decide(order(("A", 1))).explanation.flip) == f"Location 4 wins if it costs 1 less. {nearer}"
    )
    alone = Scene({"A": {1: 1, 3: 1}}, ways, locations=locations)
    assert str(alone.decide(order(("A", 1))).explanation.flip) == nearer
    lacking = Scene({"A": {2: 9, 3: 1}}, ways, locations=locations)
    assert lacking.decide(order(("A", 1))).explanation.flip is None
    equal = Scene({"A": {1: 1, 2: 1, 3: 1}, "B": {1: 1, 2: 1, 3: 1}}, street({1: 9, 2: 9, 3: 0}))
    assert (
        str(equal.decide(order(("A", 1), ("B", 1))).explanation.flip) == "Location 1 wins if it costs 9 less."
    )


SENTENCES: Mapping[str, tuple[Rule, str]] = {
    "dearer": (
        rule(Sort(by=Measure.COST)),
        "Location 2 (20 km): preferred over Location 1, which is nearer and wins if it costs 60 less.",
    ),
    "as good as any": (
        rule(Sort(by=Measure.CARBON)),
        "Location 1 (10 km): the nearest of 2 locations that have it.",
    ),
}


@pytest.mark.parametrize("name", SENTENCES)
def test_a_line_explains_why_the_nearest_location_was_not_used(name: str) -> None:
    chosen, sentence = SENTENCES[name]
    scene = Scene({"A": {1: 1, 2: 1}}, street({1: 10, 2: 20}, parcel_minor={1: 100, 2: 40}), [chosen])
    if name == "as good as any":
        scene = Scene({"A": {1: 1, 2: 1}}, street({1: 10, 2: 20}), [chosen])
    assert sentences(scene.decide(order(("A", 1)))) == [sentence]


def test_a_line_may_ship_from_farther_away_for_a_better_total() -> None:
    scene = Scene({"A": {1: 3, 2: 2}}, street({1: 10, 2: 20}))
    assert sentences(scene.decide(order(("A", 2), ("A", 2)))) == [
        "Location 1 (10 km): the nearest of 2 locations with all 2.",
        "Location 2 (20 km): Location 1 is nearer, but its stock serves other lines or orders better.",
    ]


def test_unknown_dates_are_last_and_unknown_lanes_have_no_distance() -> None:
    ways = street({1: 1, 2: 2}, arrives_at={2: NOW})
    scene = Scene({"A": {1: 1, 2: 1}}, ways, [rule(Sort(by=Measure.ARRIVES))])
    assert sent(scene.decide(order(("A", 1)))) == [(1, 2, 1)]
    locations = {each.id: each for each in (location(2), location(1))}
    nowhere = GreatCircle(locations).lanes(order(("A", 1), latitude=None))
    assert [(each, lane.km) for each, lane in nowhere.items()] == [(1, 0.0), (2, 0.0)]
