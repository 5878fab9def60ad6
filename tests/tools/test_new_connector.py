"""A new connector is a working copy of the sandbox under its own name."""

from __future__ import annotations

import ast
import importlib.util
import runpy
import shutil
import sys
from pathlib import Path

import pytest

from tools import new_connector

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for kind in new_connector.KINDS:
        source = Path("src") / "doorstep" / "adapters" / kind / "sandbox"
        shutil.copytree(_ROOT / source, tmp_path / source, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("kind", new_connector.KINDS)
def test_copies_every_file_and_no_trace_of_the_template(project: Path, kind: str) -> None:
    written = new_connector.create(project, kind=kind, name="acme_express")
    folder = project / "src" / "doorstep" / "adapters" / kind / "acme_express"
    assert sorted(path.name for path in written if path.parent == folder) == [
        "__init__.py",
        "client.py",
        "connector.py",
        "wire.py",
    ]
    for path in written:
        ast.parse(path.read_text())
        assert "sandbox" not in path.read_text().casefold() or path.parent.name == "partners"


def test_the_contract_suite_reaches_the_copy_at_once(project: Path) -> None:
    new_connector.create(project, kind="channels", name="acme")
    wiring = runpy.run_path(str(project / "tests/contracts/partners/acme.py"))
    assert (wiring["IN_MEMORY"], set(wiring["__all__"])) == (True, {"IN_MEMORY", "LATER", "stage"})


def test_the_copy_declares_its_own_name(project: Path) -> None:
    new_connector.create(project, kind="carriers", name="acme")
    text = (project / "src/doorstep/adapters/carriers/acme/connector.py").read_text()
    assert 'id="acme"' in text
    assert 'label="Acme carrier"' in text
    assert "class Acme:" in text
    assert "from doorstep.adapters.carriers.acme import client, wire" in text


def test_the_copy_can_be_loaded(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    new_connector.create(project, kind="messengers", name="acme")
    folder = project / "src/doorstep/adapters/messengers/acme"
    name = "doorstep.adapters.messengers.acme"
    spec = importlib.util.spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec
    assert spec.loader
    package = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, name, package)
    spec.loader.exec_module(package)
    connector = importlib.import_module(f"{name}.connector")
    assert connector.CONNECTOR.id == "acme"
    for loaded in [module for module in sys.modules if module.startswith(f"{name}.")]:
        monkeypatch.delitem(sys.modules, loaded)


@pytest.mark.parametrize(
    "name", ["", "Acme", "1acme", "acme-express", "../acme", "acme__x", "_acme", "class", "a" * 41]
)
def test_refuses_bad_names(project: Path, name: str) -> None:
    with pytest.raises(new_connector.Unusable, match="not a usable name"):
        new_connector.create(project, kind="carriers", name=name)


def test_refuses_what_exists_and_unknown_kinds(project: Path) -> None:
    new_connector.create(project, kind="erp", name="acme")
    with pytest.raises(new_connector.Unusable, match="exists: choose"):
        new_connector.create(project, kind="erp", name="acme")
    with pytest.raises(new_connector.Unusable, match="not a kind of connector"):
        new_connector.create(project, kind="wms", name="acme")


def test_the_command_line_prints_the_next_steps(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(new_connector, "_ROOT", project)
    assert new_connector.main(["payments", "acme"]) == 0
    reported = capsys.readouterr().out
    assert "wrote src/doorstep/adapters/payments/acme/connector.py" in reported
    assert "doorstep.domain.payments.ports.PaymentGateway" in reported
    assert new_connector.main(["payments", "acme"]) == 2
    assert "exists: choose" in capsys.readouterr().err
