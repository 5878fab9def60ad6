"""Batch re-optimization is never more expensive, keeps criteria before cost, and is optimal for small batches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.routes import NOW, Scene, Street, location, order, sent, short, street, want

from doorstep.domain.routing.model import Decision, Demand, Lane, OrderAttributes
from doorstep.domain.routing.model.batch import Batch, Budget, Reoptimized, improve, lagrange, mip, search
from doorstep.domain.routing.model.batch.member import members
from doorstep.domain.routing.model.batch.pool import Pool
from doorstep.domain.routing.model.plan import Planner
from doorstep.domain.routing.model.rules import Locations, Measure, Rule, Sort, Split
from doorstep.kernel.ids import LocationId

BY_COST = Rule(name="cost", choose=(Sort(by=Measure.COST),), split=Split(by="lines"))


def ticking(step: float = 0.01) -> Callable[[], float]:
    """A clock that goes on by itself whenever it is read."""
    ticks = count()
    return lambda: next(ticks) * step


def solved(scene: Scene, *demands: Demand, seconds: float = 1.0) -> tuple[list[Decision], Reoptimized]:
    """Orders one by one, and the same as a batch."""
    alone = scene.plan(*demands)
    batch = Batch(demands, alone, scene.supply())
    return alone, improve(
        batch, scene.network, scene.compiled_rules, now=NOW, budget=Budget(ticking(), seconds)
    )


# The first order could come from either, the second from the near one only.
WAYS = street({1: 10, 2: 20})
SWAP = Scene({"A": {1: 1, 2: 1}, "B": {1: 1}}, WAYS, [BY_COST])
COMMON, RARE = order(("A", 1)), order(("A", 1), ("B", 1), number=2)


def test_a_common_order_leaves_the_last_unit_to_the_order_that_needs_it() -> None:
    alone, joint = solved(SWAP, COMMON, RARE)
    assert [sent(each) for each in alone] == [[(1, 1, 1)], [(1, 2, 1), (2, 1, 1)]]
    assert [sent(each) for each in joint.decisions] == [[(1, 2, 1)], [(1, 1, 1), (2, 1, 1)]]
    assert (joint.greedy_minor, joint.solved_minor, joint.bound_minor) == (20 + 20 + 30, 30 + 20, 50)
    assert (joint.how, joint.changed) == ("proven optimal", 2)


def test_a_changed_decision_is_shown() -> None:
    _alone, joint = solved(SWAP, COMMON, RARE)
    receipt = joint.decisions[0].explanation
    assert str(receipt.batch) == "Optimized together with 1 other order: proven optimal."
    assert (receipt.scores.cost_minor, joint.decisions[0].scores) == (30, receipt.scores)
    assert receipt.runner_up is not None
    assert (receipt.runner_up.locations, str(receipt.flip)) == (
        ("L1",),
        "The runner-up is the plan without batch re-optimization.",
    )
    assert str(receipt.lines[0].sentence).startswith("Location 2 (20 km): Location 1 is nearer, but")


def test_an_order_that_waited_may_find_its_place() -> None:
    stock = {"A": {1: 1, 2: 1}, "B": {1: 1}}
    whole = Rule(name="whole", choose=(Sort(by=Measure.COST),), split=Split(by="none"))
    alone, joint = solved(Scene(stock, WAYS, [whole]), COMMON, RARE)
    assert (short(alone[1]), short(joint.decisions[1])) == ([1, 2], [])
    assert joint.decisions[1].explanation.runner_up is None
    assert joint.decisions[1].remainder is None


def test_capacity_of_shifts_is_respected() -> None:
    scene = replace(SWAP, locations=[location(1, free_capacity=1), location(2)])
    alone, joint = solved(scene, COMMON, RARE)
    assert short(alone[1]) == [2]
    assert [sent(each) for each in joint.decisions] == [[(1, 2, 1)], [(1, 1, 1), (2, 1, 1)]]


def test_one_order_is_not_re_optimized() -> None:
    alone, joint = solved(SWAP, COMMON, replace(RARE, has_claim=True))
    assert (joint.decisions, joint.how, joint.bound_minor) == (alone, "no swap lowers the cost", None)


def three(scene: Scene, *others: Demand) -> list[list[tuple[int, int, int]]]:
    _alone, joint = solved(scene, COMMON, RARE, *others)
    return [sent(each) for each in joint.decisions]


def test_orders_that_cannot_change_keep_what_they_have() -> None:
    scene = Scene({"A": {1: 2, 2: 1}, "B": {1: 1}, "C": {1: 1, 2: 1}, "D": {1: 9}}, WAYS, [BY_COST])
    claimed = order(("A", 1), number=3, has_claim=True)
    assert three(scene, claimed) == [[(1, 2, 1)], [(1, 1, 1), (2, 1, 1)], [(1, 1, 1)]]
    twice = order(("C", 1), ("C", 1), number=4)
    assert three(scene, claimed, twice)[3] == [(1, 1, 1), (2, 2, 1)]
    many = order(*((f"D{number}", 1) for number in range(7)), number=5)
    assert three(scene, claimed, many)[3] == []


def test_orders_that_share_a_parcel_stay_together() -> None:
    asha = OrderAttributes(customer="asha")
    scene = Scene({"A": {1: 1, 2: 1}, "B": {1: 1}, "C": {1: 1}}, WAYS, [BY_COST])
    first, second = order(("A", 1), attributes=asha), order(("C", 1), number=3, attributes=asha)
    alone, joint = solved(scene, first, second, RARE)
    assert (alone[1].explanation.together, joint.decisions) == ((1,), alone)


def test_a_split_line_stays_split() -> None:
    whole = Rule(name="cost", choose=(Sort(by=Measure.COST),))
    scene = Scene({"A": {1: 1, 2: 1}, "B": {1: 1}, "C": {1: 2, 2: 1}}, WAYS, [whole])
    assert three(scene, order(("C", 3), number=3)) == [
        [(1, 2, 1)],
        [(1, 1, 1), (2, 1, 1)],
        [(1, 1, 2), (1, 2, 1)],
    ]


@pytest.mark.parametrize(
    "choose",
    [
        (Sort(by=Measure.DISTANCE), Sort(by=Measure.COST)),
        (Sort(by=Measure.COST, descending=True),),
        (Sort(by=Measure.PARCELS, descending=True), Sort(by=Measure.COST)),
    ],
)
def test_a_rule_with_other_criteria_is_unchanged(choose: tuple[Sort, ...]) -> None:
    scene = replace(SWAP, chosen=[replace_rule(choose)])
    assert solved(scene, COMMON, RARE)[1].changed == 0


def test_an_order_that_several_rules_served_stays_as_it_is() -> None:
    near = replace_rule(BY_COST.choose, locations=Locations(codes=("L1",)))
    scene = Scene({"A": {1: 2, 2: 1}, "B": {1: 1}, "C": {2: 1}}, WAYS, [near, BY_COST])
    both = order(("A", 1), ("C", 1))
    alone, joint = solved(scene, both, order(("A", 1), number=2), order(("C", 1), number=3))
    assert (alone[0].rule, joint.changed, joint.decisions) == ("cost, cost", 0, alone)


def test_a_rule_without_a_word_of_cost_counts_parcels_then_cost() -> None:
    scene = replace(SWAP, chosen=[replace_rule((Sort(by=Measure.PARCELS),))])
    assert solved(scene, COMMON, RARE)[1].solved_minor == 50


def replace_rule(choose: tuple[Sort, ...], locations: Locations = Locations()) -> Rule:
    return Rule(name="cost", choose=choose, locations=locations, split=Split(by="lines"))


def test_no_order_gets_more_parcels_or_a_later_day_than_its_tiers_allow() -> None:
    late = street({1: 10, 2: 20}, miss={2: 0.2})
    in_time = (Sort(by=Measure.MISS, tolerance=0.05), Sort(by=Measure.PARCELS), Sort(by=Measure.COST))
    strict = replace(SWAP, ways=late, chosen=[replace_rule(in_time)])
    assert solved(strict, COMMON, RARE)[1].changed == 0
    loose = (Sort(by=Measure.MISS, tolerance=0.3), Sort(by=Measure.PARCELS), Sort(by=Measure.COST))
    assert solved(replace(strict, chosen=[replace_rule(loose)]), COMMON, RARE)[1].changed == 2
    apart = Scene({"A": {1: 1, 2: 1}, "B": {1: 1, 2: 1}}, street({1: 10, 2: 90}), [replace_rule(loose[1:])])
    both = order(("A", 1), ("B", 1))
    _alone, joint = solved(apart, both, order(("A", 1), number=2))
    assert all(each.scores.parcels == 1 for each in joint.decisions)


def test_re_optimization_keeps_the_maximum_number_of_parcels() -> None:
    split = Split(by="lines", max_parcels=1)
    limited = Rule(name="cost", choose=BY_COST.choose, split=split)
    stock = {"A": {1: 1, 2: 1}, "B": {1: 1, 2: 1}}
    pair = order(("A", 1), ("B", 1), number=2)
    scene = Scene(stock, WAYS, [limited])
    assert [sent(each) for each in solved(scene, COMMON, pair)[1].decisions] == [
        [(1, 1, 1)],
        [(1, 2, 1), (2, 2, 1)],
    ]


def test_a_rule_with_a_minimum_parcel_value_is_unchanged() -> None:
    worth = Rule(name="cost", choose=BY_COST.choose, split=Split(by="lines", min_parcel_value_minor=1))
    assert solved(replace(SWAP, chosen=[worth]), COMMON, RARE)[1].changed == 0


def test_without_time_nothing_gets_worse() -> None:
    alone, joint = solved(SWAP, COMMON, RARE, seconds=0.0)
    assert joint.solved_minor <= joint.greedy_minor
    assert len(joint.decisions) == len(alone)


def test_capacity_of_others_is_not_released() -> None:
    scene = Scene(
        {"A": {1: 2, 2: 1}, "B": {1: 1}},
        WAYS,
        [BY_COST],
        locations=[location(1, free_capacity=2), location(2)],
    )
    claimed = order(("A", 1), number=3, has_claim=True)
    assert three(scene, claimed) == [[(1, 2, 1)], [(1, 1, 1), (2, 1, 1)], [(1, 1, 1)]]


def test_a_solver_that_finds_nothing_in_time_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "solve", lambda *_pool, **_limits: None)
    alone, joint = solved(SWAP, COMMON, RARE)
    assert (joint.decisions, joint.how, joint.bound_minor) == (alone, "the best plan found in time", None)
    monkeypatch.setattr(search, "EXACT", 0)
    monkeypatch.setattr(search, "served_at_prices", lambda _pool, _prices: None)
    assert solved(SWAP, COMMON, RARE)[1].decisions == alone


def test_neighborhoods_find_what_prices_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "EXACT", 0)
    monkeypatch.setattr(search, "served_at_prices", lambda _pool, _prices: None)
    assert solved(SWAP, COMMON, RARE)[1].solved_minor == 50


def test_prices_of_a_few_steps_bound_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "EXACT", 0)
    monkeypatch.setattr(lagrange, "STEPS", 2)
    bound = solved(SWAP, COMMON, RARE)[1].bound_minor
    assert bound is not None
    assert bound <= 50


def test_what_needs_more_parcels_than_allowed_is_not_served() -> None:
    one, two = {LocationId(1): 5}, {LocationId(2): 5}
    assert search.split_units({**one, **two}, [one, two], 1) is None
    assert search.split_units({**one, **two}, [one, {}, two], 2) == (1, None, 2)
    assert search.split_units({}, [{}], 1) == (None,)


def test_a_program_without_a_solution_has_no_answer() -> None:
    alone = SWAP.plan(COMMON, RARE)
    planner = Planner.of(SWAP.supply(), SWAP.network, SWAP.compiled_rules, now=NOW)
    pool = Pool(
        members(planner, [COMMON, RARE], alone), lambda thing, at: SWAP.supply().at(thing).get(at, 0), {}
    )
    assert mip.solve(pool, [0, 1], pool.stock * 0, seconds=1.0) is None


STOCKS = st.lists(
    st.dictionaries(st.integers(1, 4), st.integers(0, 3), max_size=4), min_size=4, max_size=4
).map(lambda stock_rows: dict(zip("ABCD", stock_rows, strict=True)))
ORDERS = st.lists(
    st.lists(
        st.tuples(st.sampled_from("ABCD"), st.integers(1, 2)),
        min_size=1,
        max_size=3,
        unique_by=lambda x: x[0],
    ),
    min_size=2,
    max_size=6,
)
HILLS = street({1: 4, 2: 9, 3: 25, 4: 60}, unit_minor={1: 7, 3: 1})


def batch(lines: Sequence[list[tuple[str, int]]]) -> list[Demand]:
    return [order(*each, number=number) for number, each in enumerate(lines, 1)]


def check(scene: Scene, demands: list[Demand], joint: Reoptimized, alone: list[Decision]) -> None:
    """Nothing dearer, nothing twice, nothing that waits though it was served."""
    supply = scene.supply()
    for decision in joint.decisions:
        for choice in decision.choices:
            supply.take(choice)
    assert all(units >= 0 for at in supply.available.values() for units in at.values())
    assert joint.solved_minor <= joint.greedy_minor
    assert joint.bound_minor is None or joint.bound_minor <= joint.solved_minor
    assert sum(len(each.short) for each in joint.decisions) <= sum(len(each.short) for each in alone)
    for demand, decision in zip(demands, joint.decisions, strict=True):
        got = Counter({each.line_no: each.quantity for each in decision.choices})
        wanted = Counter({each.line_no: each.quantity for each in demand.wants if each not in decision.short})
        assert got == wanted


@settings(max_examples=40, deadline=None)
@given(STOCKS, ORDERS)
def test_small_batches_are_never_worse(
    stock: dict[str, dict[int, int]], lines: list[list[tuple[str, int]]]
) -> None:
    scene = Scene(stock, HILLS, [BY_COST])
    alone, joint = solved(scene, *batch(lines))
    check(scene, batch(lines), joint, alone)


@settings(max_examples=40, deadline=None)
@given(STOCKS, ORDERS)
def test_large_batches_are_never_worse(
    stock: dict[str, dict[int, int]], lines: list[list[tuple[str, int]]]
) -> None:
    scene = Scene(
        stock, HILLS, [BY_COST], locations=[location(1, free_capacity=2), *(location(n) for n in (2, 3, 4))]
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(search, "EXACT", 0)
        alone, joint = solved(scene, *batch(lines), seconds=0.3)
    check(scene, batch(lines), joint, alone)


def test_prices_bound_and_guide_a_large_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "EXACT", 0)
    _alone, joint = solved(SWAP, COMMON, RARE, seconds=1.0)
    assert (joint.solved_minor, joint.how) == (50, "improved step by step in the time given")
    assert joint.bound_minor is not None
    assert 45 <= joint.bound_minor <= 50
    assert [cost for _at, cost in joint.steps][-1] == 50


@settings(max_examples=25, deadline=None)
@given(STOCKS, ORDERS.filter(lambda lines: len(lines) <= 3))
def test_the_best_plan_of_a_small_batch_is_optimal(
    stock: dict[str, dict[int, int]], lines: list[list[tuple[str, int]]]
) -> None:
    scene = Scene(stock, HILLS, [BY_COST])
    alone, joint = solved(scene, *batch(lines))
    if joint.how == "proven optimal" and not any(each.short for each in alone):
        assert joint.solved_minor == cheapest(stock, lines)


def cheapest(stock: dict[str, dict[int, int]], lines: list[list[tuple[str, int]]]) -> int:
    """Every way of serving all lines tried."""
    flat = [(number, sku, units) for number, each in enumerate(lines) for sku, units in each]
    best = 10**9
    for chosen in product((1, 2, 3, 4), repeat=len(flat)):
        taken = Counter[tuple[str, int]]()
        for (_number, sku, units), at in zip(flat, chosen, strict=True):
            taken[sku, at] += units
        if all(units <= stock[sku].get(at, 0) for (sku, at), units in taken.items()):
            best = min(best, cost(flat, chosen))
    return best


def cost(flat: list[tuple[int, str, int]], chosen: tuple[int, ...]) -> int:
    lanes: dict[LocationId, Lane] = Street(HILLS.by_location).by_location
    parcels = {(number, at) for (number, _sku, _units), at in zip(flat, chosen, strict=True)}
    fixed = sum(lanes[LocationId(at)].parcel_minor for _number, at in parcels)
    each = zip(flat, chosen, strict=True)
    return fixed + sum(lanes[LocationId(at)].unit_minor * units for (_n, _sku, units), at in each)


def test_lines_that_stay_together_move_together() -> None:
    together = Rule(name="cost", choose=BY_COST.choose, split=Split(by="lines", keep_together=("suit",)))
    scene = replace(SWAP, chosen=[together])
    suit = order(want(1, "A", style="suit"), want(2, "B", style="suit"), number=2)
    alone, joint = solved(scene, COMMON, suit)
    assert (short(alone[1]), [sent(each) for each in joint.decisions]) == (
        [1, 2],
        [[(1, 2, 1)], [(1, 1, 1), (2, 1, 1)]],
    )
