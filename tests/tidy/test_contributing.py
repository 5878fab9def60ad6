"""CONTRIBUTING.md leads to files and names that exist, and to commands that make knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
_WAY = re.compile(r"^\| (?P<question>Where [^|]+\?) \| (?P<way>.+) \|$", re.MULTILINE)
_STEP = re.compile(r"`([\w/]+\.\w+)(?::([\w.]+))?`")
_COMMAND = re.compile(r"(?:^|`)make ([a-z-]+)", re.MULTILINE)
_AREA = re.compile(r"make test AREA=([\w/]+)")
STEPS = sorted({step for each in _WAY.finditer(PAGE) for step in _STEP.findall(each["way"])})


def _names(body: list[ast.stmt], prefix: str = "") -> set[str]:
    """What a module defines: functions, classes with their methods, values."""
    found: set[str] = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(prefix + node.name)
        if isinstance(node, ast.ClassDef):
            found |= _names(node.body, f"{node.name}.")
        targets = node.targets if isinstance(node, ast.Assign) else []
        targets = [node.target] if isinstance(node, ast.AnnAssign) else targets
        found |= {prefix + each.id for each in targets if isinstance(each, ast.Name)}
    return found


def test_every_question_has_a_way() -> None:
    assert len(_WAY.findall(PAGE)) >= 10
    assert [each["question"] for each in _WAY.finditer(PAGE) if not _STEP.search(each["way"])] == []


@pytest.mark.parametrize(("file", "name"), STEPS)
def test_a_step_of_the_way_exists(file: str, name: str) -> None:
    path = ROOT / "src" / "doorstep" / file
    assert path.is_file()
    if name:
        assert name in _names(ast.parse(path.read_text()).body)


@pytest.mark.parametrize("command", sorted(set(_COMMAND.findall(PAGE))))
def test_a_command_is_one_of_the_makefile(command: str) -> None:
    assert re.search(rf"^{command}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("area", sorted(set(_AREA.findall(PAGE))))
def test_an_area_is_a_folder_of_tests(area: str) -> None:
    assert (ROOT / "tests" / area).is_dir()
