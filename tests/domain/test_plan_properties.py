"""Properties of every plan: fewest parcels among the cheapest, and no advantage by position in the batch."""

from __future__ import annotations

from itertools import product
from random import Random

from hypothesis import given
from hypothesis import strategies as st
from tests.routes import Scene, order, short, street

from doorstep.domain.routing.model.rules import Costs, Measure, Rule, Sort, Split

CHEAP_THEN_FEW = Rule(
    name="cheap, then few",
    choose=(Sort(by=Measure.COST), Sort(by=Measure.PARCELS)),
    split=Split(by="lines"),
)
# A parcel costs nothing by itself from the first two, so that plans of one and of two parcels cost the same.
EVEN = street({1: 4, 2: 4, 3: 9}, parcel_minor={1: 0, 2: 0, 3: 5}, unit_minor={1: 3, 2: 3, 3: 1})
STOCKS = st.fixed_dictionaries(
    {
        sku: st.dictionaries(st.integers(1, 3), st.integers(0, 2), min_size=1, max_size=3)
        for sku in ("A", "B", "C")
    }
)
LINES = st.lists(
    st.tuples(st.sampled_from("ABC"), st.integers(1, 2)), min_size=1, max_size=3, unique_by=lambda line: line[0]
)  # fmt: skip


def best(stock: dict[str, dict[int, int]], lines: list[tuple[str, int]]) -> tuple[int, int] | None:
    """Cost and parcels of the best plan that sends every line whole; every one is tried."""
    holders = [[location for location, n in stock[sku].items() if n >= units] for sku, units in lines]
    plans = []
    for chosen in product(*holders):
        lanes = [EVEN.by_location[location] for location in chosen]  # type: ignore[index]  # a location's id is its number
        units = sum(lane.unit_minor * line[1] for lane, line in zip(lanes, lines, strict=True))
        parcels = {lane.location_id: lane.parcel_minor for lane in lanes}
        plans.append((units + sum(parcels.values()), len(parcels)))
    return min(plans, default=None)


@given(STOCKS, LINES)
def test_among_plans_that_cost_the_same_the_fewest_parcels_win(
    stock: dict[str, dict[int, int]], lines: list[tuple[str, int]]
) -> None:
    decision = Scene(stock, EVEN, [CHEAP_THEN_FEW], costs=Costs()).decide(order(*lines))
    if not short(decision):
        found = decision.scores.cost_minor, len({each.location_id for each in decision.choices})
        assert found == best(stock, lines)
    else:
        assert best(stock, lines) is None


@given(STOCKS, st.lists(LINES, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_the_position_in_the_batch_does_not_matter(
    stock: dict[str, dict[int, int]], orders: list[list[tuple[str, int]]], chance: Random
) -> None:
    scene = Scene(stock, EVEN, [CHEAP_THEN_FEW])
    batch = [order(*lines, number=number) for number, lines in enumerate(orders, start=1)]
    turned = list(batch)
    chance.shuffle(turned)
    before = {each.order_id: each for each in scene.plan(*batch)}
    after = {each.order_id: each for each in scene.plan(*turned)}
    assert before == after
