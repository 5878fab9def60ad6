"""What tests take from each other exists: a renamed builder is found before the tests run."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.builders import Retailer, Shop

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted((ROOT / "tests").rglob("*.py"))
BUILDERS = {"Retailer": Retailer, "Shop": Shop}


def _modules() -> set[str]:
    """Every module and folder below tests."""
    files = {".".join(path.relative_to(ROOT).with_suffix("").parts) for path in FILES}
    return files | {name.rpartition(".")[0] for name in files}


MODULES = _modules()


def _defined(module: str) -> set[str]:
    path = ROOT.joinpath(*module.split("."))
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    if not file.exists():
        return set()
    tree = ast.parse(file.read_text())
    found = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
    return found


def _wrong(path: Path) -> Iterator[str]:
    nodes = list(ast.walk(ast.parse(path.read_text())))
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "tests":
            module = node.module or ""
            for alias in node.names:
                if f"{module}.{alias.name}" not in MODULES and alias.name not in _defined(module):
                    yield f"line {node.lineno}: {module} has no {alias.name}"
    given = {
        (arg.arg, ast.unparse(arg.annotation))
        for node in nodes
        if isinstance(node, ast.FunctionDef)
        for arg in node.args.args
        if arg.annotation is not None
    }
    imported = {
        alias.name
        for node in nodes
        if isinstance(node, ast.ImportFrom) and node.module == "tests.builders"
        for alias in node.names
    }
    builders = {name: BUILDERS[kind] for name, kind in given if kind in imported and kind in BUILDERS}
    for node in nodes:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            of = builders.get(node.value.id)
            if of is not None and node.attr not in {*dir(of), *of.__dataclass_fields__}:
                yield f"line {node.lineno}: a {of.__name__} has no {node.attr}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_test_takes_from_another_exists(path: Path) -> None:
    assert list(_wrong(path)) == []


def test_builders_can_be_imported() -> None:
    assert importlib.import_module("tests.builders").__all__
