"""`doorstep rules simulate`: simulate a file on past orders; and trials from the command line."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.builders import JACKET, SHIRT, Retailer, line, order_snapshot
from tests.delivery.test_cli_rules import FILE, rules

from doorstep.domain.routing.actions.rules import Draft
from doorstep.domain.routing.model.rules import RuleSet
from doorstep.flows.routing_rules import rule_sets
from doorstep.kernel import documents, errors
from doorstep.kernel.db import WriteTx


@pytest.fixture
def busy(retailer: Retailer) -> Retailer:
    """A retailer who has sold something: an order of two lines that one location could send, and one of each."""
    for wanted in ([(JACKET, 1), (SHIRT, 1)], [(JACKET, 1)], [(SHIRT, 2)]):
        retailer.place_order(order_snapshot(*(line(sku, units) for sku, units in wanted)))
    return retailer


@pytest.fixture
def far(tmp_path: Path) -> Path:
    """Rules that send everything from one warehouse."""
    file = tmp_path / "far.yaml"
    file.write_text(
        "name: far\nruns:\n- name: as orders come\n  routings:\n  - name: all\n    rules:\n"
        "    - {name: only one, locations: {codes: [WH-B]}, remainder: {then: queue, queue: brokering}}\n"
        "queues:\n- {name: brokering, owner: operations}\n"
    )
    return file


def test_a_file_is_held_against_what_decides(busy: Retailer, far: Path, tmp_path: Path) -> None:
    reported = rules(busy, "simulate", str(far), "--days", "1", "--csv", str(tmp_path / "out.csv"))
    assert reported.exit_code == 0, reported.output
    assert reported.stdout.startswith("3 orders, ")
    rows = [each.split() for each in reported.stdout.splitlines()]
    assert ["Parcels", "per", "order", "1.00", "1.00", "1.0000", "=", "same"] in rows
    assert any(row[:1] == ["WH-B"] for row in rows)
    with (tmp_path / "out.csv").open() as file:
        changed = list(csv.DictReader(file))
    assert f"{len(changed)} orders change." in reported.stdout
    assert {each["sent_after"] for each in changed} == {
        "1 DJ-BL-01 from WH-B, 1 waiting",
        "1 DJ-BL-01 from WH-B",
        "2 waiting",
    }


def test_costs_of_rule_sets_with_other_prices_are_not_compared(busy: Retailer, far: Path) -> None:
    same = json.loads(rules(busy, "simulate", str(far), "--json").stdout)
    assert (same["same_costs"], "cannot be compared" in rules(busy, "simulate", str(far)).stdout) == (
        True,
        False,
    )
    far.write_text(far.read_text() + "currency: INR\ncosts: {split_minor: 5000}\n")
    other = json.loads(rules(busy, "simulate", str(far), "--json").stdout)
    said = " ".join(rules(busy, "simulate", str(far)).stdout.split())
    assert (other["same_costs"], "Cost per order cannot be compared: the draft sets other costs" in said) == (
        False,
        True,
    )


def test_limits_decide_on_the_exit_code(busy: Retailer, far: Path) -> None:
    assert rules(busy, "simulate", str(far), "--must", "cost<=10,parcels<=10").exit_code == 0
    reported = rules(busy, "simulate", str(far), "--json", "--must", "km<=1.00,parcels<=1.00")
    found = json.loads(reported.stdout)
    assert reported.exit_code == 1
    assert found["broken"][0].startswith("Distance per order is ")
    assert (found["now"]["orders"], found["draft"]["orders"]) == (3, 3)
    assert {each["key"] for each in found["measures"]} >= {"cost", "splits", "co2", "unfilled"}


def test_a_file_that_is_none_and_a_time_without_orders(retailer: Retailer, far: Path) -> None:
    assert rules(retailer, "simulate", str(far)).stdout.startswith("There are no orders in this period")
    missing = rules(retailer, "simulate", "nothing.yaml")
    assert isinstance(missing.exception, errors.Invalid)
    assert "is neither a version nor a readable file" in missing.exception.message
    far.write_text(far.read_text().replace("WH-B", "WH-X"))
    wrong = rules(retailer, "simulate", str(far))
    assert isinstance(wrong.exception, errors.Invalid)
    assert "There is no location WH-X" in wrong.exception.message
    assert isinstance(rules(retailer, "simulate", "7").exception, errors.NotFound)


def test_a_draft_is_tried_and_stopped(retailer: Retailer) -> None:
    assert rules(retailer, "trial").stdout == "There was no trial yet.\n"
    assert rules(retailer, "apply", str(FILE), "--reason", "first").exit_code == 0
    drafted = retailer.write(lambda tx: _draft(tx, retailer))
    reported = rules(retailer, "canary", str(drafted), "--reason", "more parcels", "--percent", "20")
    assert reported.stdout == "Draft 2 routes on 20 % of the orders from the next order on.\n", (
        reported.exception
    )
    assert rules(retailer, "trial").stdout.startswith("Draft 2 is in trial (canary) since ")
    again = rules(retailer, "shadow", str(drafted), "--reason", "also")
    assert isinstance(again.exception, errors.Conflict)
    assert rules(retailer, "stop", "--reason", "enough").stdout == "The trial of draft 2 ended.\n"
    assert "ended" in rules(retailer, "trial").stdout
    assert isinstance(rules(retailer, "stop", "--reason", "again").exception, errors.Refused)


def _draft(tx: WriteTx, retailer: Retailer) -> int:
    document = documents.read(FILE.read_text().replace("max_parcels: 2", "max_parcels: 3"), RuleSet).value
    assert document is not None
    return rule_sets.draft(
        tx, draft=Draft(document, "three", based_on=1), now=retailer.app.clock.now()
    ).number
