"""Which routing handles an order, and which locations its rules exclude, and why."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from doorstep.domain.routing.model import Demand, DemandLine, Lane, OrderAttributes, RoutingLocation, rules
from doorstep.domain.routing.model.rules import (
    Locations,
    Orders,
    OrderSort,
    Routing,
    Rule,
    RuleSet,
    Run,
    compiled,
)
from doorstep.kernel.ids import LocationId, OrderId, Sku

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HUB = RoutingLocation(
    LocationId(1), "HUB", "Hub", 0.0, 0.0, ships=True, kind="warehouse", groups=frozenset({"north"})
)
SHOP = RoutingLocation(
    LocationId(2), "SHOP", "Shop", 0.0, 0.0, ships=True, kind="store", groups=frozenset({"south"}), is_open=False,
    country="IN", region="MH", reject_rate=0.4, free_capacity=3, backlog_hours=7.5,
)  # fmt: skip
LOCATIONS = {each.id: each for each in (HUB, SHOP)}
LANES = {
    HUB.id: Lane(HUB.id, km=12.0),
    SHOP.id: Lane(SHOP.id, km=62.4, today=False, arrives_at=NOW + timedelta(days=3)),
}
ORDER = Demand(
    OrderId(1),
    (DemandLine(1, Sku("TEE"), 2, grams=600, category="tops"), DemandLine(2, Sku("CAP"), 1)),
    channel="web",
    attributes=OrderAttributes(
        placed_at=NOW, promised_at=NOW + timedelta(days=2), method="standard", priority=5, tags=("vip", "gift"),
        value_minor=150_000, country="IN", region="MH", customer="c-1", origin="SHOP",
    ),
)  # fmt: skip


def document(*, orders: Orders | None = None, locations: Locations | None = None) -> RuleSet:
    rule = Rule(name="rule", locations=locations or Locations())
    routing = Routing(name="routing", orders=orders or Orders(), rules=(rule,))
    return RuleSet(name="set", runs=(Run(name="run", routings=(routing,)),))


def takes(orders: Orders) -> str:
    compiled_rules = rules.compile(document(orders=orders))
    reading = compiled.Reading(ORDER, NOW, HUB, LANES[HUB.id])
    return str(compiled_rules.takes(compiled_rules.document.runs[0].routings[0], reading) or "")


def refused(locations: Locations, demand: Demand = ORDER) -> dict[str, str]:
    compiled_rules = rules.compile(document(locations=locations))
    said = compiled_rules.at(NOW, LOCATIONS).refusals(
        compiled_rules.document.runs[0].routings[0].rules[0], demand, LANES
    )
    return {LOCATIONS[each].code: str(reason) for each, reason in said.items()}


def test_an_empty_order_filter_matches_all() -> None:
    assert takes(Orders()) == ""


@pytest.mark.parametrize(
    ("orders", "reason"),
    [
        (Orders(channels=("web", "pos")), ""),
        (Orders(channels=("pos",)), "channel is web, the rule requires pos"),
        (Orders(queues=("",)), ""),
        (
            Orders(queues=("rejected", "brokering")),
            "queue is unknown, the rule requires rejected or brokering",
        ),
        (Orders(methods=("express",)), "method is standard, the rule requires express"),
        (Orders(not_methods=("express",)), ""),
        (Orders(not_methods=("standard",)), "method standard is excluded"),
        (Orders(min_priority=5), ""),
        (Orders(min_priority=6), "priority is 5, the rule requires at least 6"),
        (Orders(promised_within_days=2), ""),
        (Orders(promised_within_days=1), "promise in days is 2, the rule requires at most 1"),
        (Orders(min_value_minor=150_000, max_value_minor=150_000), ""),
        (Orders(max_value_minor=149_999), "value is 150,000, the rule requires at most 149,999"),
        (Orders(categories=("tops",), tags=("vip",)), ""),
        (Orders(categories=("shoes", "bags")), "categories: not bags or shoes"),
        (Orders(not_tags=("fraud",)), ""),
        (Orders(not_tags=("gift", "vip")), "tagged gift, vip"),
        (Orders(payments=("on_delivery",)), "payment is prepaid, the rule requires on_delivery"),
        (Orders(regions=("MH",), countries=("IN",), customers=("c-1",), origins=("SHOP",)), ""),
        (Orders(when="'vip' in order.tags && order.units == 3"), ""),
        (Orders(when="order.grams >\n 1500"), "condition not met: order.grams > 1500"),
    ],
)
def test_order_filters_say_why_not(orders: Orders, reason: str) -> None:
    assert takes(orders) == reason


@pytest.mark.parametrize(
    ("locations", "reasons"),
    [
        (Locations(), {}),
        (Locations(codes=("HUB",)), {"SHOP": "code is SHOP, the rule requires HUB"}),
        (Locations(kinds=("warehouse",)), {"SHOP": "kind is store, the rule requires warehouse"}),
        (Locations(countries=("IN",)), {"HUB": "country is unknown, the rule requires IN"}),
        (Locations(groups=("north", "east")), {"SHOP": "not in east or north"}),
        (Locations(not_groups=("south",)), {"SHOP": "in south, which the rule excludes"}),
        (Locations(within_km=50), {"SHOP": "62 km away, the rule allows 50"}),
        (Locations(within_miles=38.5), {"SHOP": "39 miles away, the rule allows 38.5"}),
        (Locations(within_miles=39), {}),
        (Locations(open_now=True), {"SHOP": "closed now"}),
        (Locations(before_cut_off=True), {"SHOP": "today's cut-off has passed"}),
        (Locations(in_time=True), {"SHOP": "would arrive after the promise"}),
        (
            Locations(when="location.reject_rate < 0.1"),
            {"SHOP": "condition not met: location.reject_rate < 0.1"},
        ),
        (Locations(when="lane.km < 50.0 || order.priority > 3"), {}),
    ],
)
def test_location_filters_say_why_not(locations: Locations, reasons: dict[str, str]) -> None:
    assert refused(locations) == reasons


def test_the_first_filter_that_refuses_is_the_reason() -> None:
    assert refused(Locations(kinds=("warehouse",), within_km=10)) == {
        "SHOP": "kind is store, the rule requires warehouse",
        "HUB": "12 km away, the rule allows 10",
    }
    assert refused(Locations(within_km=50, in_time=True)) == {"SHOP": "62 km away, the rule allows 50"}


def test_what_is_not_promised_is_never_late() -> None:
    assert refused(Locations(in_time=True), Demand(OrderId(2), ORDER.wants)) == {}


def test_a_single_location_is_considered_alone() -> None:
    compiled_rules = rules.compile(document(locations=Locations(open_now=True)))
    rule, judge = compiled_rules.document.runs[0].routings[0].rules[0], compiled_rules.at(NOW, LOCATIONS)
    assert HUB.id not in judge.refusals(rule, ORDER, {HUB.id: LANES[HUB.id]})
    assert str(judge.refusals(rule, ORDER, {SHOP.id: LANES[SHOP.id]})[SHOP.id]) == "closed now"


def test_answers_are_shared_between_orders_that_look_the_same() -> None:
    compiled_rules = rules.compile(document(locations=Locations(when="lane.km < 50.0 && order.units < 9")))
    rule, judge = compiled_rules.document.runs[0].routings[0].rules[0], compiled_rules.at(NOW, LOCATIONS)
    first = judge.refusals(rule, ORDER, LANES)
    other = Demand(OrderId(2), ORDER.wants, channel="pos")
    more = Demand(OrderId(3), (DemandLine(1, Sku("TEE"), 20),))
    assert judge.refusals(rule, other, LANES) is first
    assert judge.refusals(rule, ORDER, dict(LANES)) == first
    assert sorted(judge.refusals(rule, more, LANES)) == [HUB.id, SHOP.id]


def test_memory_of_answers_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiled, "_MOST_CACHED", 2)
    compiled_rules = rules.compile(document(orders=Orders(when="order.priority > 2")))
    routing = compiled_rules.document.runs[0].routings[0]
    demands = [Demand(OrderId(each), (), attributes=OrderAttributes(priority=each)) for each in range(5)]
    taken = [
        not compiled_rules.takes(routing, compiled.Reading(each, NOW, HUB, LANES[HUB.id])) for each in demands
    ]
    assert taken == [False, False, False, True, True]
    assert sum(len(question._known) for question in compiled_rules._orders[id(routing)]) == 1


def test_a_condition_that_fails_refuses_and_is_counted() -> None:
    compiled_rules = rules.compile(document(orders=Orders(when="order.tags[7] == 'vip'")))
    judge = compiled_rules.at(NOW, LOCATIONS)
    assert judge.routing(ORDER) is None
    assert judge.routing(ORDER) is None
    assert dict(compiled_rules.failures) == {
        "runs[0].routings[0].orders.when: Index error: index=7 size=2": 1
    }
    assert takes(Orders(when="order.tags[7] == 'vip'")) == (
        "its condition could not be evaluated: Index error: index=7 size=2"
    )


def test_a_condition_without_end_is_stopped() -> None:
    ten = "[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]"
    bomb = f"{ten}.all(a, {ten}.all(b, {ten}.all(c, {ten}.all(d, {ten}.all(e, a + b + c + d + e >= 0)))))"
    assert takes(Orders(when=bomb)) == "its condition could not be evaluated: Iteration budget exceeded"


def test_the_first_active_matching_routing_handles_an_order() -> None:
    off = Routing(name="off", active=False, rules=())
    pos = Routing(name="pos", orders=Orders(channels=("pos",)), rules=())
    web = Routing(name="web", orders=Orders(channels=("web",)), rules=())
    nightly = Run(name="nightly", schedule="0 2 * * *", routings=(Routing(name="all", rules=()),))
    still = Run(name="still", active=False, routings=(Routing(name="everything", rules=()),))
    live = Run(name="live", routings=(off, pos, web))
    judge = rules.compile(RuleSet(name="set", runs=(nightly, still, live))).at(NOW, LOCATIONS)
    assert judge.routing(ORDER) is web
    assert judge.routing(ORDER, nightly) is nightly.routings[0]
    assert judge.routing(Demand(OrderId(9), ())) is None


def test_orders_are_served_in_the_sequence_of_the_routing() -> None:
    by = {
        each.value: OrderSort(by=each, descending=each.value in {"priority", "value"})
        for each in rules.OrderField
    }
    judge = rules.compile(document()).at(NOW, LOCATIONS)
    day = timedelta(days=1)
    one = Demand(
        OrderId(1),
        (),
        attributes=OrderAttributes(placed_at=NOW, promised_at=NOW + 3 * day, priority=1, value_minor=5),
    )
    two = Demand(
        OrderId(2),
        (),
        attributes=OrderAttributes(placed_at=NOW - day, promised_at=NOW + 2.5 * day, ship_after=NOW),
    )
    three = Demand(OrderId(3), (), attributes=OrderAttributes(priority=1))
    served = {
        name: [
            each.order_id
            for each in judge.sorted(Routing(name="r", rules=(), sort=(sort,)), (three, one, two))
        ]
        for name, sort in by.items()
    }
    assert served == {
        "priority": [1, 3, 2],
        "ship_before": [2, 1, 3],
        "ship_after": [1, 3, 2],
        "placed": [2, 1, 3],
        "delivery_days": [2, 1, 3],
        "value": [1, 2, 3],
    }
    assert [each.order_id for each in judge.sorted(Routing(name="r", rules=()), (three, one, two))] == [
        2,
        1,
        3,
    ]
