"""`doorstep network`: preview a file, apply it once, export it."""

from __future__ import annotations

import json
from pathlib import Path

from tests import builders
from tests.builders import Retailer
from typer.testing import CliRunner, Result

from doorstep.delivery.cli import create
from doorstep.domain.network import views
from doorstep.domain.network.model import text


def network(retailer: Retailer, *arguments: str) -> Result:
    environment = builders.environment(retailer.app) | {"COLUMNS": "160"}
    return CliRunner().invoke(create(), ["network", *arguments], env=environment)


def test_a_file_is_looked_at_applied_and_exported(retailer: Retailer, tmp_path: Path) -> None:
    file = tmp_path / "network.yaml"
    file.write_text(network(retailer, "export").stdout.replace("usual: 60", "usual: 70"))
    assert "+      usual: 70" in network(retailer, "preview", str(file)).stdout
    assert len(retailer.read(views.versions)) == 1
    assert "+      usual: 70" in network(retailer, "apply", str(file), "--reason", "More hands").stdout
    assert "Nothing changes." in network(retailer, "apply", str(file), "--reason", "Again").stdout
    assert [each.note for each in retailer.read(views.versions)] == ["More hands", "Samples loaded"]
    assert text.read(network(retailer, "export").stdout) == retailer.read(views.document)


def test_warnings_are_shown_and_errors_refused(retailer: Retailer, tmp_path: Path) -> None:
    file = tmp_path / "network.yaml"
    file.write_text("locations: {NOWHERE: {handling_minor: 5}}")
    assert "Check: There is no location 'NOWHERE'." in network(retailer, "preview", str(file)).stdout
    file.write_text("defaults: {holidays: {country: XX}}")
    assert "The holidays of 'XX' are unknown" in str(network(retailer, "preview", str(file)).exception)
    assert "cannot be read" in str(network(retailer, "preview", str(tmp_path / "none.yaml")).exception)


def test_the_schema_is_json(retailer: Retailer) -> None:
    assert "Document" in json.loads(network(retailer, "schema").stdout)["$defs"]
