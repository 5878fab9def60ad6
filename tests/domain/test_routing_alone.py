"""A single parcel is found without a search, and equals the result of the search."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.routes import NOW, Scene, Stock, location, order, street

from doorstep.domain.routing.model import Demand, search, single_parcel
from doorstep.domain.routing.model.order_problem import OrderProblem
from doorstep.domain.routing.model.plan import Planner
from doorstep.domain.routing.model.rules import Costs, Measure, Rule, Sort, Split
from doorstep.kernel.ids import LocationId, Sku

MANY = 1_000
PLENTY: Stock = {sku: dict.fromkeys(range(1, 5), 9) for sku in ("A", "B", "C")}


def asked(scene: Scene, demand: Demand) -> OrderProblem:
    """The order before the first rule."""
    compiled_rules = scene.compiled_rules
    planner = Planner.of(scene.supply(), scene.network, compiled_rules, now=NOW)
    rule = compiled_rules.document.runs[0].routings[0].rules[0]
    return planner.problem(demand, demand.wants, rule, scene.ways.lanes(demand), demand.companion_locations)


TIERS = st.lists(
    st.builds(
        Sort,
        by=st.sampled_from(Measure),
        tolerance=st.sampled_from([0.0, 0.0, 0.05, 0.5, 1.0]),
        descending=st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=4,
).map(tuple)
PARTS = st.builds(
    Split, by=st.sampled_from(["none", "lines", "quantity"]), max_parcels=st.sampled_from([None, 1, 2])
)
STOCKS = st.fixed_dictionaries(
    {sku: st.dictionaries(st.integers(1, 5), st.integers(0, 5), max_size=5) for sku in ("A", "B", "C")}
)
LINES = st.lists(st.tuples(st.sampled_from(["A", "B", "C"]), st.integers(1, 2)), min_size=1, max_size=3)
NUMBERS = st.fixed_dictionaries({number: st.sampled_from([0, 1, 7, 40]) for number in range(1, 6)})
CHANCES = st.fixed_dictionaries({number: st.sampled_from([0.0, 0.01, 0.03, 1.0]) for number in range(1, 6)})


def scene(
    choose: tuple[Sort, ...],
    split: Split,
    stock: Stock,
    miss: dict[int, float],
    minor: dict[int, int],
    last: int,
    free_capacity: int | None,
) -> Scene:
    """Five places of which the first may be full and others may have work, under one rule."""
    ways = street({1: 4, 2: 9, 3: 25, 4: 60, 5: 61}, miss=miss, kilo_minor=minor, unit_minor=minor)
    locations = [
        location(1, free_capacity=free_capacity),
        *(location(each, backlog_hours=each % 3) for each in range(2, 6)),
    ]
    costs = Costs(last_unit_minor=last, split_minor=2)
    return Scene(stock, ways, [Rule(name="any", choose=choose, split=split)], locations, costs)


SCENES = st.builds(
    scene,
    TIERS,
    PARTS,
    STOCKS,
    CHANCES,
    NUMBERS,
    st.sampled_from([0, 3]),
    st.sampled_from([None, 0, 2]),
)


@settings(max_examples=300, deadline=None)
@given(SCENES, LINES, st.booleans())
def test_the_short_way_answers_as_the_search_does(
    seen: Scene, lines: list[tuple[str, int]], was_rejected: bool
) -> None:
    excluded = frozenset({(Sku("A"), LocationId(2))}) if was_rejected else frozenset()
    ask = asked(seen, order(*lines, excluded=excluded))
    split = ask.candidates.rule.split
    most = 1 if split.by == "none" else split.max_parcels or MANY
    found = single_parcel.best(ask, most)
    assert found is None or found == search.searched(ask, most)


def short_way(
    choose: tuple[Sort, ...], *, miss: dict[int, float] | None = None, stock: Stock = PLENTY
) -> list[int] | None:
    """Where two lines go, and the runner-up, if that is found without a search."""
    ways = street({1: 4, 2: 9, 3: 25, 4: 60}, miss=miss or {})
    rule = Rule(name="any", choose=choose, split=Split(by="lines"))
    found = single_parcel.best(asked(Scene(stock, ways, [rule]), order(("A", 1), ("B", 1))), MANY)
    if found is None:
        return None
    return [part.stop.id for part in (*found.plan, *found.runner_up)]


RISK_FIRST = (Sort(by=Measure.MISS, tolerance=0.05), Sort(by=Measure.PARCELS))


def test_parcels_first_need_no_search() -> None:
    assert short_way((Sort(by=Measure.PARCELS), Sort(by=Measure.COST))) == [1, 2]


def test_no_risk_at_all_cannot_be_less_in_two_parcels() -> None:
    assert short_way(RISK_FIRST) == [1, 2]
    assert short_way((Sort(by=Measure.MISS), Sort(by=Measure.COST))) is None


def test_two_parcels_have_at_least_twice_the_least_risk() -> None:
    risks = {1: 0.03, 2: 0.02, 3: 0.5, 4: 0.5}
    assert short_way(RISK_FIRST, miss=risks) == [1, 2]
    surer = {"A": {1: 1, 2: 1}, "B": {1: 1, 2: 1, 3: 1}}
    assert short_way(RISK_FIRST, miss={1: 0.03, 2: 0.03, 3: 0.01}, stock=surer) is None


@pytest.mark.parametrize("by", [Measure.COST, Measure.LEAVES, Measure.STOCK])
def test_what_may_be_less_in_two_parcels_is_searched(by: Measure) -> None:
    assert short_way((Sort(by=by), Sort(by=Measure.PARCELS))) is None


def test_a_single_best_plan_is_compared_with_the_next_one() -> None:
    stock = {"A": {1: 1, 2: 1}, "B": {1: 1, 3: 1}}
    assert short_way((Sort(by=Measure.PARCELS),), stock=stock) is None
