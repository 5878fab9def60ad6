"""`doorstep rules`: validate a file, activate it, roll it back."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import builders
from tests.builders import Retailer
from typer.testing import CliRunner, Result

from doorstep.delivery.cli import create, samples
from doorstep.kernel import errors

FILE = samples.NOTNAKED / "rules.yaml"


def rules(retailer: Retailer, *arguments: str) -> Result:
    environment = builders.environment(retailer.app) | {"COLUMNS": "160"}
    return CliRunner().invoke(create(), ["rules", *arguments], env=environment)


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """The same rules, with another limit."""
    file = tmp_path / "rules.yaml"
    file.write_text(FILE.read_text().replace("max_parcels: 2", "max_parcels: 3"))
    return file


def test_a_file_is_tried_without_storing_it(retailer: Retailer) -> None:
    reported = rules(retailer, "preview", str(FILE))
    assert reported.exit_code == 0
    assert "run On arrival › routing Urgent: added Takes orders where order.priority > 0" in reported.stdout
    assert "8 of 8 test cases pass." in reported.stdout
    assert rules(retailer, "history").stdout == "There is no version yet: the built-in rules are active.\n"


def test_a_file_is_activated_and_rolled_back(retailer: Retailer, changed: Path) -> None:
    assert "Version 1 is active." in rules(retailer, "apply", str(FILE), "--reason", "first").stdout
    assert rules(retailer, "apply", str(FILE), "--reason", "again").stdout.startswith("Nothing changes.")
    reported = rules(retailer, "apply", str(changed), "--reason", "more parcels").stdout
    assert reported.startswith(
        "run On arrival › routing Urgent › rule Leaves today › split › max_parcels: 2 → 3\n"
    )
    assert "Version 2 is active." in reported
    back = rules(retailer, "restore", "1", "--reason", "too many parcels").stdout
    assert back == "Version 3 is active: it restores version 1.\n"
    rows = [line.split()[:3] for line in rules(retailer, "history").stdout.splitlines()]
    assert rows == [
        ["version", "name", "state"], ["3", "notnaked", "active,"], ["2", "notnaked", "archived"], ["1", "notnaked", "archived"],
    ]  # fmt: skip


def test_an_export_can_be_imported(retailer: Retailer, tmp_path: Path) -> None:
    rules(retailer, "apply", str(FILE), "--reason", "first")
    out = tmp_path / "out.yaml"
    out.write_text(rules(retailer, "export").stdout)
    assert rules(retailer, "preview", str(out)).stdout.startswith("Nothing changes.")
    assert rules(retailer, "export", "1").stdout == out.read_text()
    assert '"title": "Rule set"' in rules(retailer, "schema").stdout


def test_errors_are_shown_at_their_line(retailer: Retailer, changed: Path) -> None:
    changed.write_text(changed.read_text().replace("queue: urgent}", "queue: urgnt}"))
    reported = rules(retailer, "preview", str(changed))
    assert reported.exit_code == 1
    assert reported.stdout.startswith(
        "line 20, runs[0].routings[0].rules[1].remainder.queue: urgnt is not a queue of this rule set"
    )
    changed.write_text("name: [")
    reported = rules(retailer, "apply", str(changed), "--reason", "so")
    assert (reported.exit_code, reported.stdout[:26]) == (1, "line 1, This is not YAML: ")
    missing = rules(retailer, "preview", str(changed.with_name("nothing.yaml")))
    assert isinstance(missing.exception, errors.Invalid)


def test_a_case_that_fails_keeps_a_file_from_deciding(retailer: Retailer, changed: Path) -> None:
    changed.write_text(changed.read_text().replace("rule: Split lines}", "rule: nobody knows}"))
    for reported in (
        rules(retailer, "test", str(changed)),
        rules(retailer, "apply", str(changed), "--reason", "so"),
    ):
        assert reported.exit_code == 1
        assert (
            "✗ A line no location can fill is split\n    Rule: expected nobody knows, found Split lines."
            in reported.stdout
        )
        assert reported.stdout.endswith("7 of 8 test cases pass.\n")
    assert rules(retailer, "test").exit_code == 0


def test_a_sample_retailer_brings_its_rules(retailer: Retailer, tmp_path: Path) -> None:
    assert samples.let_rules_decide(retailer.app, tmp_path / "rules.yaml") == (
        "There is no rules.yaml: the built-in rules are active."
    )
    said = "The rule set notnaked 1 is active; its 8 test cases pass."
    assert samples.let_rules_decide(retailer.app, FILE) == said
    assert samples.let_rules_decide(retailer.app, FILE) == "The active rule set stays active."
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("name: 1")
    with pytest.raises(errors.Invalid, match="line 1, name: expected a text"):
        samples.let_rules_decide(retailer.app, wrong)
