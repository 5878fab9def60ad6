"""Each import contract fails on a planted wrong import, in a copy of the tree."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_LINTER = Path(sys.executable).with_name("lint-imports")

WRONG = [
    ("1 Arrows point down", "kernel/db.py", "from doorstep.flows import map"),
    (
        "2 Domain modules are strangers",
        "domain/orders/views.py",
        "from doorstep.domain.shipping import model",
    ),
    ("3 Anatomy of a domain module", "domain/catalog/store.py", "from doorstep.domain.catalog import views"),
    ("4 Models are pure", "domain/orders/model.py", "import random"),
    (
        "5 Connectors never meet",
        "adapters/carriers/shiphawk/wire.py",
        "from doorstep.adapters.carriers.shiprocket import wire",
    ),
    (
        "6 Connectors see ports and models only",
        "adapters/carriers/shiphawk/client.py",
        "from doorstep.kernel import jobs",
    ),
    ("7 A store is its own module's", "flows/shipping/ship.py", "from doorstep.domain.shipping import store"),
    ("8 Front doors are independent", "delivery/worker/loop.py", "from doorstep.delivery import console"),
    ("9 Kernel stack", "kernel/money.py", "from doorstep.kernel import log"),
    ("10 No cycles anywhere", "flows/context.py", "from doorstep.flows import map"),
    ("11 Order of flow packages", "flows/shipping/ship.py", "from doorstep.flows.fulfillment import cancel"),
]
UNPLACED = [
    ("1 Arrows point down", "shared/__init__.py"),
    ("2 Domain modules are strangers", "domain/loyalty/__init__.py"),
    ("3 Anatomy of a domain module", "domain/orders/utils.py"),
    ("9 Kernel stack", "kernel/helpers.py"),
    ("11 Order of flow packages", "flows/loyalty/__init__.py"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    skip = shutil.ignore_patterns("__pycache__", "static", "templates")
    shutil.copytree(ROOT / "src" / "doorstep", root / "doorstep", ignore=skip)
    shutil.copy(ROOT / "pyproject.toml", root)
    return root


@pytest.fixture
def edited(tree: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """The tree with one file changed or added, and put right again."""
    name, text = request.param
    path = tree / "doorstep" / name
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{text}\n")
    yield tree
    path.unlink()
    if before is not None:
        path.write_text(before)
    elif path.name == "__init__.py":
        shutil.rmtree(path.parent)


def _broken(tree: Path) -> list[str]:
    """The contracts that do not hold, by name."""
    command = [str(_LINTER), "--config", "pyproject.toml", "--cache-dir", ".cache", "--no-logo"]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=60)
    broken = [line.removesuffix(" BROKEN") for line in done.stdout.splitlines() if line.endswith(" BROKEN")]
    assert done.returncode == (1 if broken else 0), done.stdout + done.stderr
    return broken


def test_all_contracts_hold(tree: Path) -> None:
    assert _broken(tree) == []


@pytest.mark.parametrize(
    ("contract", "edited"), [(name, (path, line)) for name, path, line in WRONG], indirect=["edited"]
)
def test_a_wrong_import_breaks_its_contract(contract: str, edited: Path) -> None:
    assert contract in _broken(edited)


@pytest.mark.parametrize(
    ("contract", "edited"), [(name, (path, "")) for name, path in UNPLACED], indirect=["edited"]
)
def test_a_module_without_a_place_breaks_the_contract_of_its_folder(contract: str, edited: Path) -> None:
    assert contract in _broken(edited)


@pytest.mark.parametrize(
    "edited",
    [("flows/shipping/ship.py", "def f() -> None:\n    from doorstep.domain.shipping import store")],
    indirect=True,
)
def test_an_import_inside_a_function_counts(edited: Path) -> None:
    assert _broken(edited) == ["7 A store is its own module's"]


def test_every_contract_was_seen_to_fail() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert [contract["name"] for contract in contracts] == [name for name, _path, _line in WRONG]
