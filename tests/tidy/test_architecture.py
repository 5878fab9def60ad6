"""ARCHITECTURE.md is true: its files exist, its tables are the state machines', its layers are complete."""

from __future__ import annotations

import importlib
import re
from enum import StrEnum
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "ARCHITECTURE.md").read_text()
_TABLE = re.compile(
    r"^\| [\w ]+ \(`(\w+)\.model\.(\w+)`\) \| may become \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", re.MULTILINE
)
_FILE = re.compile(r"`((?:delivery|flows|kernel|bootstrap|tests|adapters|orders|src)/[\w./]*\.py)`")


def _moves(module: str, table: str) -> dict[StrEnum, frozenset[StrEnum]]:
    found: dict[StrEnum, frozenset[StrEnum]] = getattr(
        importlib.import_module(f"doorstep.domain.{module}.model"), table
    )
    return found


@pytest.mark.parametrize(("module", "table", "rows"), _TABLE.findall(PAGE))
def test_a_machine_is_as_the_page_shows_it(module: str, table: str, rows: str) -> None:
    moves = _moves(module, table)
    states = list(type(next(iter(moves))))
    ways = {state: ", ".join(to.value for to in states if to in moves[state]) for state in states}
    lines = [f"| {state.value} | {ways[state] or '–'} |\n" for state in states]
    assert rows == "".join(lines)


def test_the_page_shows_every_machine() -> None:
    domain = ROOT / "src" / "doorstep" / "domain"
    written = {
        (path.relative_to(domain).parts[0], name)
        for path in (*domain.glob("*/model.py"), *domain.glob("*/model/*.py"))
        for name in re.findall(r"^(\w*MOVES): dict", path.read_text(), re.MULTILINE)
    }
    assert {(module, table) for module, table, _rows in _TABLE.findall(PAGE)} == written


@pytest.mark.parametrize("name", sorted(set(_FILE.findall(PAGE))))
def test_a_file_that_the_page_names_exists(name: str) -> None:
    places = (ROOT, ROOT / "src" / "doorstep", ROOT / "src" / "doorstep" / "domain")
    assert any((place / name).is_file() for place in places)


@pytest.mark.parametrize("folder", ["kernel", "domain", "delivery", "adapters"])
def test_the_layout_names_every_module(folder: str) -> None:
    names = {
        path.stem
        for path in (ROOT / "src" / "doorstep" / folder).iterdir()
        if not path.name.startswith(("_", "."))
    }
    assert {name for name in names if not re.search(rf"\b{name}\b", PAGE)} == set()
