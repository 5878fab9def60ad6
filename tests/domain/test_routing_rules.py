"""Every option of a rule: which locations may fulfill, how an order may be split, what happens to the remainder."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.routes import NOW, Scene, location, order, sent, sentences, short, street, want

from doorstep.domain.routing import model
from doorstep.domain.routing.model import OrderAttributes, rules
from doorstep.domain.routing.model.rules import (
    Costs,
    Locations,
    Measure,
    Orders,
    Remainder,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
    Split,
)
from doorstep.kernel.ids import LocationId, Sku

NEAR_FAR = street({1: 5, 2: 50, 3: 500})


def rule(**said: object) -> Rule:
    return Rule(name="the rule", **said)  # type: ignore[arg-type]  # fields by name


def tiers(*measures: Measure, tolerance: float = 0.0) -> tuple[Sort, ...]:
    first, *others = measures
    return (Sort(by=first, tolerance=tolerance), *(Sort(by=each) for each in others))


def test_one_parcel_has_the_complete_remainder_or_nothing() -> None:
    chosen = [rule(split=Split(by="none"))]
    apart = Scene({"A": {1: 1}, "B": {2: 1}}, NEAR_FAR, chosen)
    assert (
        sent(apart.decide(order(("A", 1), ("B", 1)))),
        short(apart.decide(order(("A", 1), ("B", 1)))),
    ) == (
        [],
        [1, 2],
    )
    together = Scene({"A": {1: 1, 3: 1}, "B": {3: 1}}, NEAR_FAR, chosen)
    assert sent(together.decide(order(("A", 1), ("B", 1)))) == [(1, 3, 1), (2, 3, 1)]


def test_lines_may_be_separated_but_not_split() -> None:
    scene = Scene({"A": {1: 2, 2: 2}}, NEAR_FAR, [rule(split=Split(by="lines"))])
    assert short(scene.decide(order(("A", 3)))) == [1]
    assert sent(scene.decide(order(("A", 2)))) == [(1, 1, 2)]


def test_the_most_parcels_that_are_allowed_serve_as_many_lines_as_they_can() -> None:
    scene = Scene(
        {"A": {1: 1}, "B": {2: 1}, "C": {2: 1}}, NEAR_FAR, [rule(split=Split(by="lines", max_parcels=1))]
    )
    decision = scene.decide(order(("A", 1), ("B", 1), ("C", 1)))
    assert (sent(decision), short(decision)) == ([(2, 2, 1), (3, 2, 1)], [1])


def test_every_part_and_the_remainder_must_be_worth_a_parcel() -> None:
    lines = [want(1, "A", value_minor=100), want(2, "B", value_minor=900), want(3, "C", value_minor=900)]
    split = Split(by="lines", min_parcel_value_minor=500)
    scene = Scene({"A": {1: 1, 2: 1}, "B": {2: 1}, "C": {3: 1}}, NEAR_FAR, [rule(split=split)])
    assert sent(scene.decide(order(*lines))) == [(1, 2, 1), (2, 2, 1), (3, 3, 1)]
    alone = Scene({"A": {1: 1}, "B": {2: 1}, "C": {3: 1}}, NEAR_FAR, [rule(split=split)])
    assert short(alone.decide(order(*lines))) == [1, 3]
    assert short(alone.decide(order(*lines[:2]))) == [1, 2]
    cheap = order(want(1, "A", value_minor=100))
    assert sent(alone.decide(cheap)) == [(1, 1, 1)]


def test_small_parts_stay_in_one_parcel_though_parting_is_cheaper() -> None:
    lines = [want(1, "A", value_minor=100), want(2, "B", value_minor=100)]
    stock, ways = {"A": {1: 1, 3: 1}, "B": {2: 1, 3: 1}}, street({1: 1, 2: 1, 3: 100})
    split = Split(by="lines", min_parcel_value_minor=150)
    scene = Scene(stock, ways, [rule(split=split, choose=tiers(Measure.COST))])
    assert sent(scene.decide(order(*lines))) == [(1, 3, 1), (2, 3, 1)]


def test_a_split_line_counts_in_its_parcels_by_its_share() -> None:
    split = Split(by="quantity", min_parcel_value_minor=500)
    scene = Scene({"A": {1: 3, 2: 1}}, NEAR_FAR, [rule(split=split)])
    assert short(scene.decide(order(want(1, "A", 4, value_minor=1_000)))) == [1]
    assert sent(scene.decide(order(want(1, "A", 4, value_minor=2_000)))) == [(1, 1, 3), (1, 2, 1)]


@pytest.mark.parametrize("by", ["lines", "quantity"])
def test_all_or_nothing(by: str) -> None:
    split = Split(by=by, all_or_nothing=True)  # type: ignore[arg-type]  # a literal by name
    scene = Scene({"A": {1: 1}, "B": {2: 1}}, NEAR_FAR, [rule(split=split)])
    assert short(scene.decide(order(("A", 1), ("B", 2)))) == [1, 2]
    assert sent(scene.decide(order(("A", 1), ("B", 1)))) == [(1, 1, 1), (2, 2, 1)]


def test_what_is_there_may_be_held_for_the_rest() -> None:
    scene = Scene({"A": {1: 1}}, NEAR_FAR, [rule(split=Split(by="lines", hold_in_stock_part=True))])
    decision = scene.decide(order(("A", 1), ("B", 1)))
    assert (sent(decision), short(decision), decision.hold_back) == ([(1, 1, 1)], [2], True)
    assert scene.decide(order(("A", 1))).hold_back is False
    assert scene.decide(order(("B", 1))).hold_back is False


def test_lines_of_one_style_or_category_do_not_part() -> None:
    stock = {"top": {1: 1, 3: 1}, "bottom": {2: 1, 3: 1}, "hat": {1: 1}}
    lines = [want(1, "top", style="suit"), want(2, "bottom", category="suit"), want(3, "hat")]
    scene = Scene(stock, NEAR_FAR, [rule(split=Split(by="lines", keep_together=("suit",)))])
    assert sent(scene.decide(order(*lines))) == [(1, 3, 1), (2, 3, 1), (3, 1, 1)]
    nowhere = Scene({"top": {1: 1}, "bottom": {2: 1}}, NEAR_FAR, [rule(split=Split(keep_together=("suit",)))])
    assert short(nowhere.decide(order(*lines))) == [1, 2, 3]


def test_a_rule_leaves_its_safety_stock() -> None:
    scene = Scene({"A": {1: 3, 2: 9}}, NEAR_FAR, [rule(locations=Locations(safety_stock=2))])
    decision = scene.decide(order(("A", 2)))
    assert sent(decision) == [(1, 2, 2)]
    assert (
        str(decision.explanation.lines[0].candidates[0].eliminated) == "keeps 2 as safety stock of this rule"
    )
    assert sent(scene.decide(order(("A", 8)))) == [(1, 1, 1), (1, 2, 7)]


def test_a_shift_gets_as_many_orders_as_its_capacity() -> None:
    scene = Scene({"A": {1: 9, 2: 9}}, NEAR_FAR, locations=[location(1, free_capacity=2), location(2)])
    decisions = scene.plan(*(order(("A", 1), number=number) for number in (1, 2, 3)))
    assert [sent(each) for each in decisions] == [[(1, 1, 1)], [(1, 1, 1)], [(1, 2, 1)]]
    assert _ruled_out(decisions[2]) == {"has no capacity left in this shift": 1}
    assert (
        str(decisions[2].explanation.lines[0].candidates[0].eliminated)
        == "has no capacity left in this shift"
    )


def test_a_rule_may_look_past_capacity() -> None:
    chosen = [rule(locations=Locations(ignore_capacity=True))]
    scene = Scene({"A": {1: 9}}, NEAR_FAR, chosen, locations=[location(1, free_capacity=0)])
    assert sent(scene.decide(order(("A", 1)))) == [(1, 1, 1)]


def _ruled_out(decision: model.Decision) -> dict[str, int]:
    return {str(reason): number for reason, number in decision.explanation.excluded}


def test_who_may_not_serve_is_counted_by_reason() -> None:
    ways = street({1: 1, 2: 2, 3: 3, 4: 4, 5: 5}, closed={3: "no carrier goes there"})
    locations = [
        location(1, ships=False),
        location(2, paused="paused until noon"),
        location(3),
        location(4),
        location(5),
    ]
    chosen = [rule(locations=Locations(codes=("L1", "L2", "L3", "L5")))]
    scene = Scene({"A": dict.fromkeys(range(1, 6), 1)}, ways, chosen, locations)
    decision = scene.decide(order(("A", 1)))
    assert sent(decision) == [(1, 5, 1)]
    assert sorted(_ruled_out(decision).values()) == [1, 1, 1, 1]
    assert {
        "does not ship",
        "paused until noon",
        "no carrier goes there",
    } <= _ruled_out(decision).keys()


def test_pickup_never_silently_becomes_shipping() -> None:
    scene = Scene(
        {"A": {1: 1, 2: 1}}, NEAR_FAR, locations=[location(1), location(2, ships=False), location(3)]
    )
    there = order(("A", 1), attributes=OrderAttributes(pickup="L2"))
    decision = scene.decide(there)
    assert (sent(decision), decision.scores.carriage_minor) == ([(1, 2, 1)], 0)
    nowhere = scene.decide(order(("A", 2), attributes=OrderAttributes(pickup="L2")))
    assert (sent(nowhere), _ruled_out(nowhere)) == ([], {"the customer picks up at L2": 2})


def test_rules_apply_in_sequence_and_the_last_decides_about_the_remainder() -> None:
    near = Rule(name="near", locations=Locations(codes=("L1",)), split=Split(by="lines"))
    off = Rule(name="off", active=False)
    any_ = Rule(name="any", split=Split(by="lines"), remainder=Remainder(then="queue", queue="brokering"))
    scene = Scene({"A": {1: 1}, "B": {2: 1}}, NEAR_FAR, [near, off, any_], costs=Costs(split_minor=7))
    decision = scene.decide(order(("A", 1), ("B", 1), ("C", 1)))
    assert (sent(decision), short(decision)) == ([(1, 1, 1), (2, 2, 1)], [3])
    assert (decision.rule, decision.routing, decision.remainder) == ("near, any", "all", any_.remainder)
    assert (decision.scores.parcels, decision.scores.cost_minor) == (2, 15 + 60 + 7)
    everything = scene.decide(order(("A", 1), ("B", 1)))
    assert (everything.remainder, everything.explanation.rule) == (None, "near, any")
    half = scene.decide(order(("A", 1), ("C", 1)))
    assert (half.rule, half.remainder) == ("near", any_.remainder)


def test_a_rule_that_stops_is_the_last() -> None:
    first = Rule(name="first", locations=Locations(codes=("L1",)), remainder=Remainder(then="customer_care"))
    scene = Scene({"A": {2: 1}}, NEAR_FAR, [first, Rule(name="second")])
    decision = scene.decide(order(("A", 1)))
    assert (sent(decision), decision.remainder, decision.rule) == ([], first.remainder, "first")


def test_a_later_rule_uses_an_open_parcel_without_extra_cost() -> None:
    whole = Rule(name="whole", split=Split(by="lines"))
    parts = Rule(name="parts", split=Split(by="quantity", max_parcels=2))
    scene = Scene({"A": {1: 1, 2: 1}, "B": {1: 2, 2: 2}}, NEAR_FAR, [whole, parts])
    decision = scene.decide(order(("A", 1), ("B", 4)))
    assert (sent(decision), decision.scores.parcels) == ([(1, 1, 1), (2, 1, 2), (2, 2, 2)], 2)
    no_more = Rule(name="parts", split=Split(by="quantity", max_parcels=1))
    limited = Scene({"A": {1: 1}, "B": {2: 1}}, NEAR_FAR, [whole, no_more])
    assert short(limited.decide(order(("A", 1), ("B", 2)))) == [2]


def test_units_ship_in_open_parcels_first() -> None:
    whole, parts = Rule(name="whole", split=Split(by="lines")), Rule(name="parts")
    scene = Scene({"A": {1: 1}, "B": {2: 1}, "C": {1: 2, 2: 2, 3: 1}}, NEAR_FAR, [whole, parts])
    decision = scene.decide(order(("A", 1), ("B", 1), ("C", 3)))
    assert sent(decision) == [(1, 1, 1), (2, 2, 1), (3, 1, 2), (3, 2, 1)]
    three = Scene({"A": {1: 1}, "B": {2: 1}, "D": {3: 1}, "C": {1: 2, 2: 2, 3: 2}}, NEAR_FAR)
    last = sent(three.decide(order(("A", 1), ("B", 1), ("D", 1), ("C", 3))))[3:]
    assert last == [(4, 1, 2), (4, 2, 1)]


def test_no_routing_and_no_active_rule_leave_the_order_waiting() -> None:
    scene = Scene({"A": {1: 1}}, NEAR_FAR, [rule(active=False)])
    assert sentences(scene.decide(order(("A", 1)))) == [
        "No rule of this routing is active. Backordered; nothing is reserved."
    ]
    routing = Routing(name="theirs", orders=Orders(channels=("theirs",)), rules=(Rule(name="r"),))
    compiled_rules = rules.compile(
        RuleSet(name="theirs only", runs=(Run(name="run", routings=(routing,)),)), "1"
    )
    (decision,) = model.plan([order(("A", 1))], scene.supply(), scene.network, compiled_rules, now=NOW)
    assert (sentences(decision), decision.routing) == (
        ["No routing of the rule set takes this order. Backordered; nothing is reserved."],
        "",
    )


def test_a_location_that_rejected_is_excluded() -> None:
    excluded = frozenset({(Sku("A"), LocationId(1))})
    scene = Scene({"A": {1: 1, 2: 1}}, NEAR_FAR)
    assert sent(scene.decide(order(("A", 1), excluded=excluded))) == [(1, 2, 1)]


def test_orders_with_set_aside_units_are_first() -> None:
    scene = Scene({"A": {1: 1}}, NEAR_FAR)
    first, second = scene.plan(order(("A", 1)), order(("A", 1), number=2, has_claim=True))
    assert (sent(first), sent(second)) == ([], [(1, 1, 1)])


def test_orders_of_one_customer_go_together_if_nothing_arrives_later() -> None:
    scene = Scene({"A": {1: 1, 2: 1}, "B": {2: 1}}, NEAR_FAR)
    attributes = OrderAttributes(customer="asha", service="standard")
    first, second = scene.plan(
        order(("B", 1), attributes=attributes), order(("A", 1), number=2, attributes=attributes)
    )
    assert (sent(first), sent(second)) == ([(1, 2, 1)], [(1, 2, 1)])
    assert (second.explanation.together, second.scores.parcels, second.scores.cost_minor) == ((1,), 0, 0)
    alone = Scene({"A": {1: 1, 2: 1}, "B": {2: 1}}, NEAR_FAR, bundles=False)
    assert sent(
        alone.plan(order(("B", 1), attributes=attributes), order(("A", 1), number=2, attributes=attributes))[
            1
        ]
    ) == [(1, 1, 1)]


@pytest.mark.parametrize("why", ["later", "not there", "less"])
def test_orders_of_one_customer_stay_apart_if_joining_is_worse(why: str) -> None:
    day = NOW + timedelta(days=why == "later")
    ways = street({1: 5, 2: 50}, arrives_at={1: NOW, 2: day})
    stock = {"A": {1: 2, 2: 0 if why == "not there" else 1}, "B": {2: 1}}
    split = Split(by="lines", max_parcels=1)
    scene = Scene(stock, ways, [rule(split=split, choose=tiers(Measure.COST))])
    attributes = OrderAttributes(customer="asha")
    units = 2 if why == "less" else 1
    _first, second = scene.plan(
        order(("B", 1), attributes=attributes), order(("A", units), number=2, attributes=attributes)
    )
    assert (sent(second), second.explanation.together) == ([(1, 1, units)], ())


def test_an_open_parcel_elsewhere_is_joined_too() -> None:
    scene = Scene({"A": {1: 1, 2: 1}}, NEAR_FAR)
    companions = frozenset({LocationId(2)})
    decision = scene.decide(order(("A", 1), companion_locations=companions))
    assert (sent(decision), decision.scores.parcels) == ([(1, 2, 1)], 0)
