"""Test cases: the sample files pass theirs, and a failing case explains the difference."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from doorstep.domain.routing.model import Network, RoutingLocation, case_results
from doorstep.domain.routing.model.great_circle import GreatCircle
from doorstep.domain.routing.model.rules import RuleSet, checks
from doorstep.domain.routing.model.rules.cases import Case
from doorstep.kernel import documents
from doorstep.kernel.ids import LocationId

CHAINS = Path(__file__).parents[3] / "samples" / "rules" / "hotwax"
LOCATIONS = {
    LocationId(1): RoutingLocation(
        LocationId(1), "WH", "Warehouse", 41.0, -75.0, ships=True, groups=frozenset({"depots"})
    ),
    LocationId(2): RoutingLocation(LocationId(2), "ST", "Store", 40.1, -75.0, ships=True),
}
RULES = """
name: set
runs:
  - name: live
    routings:
      - name: all
        rules: [{name: near, choose: [{by: miss}, {by: distance}], remainder: {then: queue, queue: later}}]
  - name: night
    schedule: 0 2 * * *
    routings:
      - {name: by night, rules: [{name: depots, locations: {groups: [depots]}, remainder: {then: backorder}}]}
queues: [{name: later, owner: operations}]
"""
CASE = """
name: case
at: 2026-11-22T09:00:00Z
order: {lines: [{sku: TEE, quantity: 2}], latitude: 40.0, longitude: -75.0}
stock: {TEE: {WH: 2, ST: 2}}
expect: {sent: [{line: 1, location: ST, units: 2}], rule: near}
"""


def outcome(case: str = CASE, *, closed: tuple[str, ...] = ()) -> case_results.CaseOutcome:
    document, one = documents.read(RULES, RuleSet).value, documents.read(case, Case).value
    assert document is not None
    assert one is not None
    whole = msgspec.structs.replace(document, cases=(one,))
    (found,) = case_results.run_cases(
        whole, installed=lambda _: Network(LOCATIONS, GreatCircle(LOCATIONS)), closed=closed
    )
    return found


@pytest.mark.parametrize("file", sorted(CHAINS.glob("*.yaml")), ids=lambda file: file.stem)
def test_every_chain_finds_its_plans(file: Path) -> None:
    document = documents.read(file.read_text(), RuleSet).value
    assert document is not None
    assert checks.problems(document) == ()

    def nothing_is_installed(_: Case) -> Network:
        raise AssertionError("these cases bring their own locations")

    found = case_results.run_cases(document, installed=nothing_is_installed)
    assert {each.name: each.differences for each in found if not each.is_green} == {}
    assert len(found) >= 3


def test_a_passing_case_is_green_with_its_reason() -> None:
    found = outcome()
    assert found.is_green
    assert tuple(map(str, found.sentences)) == (
        "Line 1: Store (11 km): the nearest of 2 locations with all 2.",
    )


@pytest.mark.parametrize(
    ("was", "becomes", "differences"),
    [
        ("location: ST, units: 2", "location: WH", ("Line 1 (TEE): expected 1 from WH, found 2 from ST.",)),
        ("rule: near", "routing: every, rule: far", ("Routing: expected every, found all.", "Rule: expected far, found near.")),
        ("quantity: 2", "quantity: 9", ("Line 1 (TEE): expected 2 from ST, found nothing.", )),
        ("rule: near", "remainder: queue", ("Remainder: expected queue, found nothing.",)),
        ("ST: 2}}", "XX: 2}}", ("There is no location XX. Add it under `locations`.",)),
        ("expect: {sent: [{line: 1, location: ST, units: 2}], rule: near}",
         "expect: {sent: [{line: 1, location: WH, units: 2}], routing: by night, rule: depots}", ()),
        ("latitude: 40.0, longitude: -75.0", "latitude: 40.0, longitude: -75.0, rejected_by: [ST]",
         ("Line 1 (TEE): expected 2 from ST, found 2 from WH.",)),
        ("stock:", "locations: [{code: WH, latitude: 40.0, groups: [near]}]\nstock:",
         ("Line 1 (TEE): expected 2 from ST, found 2 from WH.",)),
        ("stock:", "locations: [{code: ST, ships: false}]\nstock:", ("Line 1 (TEE): expected 2 from ST, found 2 from WH.",)),
        ("stock:", "lanes: [{location: ST, miss: 0.5}]\nstock:", ("Line 1 (TEE): expected 2 from ST, found 2 from WH.",)),
        ("stock:", "lanes: [{location: ST, closed: no pickup today}]\nstock:",
         ("Line 1 (TEE): expected 2 from ST, found 2 from WH.",)),
        ("stock:", 'lanes: [{location: ST, closed: ""}]\nstock:', ()),
        ("stock: {TEE: {", "locations: [{code: NEW, latitude: 40.0, longitude: -75.0}]\nstock: {TEE: {NEW: 2, ",
         ("Line 1 (TEE): expected 2 from ST, found 2 from NEW.",)),
        ("latitude: 40.0, longitude: -75.0", "latitude: 40.0, longitude: -75.0, pickup: WH",
         ("Line 1 (TEE): expected 2 from ST, found 2 from WH.",)),
    ],
)  # fmt: skip
def test_a_failing_case_shows_the_difference(was: str, becomes: str, differences: tuple[str, ...]) -> None:
    assert outcome(CASE.replace(was, becomes)).differences == differences


def test_a_closed_location_is_named_as_closed() -> None:
    found = outcome(CASE.replace("ST: 2}}", "XX: 2, YY: 1}}"), closed=("XX",))
    assert found.differences == (
        "Location XX is closed. Reopen it, or add it under `locations`.",
        "There is no location YY. Add it under `locations`.",
    )


def test_queued_orders_are_compared_with_their_queue() -> None:
    text = CASE.replace("quantity: 2", "quantity: 9").replace(
        "sent: [{line: 1, location: ST, units: 2}], rule: near", "queue: care"
    )
    assert outcome(text).differences == ("Queue: expected care, found later.",)


def test_the_rule_of_the_guide_passes_its_case() -> None:
    page = (CHAINS.parents[2] / "docs" / "routing.md").read_text()
    document = documents.read(page.split("```yaml\n")[1].split("```")[0], RuleSet).value
    assert document is not None
    assert checks.problems(document) == ()
    (found,) = case_results.run_cases(
        document, installed=lambda _: Network(LOCATIONS, GreatCircle(LOCATIONS))
    )
    assert found.differences == ()
