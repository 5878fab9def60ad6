"""Which test files a change reaches: `tools/changed_tests.py [BASE]` prints them, for `make test-changed`.

A test file is reached when it changed itself, or when a module that it imports depends on a changed one. A file that is
no module (a template, a statement) counts as its package. What all tests share reaches all of them.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[1]
SRC, TESTS = ROOT / "src", ROOT / "tests"
_PACKAGES = ("doorstep", "doorstep_sandbox", "doorstep_bench")
_SHARED = {
    "pyproject.toml",
    "constraints.txt",
    "tests/conftest.py",
    "tests/builders/__init__.py",
    "tests/builders/installation.py",
    "tests/builders/retailer.py",
    "tests/builders/rows.py",
    "tests/builders/shop.py",
    "tests/builders/snapshots.py",
    "tests/clock.py",
}


def changed_files(base: str) -> set[str]:
    """What differs from the common ancestor with `base`, files that git does not know yet included."""
    start = _git("merge-base", base, "HEAD").strip()
    return set(_git("diff", "--name-only", start).splitlines()) | set(
        _git("ls-files", "--others", "--exclude-standard").splitlines()
    )


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout


def reached(changed: set[str]) -> list[str]:
    """The test files to run, or the whole folder."""
    if changed & _SHARED:
        return ["tests"]
    graph = grimp.build_graph(*_PACKAGES, cache_dir=None)
    modules = {_module(path, graph.modules) for path in changed if path.startswith("src/")}
    touched = set(modules)
    for name in modules:
        touched |= graph.find_downstream_modules(name, as_package=True)
    # Connectors are found when the application starts: no import leads from their contracts to them.
    contracts = any(name.startswith(("doorstep.adapters", "doorstep_sandbox")) for name in modules)
    return sorted(
        name
        for path in TESTS.rglob("test_*.py")
        for name in [str(path.relative_to(ROOT))]
        if name in changed
        or (contracts and name.startswith("tests/contracts/"))
        or touched & set(_imports(path, set()))
    )


def _module(path: str, known: Collection[str]) -> str:
    """The module that a file is, or the package it belongs or belonged to."""
    name = ".".join(Path(path).relative_to("src").with_suffix("").parts).removesuffix(".__init__")
    while name not in known:
        name = name.rpartition(".")[0]
    return name


def _imports(path: Path, seen: set[Path]) -> Iterator[str]:
    """Every module of ours that a test file imports, by itself or through the test modules it imports."""
    seen.add(path)
    for node in ast.walk(ast.parse(path.read_text())):
        names = [each.name for each in node.names] if isinstance(node, ast.Import | ast.ImportFrom) else []
        parent = node.module or "" if isinstance(node, ast.ImportFrom) else ""
        for name in (f"{parent}.{each}".strip(".") for each in names):
            if name.startswith(_PACKAGES):
                yield from (name, name.rpartition(".")[0])
            elif (
                (found := _test_module(name))
                and found not in seen
                and str(found.relative_to(ROOT)) not in _SHARED
            ):
                yield from _imports(found, seen)


def _test_module(name: str) -> Path | None:
    parts = name.split(".")
    candidates = (ROOT.joinpath(*parts).with_suffix(".py"), ROOT.joinpath(*parts[:-1]).with_suffix(".py"))
    return next((each for each in candidates if parts[0] == "tests" and each.is_file()), None)


if __name__ == "__main__":
    sys.stdout.write("\n".join(reached(changed_files(sys.argv[1] if len(sys.argv) > 1 else "main"))) + "\n")
