"""Versions of the rule set: one is active, none changes, stale ones are a conflict."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import psycopg
import pytest
from tests.builders import NOON, Retailer

from doorstep.domain.routing.actions import rules as verbs
from doorstep.domain.routing.actions.rules import Draft, Version
from doorstep.domain.routing.model.rules import DEFAULT, Orders, Routing, RuleSet, Run
from doorstep.domain.routing.views import rules as views
from doorstep.flows.routing_rules import rule_sets
from doorstep.kernel import errors


def named(name: str) -> RuleSet:
    return msgspec.structs.replace(DEFAULT, name=name)


def drafted(retailer: Retailer, document: RuleSet, based_on: int | None = None) -> Version:
    draft = Draft(document, "a try", based_on=based_on)
    return retailer.write(lambda tx: rule_sets.draft(tx, draft=draft, now=NOON))


def activated(retailer: Retailer, number: int, instead_of: int | None) -> Version:
    return retailer.write(
        lambda tx: rule_sets.activate(tx, number=number, why="it is better", instead_of=instead_of, now=NOON)
    )


def compiled_rules(retailer: Retailer) -> str:
    return retailer.read(lambda tx: views.compiled_rules(tx).version)


def test_one_version_decides_and_the_one_before_is_kept(retailer: Retailer) -> None:
    assert compiled_rules(retailer) == "default"
    first = drafted(retailer, named("ours"))
    assert (first.number, first.state, first.label, first.actions) == (
        1,
        "draft",
        "ours 1",
        ("activate", "archive"),
    )
    assert compiled_rules(retailer) == "default"
    assert activated(retailer, 1, None).state == "active"
    second = drafted(retailer, named("better"), based_on=1)
    activated(retailer, second.number, 1)
    assert compiled_rules(retailer) == "better 2"
    states = [(each.number, each.state, each.actions) for each in retailer.read(views.versions)]
    assert states == [(2, "active", ()), (1, "archived", ("roll_back",))]


def test_a_rollback_is_a_version_of_its_own(retailer: Retailer) -> None:
    drafted(retailer, named("ours"))
    activated(retailer, 1, None)
    drafted(retailer, named("worse"), based_on=1)
    activated(retailer, 2, 1)
    back = retailer.write(lambda tx: verbs.roll_back(tx, number=1, why="it was worse", instead_of=2, at=NOON))
    assert (back.number, back.restores, back.state, back.activated_by) == (3, 1, "active", "user:1")
    assert retailer.read(lambda tx: views.document(tx, number=3)) == named("ours")
    event_types = retailer.read(
        lambda tx: tx.column(str, "SELECT type FROM events WHERE stream = 'rules' ORDER BY position")
    )
    assert event_types == [
        "rules.drafted", "rules.activated", "rules.drafted", "rules.activated", "rules.rolled_back",
    ]  # fmt: skip


def test_a_draft_of_a_draft_replaces_it(retailer: Retailer) -> None:
    drafted(retailer, named("one"))
    drafted(retailer, named("two"), based_on=1)
    assert [each.state for each in retailer.read(views.versions)] == ["draft", "archived"]
    assert retailer.write(lambda tx: verbs.archive(tx, number=2, at=NOON)).state == "archived"


def test_a_late_location_is_named(retailer: Retailer) -> None:
    drafted(retailer, named("one"))
    drafted(retailer, named("two"))
    activated(retailer, 1, None)
    with pytest.raises(errors.Conflict, match="The active rules changed: version 1 is active now"):
        activated(retailer, 2, None)
    with pytest.raises(errors.Refused, match="Version 1 is active: there is nothing to do"):
        activated(retailer, 1, 1)
    activated(retailer, 2, 1)
    with pytest.raises(errors.Refused, match="Version 1 is archived: roll back to it"):
        activated(retailer, 1, 2)


def test_required_values_are_requested(retailer: Retailer) -> None:
    drafted(retailer, named("one"))
    with pytest.raises(errors.Invalid, match="Enter a reason"):
        retailer.write(lambda tx: verbs.activate(tx, number=1, why=" ", instead_of=None, at=NOON))
    with pytest.raises(errors.Refused, match="Version 1 is draft: choose a version that was active before"):
        retailer.write(lambda tx: verbs.roll_back(tx, number=1, why="so", instead_of=None, at=NOON))
    with pytest.raises(errors.NotFound, match="There is no version 9"):
        retailer.write(lambda tx: verbs.archive(tx, number=9, at=NOON))
    with pytest.raises(errors.NotFound, match="There is no version 9"):
        retailer.read(lambda tx: views.document(tx, number=9))
    with pytest.raises(errors.Invalid, match="There are no changes from version 1"):
        drafted(retailer, named("one"), based_on=1)
    activated(retailer, 1, None)
    with pytest.raises(errors.Refused, match="Version 1 is active: only a draft can be archived"):
        retailer.write(lambda tx: verbs.archive(tx, number=1, at=NOON))


def test_what_is_wrong_is_not_stored(retailer: Retailer) -> None:
    routing = Routing(name="r", orders=Orders(when="order.totl > 1"), rules=())
    wrong = RuleSet(name="wrong", runs=(Run(name="run", routings=(routing,)),))
    with pytest.raises(errors.Invalid, match=r"order\.totl is unknown") as refused:
        retailer.write(lambda tx: verbs.draft(tx, draft=Draft(wrong, "so"), at=NOON))
    assert refused.value.data["problems"][1]["path"] == "runs[0].routings[0].rules"
    assert retailer.read(views.versions) == []


def test_a_document_is_never_changed(retailer: Retailer) -> None:
    drafted(retailer, named("one"))
    for statement in (
        "UPDATE routing_rule_versions SET document = '{}'",
        "UPDATE routing_rule_versions SET name = 'x'",
        "DELETE FROM routing_rule_versions",
    ):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            retailer.write(lambda tx, said=statement: tx.execute(said))


def test_failures_of_conditions_are_kept_for_people(retailer: Retailer) -> None:
    drafted(retailer, named("one"))
    activated(retailer, 1, None)
    compiled_rules = retailer.read(views.compiled_rules)
    for number in (1, 2):
        compiled_rules.failures["when: no"] += number
        at = NOON + timedelta(hours=number)
        retailer.write(lambda tx, at=at: verbs.record_failures(tx, compiled_rules=compiled_rules, at=at))
    retailer.write(lambda tx: verbs.record_failures(tx, compiled_rules=compiled_rules, at=NOON))
    (found,) = retailer.read(lambda tx: views.failures(tx, number=1))
    assert (found.failure, found.situations, found.last_at - found.first_at) == (
        "when: no",
        3,
        timedelta(hours=1),
    )
    assert retailer.read(lambda tx: views.failures(tx, number=None)) == []


def test_rules_are_compiled_once(retailer: Retailer, monkeypatch: pytest.MonkeyPatch) -> None:
    drafted(retailer, named("one"))
    activated(retailer, 1, None)
    assert retailer.read(views.compiled_rules) is retailer.read(views.compiled_rules)
    monkeypatch.setattr(views, "_MOST_CACHED", 1)
    drafted(retailer, named("two"))
    activated(retailer, 2, 1)
    assert compiled_rules(retailer) == "two 2"
    assert len(views._cache) == 1


def test_names_that_are_not_installed_are_found(retailer: Retailer) -> None:
    text = (
        msgspec.json.encode(DEFAULT)
        .decode()
        .replace('"name":"Whole lines"', '"name":"Whole lines","locations":{"codes":["WH-Z"]}')
    )
    document = msgspec.json.decode(
        text.replace('"sort"', '"orders":{"channels":["nobody"]},"sort"'), type=RuleSet
    )
    found = retailer.read(lambda tx: rule_sets.problems(tx, document=document, now=NOON))
    assert [each.path for each in found] == [
        "runs[0].routings[0].orders.channels[0]",
        "runs[0].routings[0].rules[0].locations.codes[0]",
    ]
    assert found[1].message.startswith("There is no location WH-Z. Existing: ")


def test_activation_requires_that_test_cases_pass(retailer: Retailer) -> None:
    case = {
        "name": "nearest", "at": "2026-11-20T08:00:00Z", "stock": {"TEE": {"WH-A": 1}},
        "order": {"lines": [{"sku": "TEE"}]}, "expect": {"sent": [{"line": 1, "location": "WH-B"}]},
    }  # fmt: skip
    raw = {**msgspec.to_builtins(DEFAULT), "cases": [case]}
    drafted(retailer, msgspec.convert(raw, RuleSet))
    said = "1 of 1 test cases failed. nearest: Line 1 (TEE): expected 1 from WH-B, found 1 from WH-A."
    with pytest.raises(errors.Refused) as refused:
        activated(retailer, 1, None)
    assert refused.value.message == said
    case["expect"] = {"sent": [{"line": 1, "location": "WH-A"}]}
    drafted(retailer, msgspec.convert(raw, RuleSet), based_on=1)
    assert activated(retailer, 2, None).state == "active"
