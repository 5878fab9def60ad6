"""Errors of a rule set beyond its format; differences; sentences; the schema."""

from __future__ import annotations

import msgspec
import pytest
from jsonschema import Draft202012Validator

from doorstep.domain.routing.model.rules import (
    DEFAULT,
    Costs,
    Locations,
    Measure,
    OrderField,
    Orders,
    OrderSort,
    Queue,
    Release,
    Remainder,
    Routing,
    Rule,
    RuleSet,
    Run,
    Sort,
    Split,
    checks,
    diff,
    words,
)
from doorstep.domain.routing.model.rules.cases import Case, CaseLane, CaseLocation, Sent
from doorstep.domain.routing.model.rules.fields import FIELDS
from doorstep.domain.routing.model.rules.schema import schema
from doorstep.kernel import documents

QUEUED = Remainder(then="queue", queue="later")
LAST = Rule(name="last", remainder=QUEUED)
CASE = {
    "name": "c", "at": "2026-11-22T09:00:00Z", "order": {"lines": [{"sku": "TEE"}]}, "stock": {},
    "expect": {"sent": [{"line": 2, "location": "WH"}]},
}  # fmt: skip
CASES = ("Case", "Expected", "Sent")
QUEUES = (Queue(name="later", owner="operations"),)


def rule_set(
    *rules: Rule, run: Run | None = None, orders: Orders | None = None, queues: tuple[Queue, ...] = QUEUES
) -> RuleSet:
    routing = Routing(name="routing", orders=orders or Orders(), rules=rules or (LAST,))
    return RuleSet(name="set", runs=(run or Run(name="run", routings=(routing,)),), queues=queues)


def said(document: RuleSet) -> list[str]:
    return [str(each) for each in checks.problems(document)]


def test_the_rules_that_doorstep_comes_with_are_right() -> None:
    assert said(DEFAULT) == []
    assert said(rule_set()) == []


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        (msgspec.structs.replace(rule_set(), name=" "), "name: Give the rule set a name."),
        (RuleSet(name="set", runs=()), "runs: No run is active: nothing would be routed."),
        (msgspec.structs.replace(rule_set(), currency="XXY"), "currency: XXY is not an ISO 4217 currency."),
        (msgspec.structs.replace(rule_set(), costs=Costs(split_minor=1)), "currency: The rule set has amounts: set a currency."),
        (rule_set(orders=Orders(min_value_minor=1)), "currency: The rule set has amounts: set a currency."),
        (rule_set(LAST, LAST), "runs[0].routings[0].rules[1].name: last exists twice: use unique names."),
        (rule_set(Rule(name="", remainder=QUEUED)), "runs[0].routings[0].rules[0].name: Give it a name."),
        (rule_set(queues=(*QUEUES, *QUEUES, *QUEUES)), "queues[1].name: later exists twice: use unique names."),
        (rule_set(orders=Orders(when="order.x")), (
            "line 1, runs[0].routings[0].orders.when: order.x is unknown, available: order.channel, order.queue, order.method, "
            "order.service, order.priority, order.placed_at, order.promised_in_days, order.origin, order.tags, "
            "order.value_minor, order.payment, order.country, order.region, order.customer, order.is_pickup, order.skus, "
            "order.categories, order.lines, order.units, order.grams")),
        (rule_set(Rule(name="a", remainder=QUEUED, locations=Locations(when="lane.km"))), (
            "line 1, runs[0].routings[0].rules[0].locations.when: a condition must be true or false, this one is DOUBLE: "
            "compare it with a value")),
        (rule_set(Rule(name="a", remainder=QUEUED, active=False)), "runs[0].routings[0].rules: No rule is active: its orders would wait forever."),
        (rule_set(Rule(name="a")), "runs[0].routings[0].rules[0].remainder: No rule follows: choose what happens to the remainder (queue, backorder …)."),
        (rule_set(Rule(name="a", remainder=QUEUED, locations=Locations(within_km=1, within_miles=1))), (
            "runs[0].routings[0].rules[0].locations.within_miles: Enter the distance in kilometers or in miles, not both.")),
        (rule_set(Rule(name="a", remainder=QUEUED, choose=())), (
            "runs[0].routings[0].rules[0].choose: Choose at least one measure: parcels, cost, distance …")),
        (rule_set(Rule(name="a", remainder=QUEUED, choose=(Sort(by=Measure.SEQUENCE),))), (
            "runs[0].routings[0].rules[0].choose: List codes or groups for the sequence.")),
        (rule_set(Rule(name="a", remainder=Remainder(then="queue"))), (
            "runs[0].routings[0].rules[0].remainder.queue: no queue is not a queue of this rule set.")),
        (rule_set(Rule(name="a", remainder=Remainder(then="cancel", queue="later"))), (
            "runs[0].routings[0].rules[0].remainder.queue: Remove the queue: cancel does not use one.")),
        (rule_set(run=Run(name="r", routings=(), schedule="at night")), (
            "runs[0].schedule: 'at night' is not a cron expression: minute hour day month weekday, such as 0 2 * * *.")),
        (rule_set(run=Run(name="r", routings=(), timezone="Mars/Base")), "runs[0].timezone: 'Mars/Base' is not a time zone: use Asia/Kolkata or UTC."),
        (rule_set(run=Run(name="r", routings=(), release=Release(mode="held"))), "runs[0].release.hold_minutes: Enter how long work is held, in minutes."),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_found(document: RuleSet, problem: str) -> None:
    assert said(document) == [problem]


def test_limits_that_no_order_meets_are_found() -> None:
    document = msgspec.structs.replace(
        rule_set(orders=Orders(min_value_minor=9, max_value_minor=8)), currency="INR"
    )
    assert said(document) == [
        "runs[0].routings[0].orders.max_value_minor: No order has at least 9 and at most 8."
    ]


def test_a_case_expects_only_lines_of_its_order() -> None:
    case = documents.convert(CASE, Case).value
    assert case is not None
    document = msgspec.structs.replace(rule_set(), cases=(case,))
    assert said(document) == ["cases[0].expect.sent[0].line: The order has 1 lines."]


def changes(before: RuleSet, after: RuleSet) -> list[str]:
    return [str(each) for each in diff.changes(before, after)]


def test_differences_are_listed_by_name() -> None:
    near = Rule(name="near", locations=Locations(within_km=50, groups=("a", "b")))
    far = msgspec.structs.replace(near, locations=Locations(within_km=60.5))
    assert changes(rule_set(near, LAST), rule_set(near, LAST)) == []
    assert changes(rule_set(near, LAST), rule_set(LAST, far)) == [
        "run run › routing routing › rule near › locations › within_km: 50 → 60.5",
        "run run › routing routing › rule near › locations › groups: removed a, b",
        "run run › routing routing › sequence of rules: near, last → last, near",
    ]


def test_changes_are_described_in_sentences() -> None:
    before = RuleSet(name="set", runs=())
    assert changes(before, rule_set()) == [
        "run run: added Runs when orders or stock arrive; work is released at once.",
        "run run › routing routing: added Takes every order. Serves the earliest promise first, then the oldest order.",
        (
            "run run › routing routing › rule last: added Uses every location. Chooses: fewest parcels, then cheapest, "
            "then nearest. Lines may ship separately; a line that no location has in full may be split. "
            "Remainder: add to exception queue “later”."
        ),
        "queue later: added Owner: operations; orders are retried when stock arrives.",
    ]
    assert changes(rule_set(), before) == ["rule set: removed run run", "rule set: removed queue later"]


def test_costs_criteria_and_cases_are_checked_too() -> None:
    case = documents.convert(CASE, Case).value
    assert case is not None
    one = msgspec.structs.replace(rule_set(), costs=Costs(split_minor=1), cases=(case,))
    two = msgspec.structs.replace(
        rule_set(
            Rule(
                name="last",
                remainder=QUEUED,
                choose=(Sort(by=Measure.COST, tolerance=0.05), Sort(by=Measure.LOAD)),
            )
        ),
        scarcity_prices=not DEFAULT.scarcity_prices,
    )
    assert changes(rule_set(), one) == [
        "costs › split_minor: added 1",
        "case c: added Expects of 1 × TEE: 1 of line 2 from WH.",
    ]
    assert changes(rule_set(), two) == [
        "run run › routing routing › rule last › choose: added by cost, tolerance 0.05; by load",
        "scarcity_prices: added false",
    ]


def test_a_rule_reads_as_sentences() -> None:
    rule = Rule(
        name="r",
        locations=Locations(
            codes=("A", "B"), groups=("north",), not_groups=("tiny",), kinds=("dark_store",), countries=("IN",),
            within_miles=30, safety_stock=4, open_now=True, before_cut_off=True, in_time=True, ignore_capacity=True,
            when="location.free_capacity >\n 3",
        ),
        choose=(Sort(by=Measure.STOCK, descending=True), Sort(by=Measure.COST, tolerance=0.05)),
        split=Split(
            by="none", max_parcels=2, min_parcel_value_minor=9900, all_or_nothing=True, hold_in_stock_part=True,
            keep_together=("Suits",),
        ),
        remainder=Remainder(then="customer_care", auto_cancel_after_days=1, forget_auto_cancel=True),
    )  # fmt: skip
    assert [str(each) for each in words.of_rule(rule, "INR")] == [
        (
            "Uses locations A, then B, in group north, not in group tiny, of type dark store, in country IN, within 30 miles, "
            "open now, before today's cut-off, that arrive by the promise, where location.free_capacity > 3. Keeps 4 of each SKU as safety stock. "
            "Ignores capacity."
        ),
        "Chooses: most stock, then cheapest (within 5%).",
        (
            "One parcel or nothing; at most 2 parcels; every parcel worth at least ₹99.00; all or nothing; "
            "available units wait for the rest; keep together Suits."
        ),
        "Remainder: customer service decides, canceled after 1 day, no longer canceled automatically.",
    ]


def test_a_routing_a_run_and_a_queue_read_as_sentences() -> None:
    orders = Orders(
        queues=("", "late"), methods=("express",), not_methods=("pickup",), min_priority=2, promised_within_days=3,
        channels=("web",), categories=("Shoes",), origins=("ST-1",), tags=("vip",), not_tags=("fraud",), min_value_minor=5,
        max_value_minor=900, payments=("on_delivery",), regions=("MH",), countries=("IN",), customers=("c",), when="true",
    )  # fmt: skip
    assert str(words.of_orders(orders, "")) == (
        "Takes orders in queue none yet or late, by express, not by pickup, from channel web, with Shoes, placed at ST-1, tagged vip, "
        "not tagged fraud, paid on delivery, to MH or IN, of customer c, of priority 2 or more, promised within 3 days, "
        "worth at least 5, worth at most 900, where true."
    )
    assert (
        str(words.of_sort((OrderSort(by=OrderField.VALUE, descending=True),)))
        == "Serves first: greatest value."
    )
    run = Run(
        name="r", routings=(), schedule="0 2 * * *", timezone="Asia/Kolkata", release=Release(mode="metered")
    )
    assert str(words.of_run(run)) == (
        "Runs on schedule (0 2 * * *, Asia/Kolkata); work is released at the location's pick rate, 120 minutes ahead."
    )
    queue = Queue(
        name="q", owner="care", retry_minutes=(15, 60), wakes_on_stock=False, auto_cancel_after_days=5
    )
    assert (
        str(words.of_queue(queue))
        == "Owner: care; orders are retried after 15, 60 minutes, canceled after 5 days."
    )
    still = Queue(name="q", owner="care", wakes_on_stock=False)
    assert str(words.of_queue(still)) == "Owner: care; orders are retried only on request."


def test_a_case_reads_as_a_sentence() -> None:
    case = documents.convert({**CASE, "expect": {"remainder": "queue", "queue": "later"}}, Case).value
    assert case is not None
    assert (
        str(words.of_case(case))
        == "Expects of 1 × TEE: nothing sent; remainder: add to exception queue “later”."
    )


def test_the_schema_matches_the_types() -> None:
    reported = schema()
    Draft202012Validator.check_schema(reported)
    validator = Draft202012Validator(reported)
    assert list(validator.iter_errors(documents.plain(DEFAULT))) == []
    wrong = {"name": "x", "runs": [{"name": "r", "routings": [], "realease": {}}]}
    assert [each.message for each in validator.iter_errors(wrong)] == [
        "Additional properties are not allowed ('realease' was unexpected)"
    ]


def test_every_field_of_the_rules_is_explained() -> None:
    parts = schema()["$defs"]
    assert isinstance(parts, dict)
    rules = {
        name: part for name, part in parts.items() if "properties" in part and not name.startswith(CASES)
    }
    named = {f"{name}.{field}" for name, part in rules.items() for field in part["properties"]}
    assert named == set(FIELDS)
    assert parts["Locations"]["properties"]["within_km"]["title"] == "Within km"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "rest: {then: backorder}",
            "line 4, runs[0].routings[0].rules[0].rest: rest is not known here: it is called remainder now",
        ),
        (
            "remainder: {then: park, queue: care}",
            (
                "line 4, runs[0].routings[0].rules[0].remainder.then: 'park' is not known here: "
                "choose backorder, cancel, customer_care, next_rule, queue"
            ),
        ),
        (
            "choose: [{by: piece_distance}]",
            (
                "line 4, runs[0].routings[0].rules[0].choose[0].by: 'piece_distance' is not known here: "
                "choose arrives, broken_style, carbon, cost, distance, leaves, load, miss, parcels, sequence, stock, unit_distance, "
                "velocity"
            ),
        ),
    ],
)
def test_a_text_with_an_earlier_name_gets_an_error_with_the_new_one(text: str, problem: str) -> None:
    yaml = f"name: shop\nruns:\n  - name: all day\n    routings: [{{name: all, rules: [{{name: near, {text}}}]}}]\n"
    assert [str(each) for each in documents.read(yaml, RuleSet).problems] == [problem]


def test_every_earlier_name_of_a_field_has_a_field() -> None:
    of_cases = (Case, Sent, CaseLocation, CaseLane)
    fields = {name.partition(".")[2] for name in FIELDS}.union(*(each.__struct_fields__ for each in of_cases))
    assert set(RuleSet.RENAMED.values()) <= fields
    assert not fields & RuleSet.RENAMED.keys()
