"""A new module, new pages and a new connector are right at once: in a copy of the project they pass its checks and their own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clock import NOON
from tools.scaffold import Unusable

from tools import new_connector, new_module, new_page

_ROOT = Path(__file__).resolve().parents[2]
_BIN = Path(sys.executable).parent
_COPIED = ("src", "tests", "tools", "docs", "samples", ".ci")
_MODULE = "gift_cards"
CHECKS = {
    "format": ["ruff", "format", "--check", "--quiet"],
    "lint": ["ruff", "check", "--quiet"],
    "types": ["mypy", "--no-error-summary"],
    "imports": ["lint-imports", "--no-logo"],
    "migration": ["squawk", f"src/doorstep/migrations/versions/{NOON:%Y-%m-%d-%H%M}_{_MODULE}.sql"],
    "reference": ["python", "tools/reference.py", "--check"],
    "messages": ["python", "tools/messages.py", "--check"],
    "house rules": ["pytest", "-q", "tests/tidy", "--ignore=tests/tidy/test_contracts.py", "-m", "not slow"],
    "their own tests": ["pytest", "-q", f"tests/domain/test_{_MODULE}.py", f"tests/store/test_{_MODULE}.py",
                        f"tests/delivery/test_console_{_MODULE}.py", "tests/delivery/test_console_vouchers.py",
                        "tests/domain/test_timeline.py", "tests/adapters/acme_express"],
}  # fmt: skip


def _run(root: Path, command: list[str]) -> subprocess.CompletedProcess[str]:
    found = {"PYTHONPATH": f"{root / 'src'}{os.pathsep}{root}"}
    return subprocess.run(
        [str(_BIN / command[0]), *command[1:]],
        cwd=root,
        env={**os.environ, **found},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of the project with a new module, a page in its own area, one in an area that exists, and a connector."""
    root = tmp_path_factory.mktemp("project")
    for folder in _COPIED:
        shutil.copytree(_ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    # What is known of files that do not change makes the checks three times as fast.
    for cache in filter(Path.exists, (_ROOT / ".mypy_cache", _ROOT / ".pytest_cache")):
        shutil.copytree(cache, root / cache.name)
    for path in _ROOT.iterdir():
        if path.is_file() and not path.name.startswith(".coverage"):
            shutil.copy(path, root)
    new_module.create(root, name=_MODULE, at=NOON)
    new_page.create(root, area=_MODULE, name=_MODULE, module=_MODULE)
    new_page.create(root, area="returns", name="vouchers", module=_MODULE)
    new_connector.create(root, kind="carriers", name="acme_express")
    # What the make targets run afterwards.
    for command in (
        ["ruff", "check", "--quiet", "--fix"],
        ["ruff", "format", "--quiet"],
        ["python", "tools/reference.py"],
        ["python", "tools/messages.py"],
    ):
        done = _run(root, command)
        assert done.returncode == 0, done.stdout + done.stderr
    yield root
    shutil.rmtree(root)


@pytest.mark.parametrize("check", CHECKS)
def test_what_is_made_passes(project: Path, check: str) -> None:
    done = _run(project, CHECKS[check])
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_second_one_of_the_same_name_is_refused_and_changes_nothing(project: Path) -> None:
    before = (project / "pyproject.toml").read_text()
    with pytest.raises(Unusable, match="There is a table gift_cards"):
        new_module.create(project, name=_MODULE, at=NOON)
    with pytest.raises(Unusable, match="/gift-cards is a page already"):
        new_page.create(project, area="orders", name=_MODULE, module=_MODULE)
    assert (project / "pyproject.toml").read_text() == before


@pytest.mark.parametrize("name", ["", "Loyalty", "1st", "gift-cards", "../x", "class", "a" * 41])
def test_a_name_that_is_no_package_is_refused(project: Path, name: str) -> None:
    with pytest.raises(Unusable, match="not a usable name"):
        new_module.create(project, name=name, at=NOON)
    with pytest.raises(Unusable, match="not a usable name"):
        new_page.create(project, area="returns", name=name, module=_MODULE)


def test_a_page_of_a_module_without_the_verbs_it_needs_is_refused(project: Path) -> None:
    with pytest.raises(Unusable, match=r"domain/catalog/views\.py has no `listed`"):
        new_page.create(project, area="returns", name="reasons", module="catalog")


def test_the_command_lines_print_the_next_steps(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(new_page, "_ROOT", project)
    monkeypatch.setattr(new_module, "_ROOT", project)
    assert new_module.main(["loyalty"]) == 0
    assert "wrote src/doorstep/domain/loyalty/model.py" in capsys.readouterr().out
    assert new_page.main(["loyalty", "members"]) == 0
    assert "wrote src/doorstep/delivery/console/loyalty/templates/members.html" in capsys.readouterr().out
    assert new_page.main(["loyalty", "members"]) == new_module.main(["loyalty"]) == 2
    assert "choose another name" in capsys.readouterr().err
