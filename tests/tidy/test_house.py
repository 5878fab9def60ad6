"""Every file keeps the rules; the excuses are counted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from itertools import chain
from pathlib import Path, PurePosixPath

import pytest
from tests.tidy import rules
from tests.tidy.source import Source, lines_of

from doorstep.flows import map as flow_map

ROOT = Path(__file__).resolve().parents[2]
CODE = ("src", "tests", "tools")
TEXTS = (*CODE, "docs", "samples", ".ci")
_RIGHT = ROOT / ".pytest_cache" / "files-that-keep-the-rules"
EXCUSES_ALLOWED = 6
SCREENS, SCREEN_COLUMNS = {".html", ".css", ".js"}, 160
_BINARY = {".png", ".pdf", ".ico", ".woff2", ".pyc"}
_REGISTRIES = [
    "pypi" + ".org",
    "python" + "hosted",
    "npm" + "js",
    "unpkg" + ".",
    "jsdelivr" + ".",
    "crates" + ".io",
    "debian" + ".org",
]


def _sources(*tops: str) -> Iterator[Source]:
    for top in tops:
        for path in sorted((ROOT / top).rglob("*.py")):
            yield Source(PurePosixPath(path.relative_to(ROOT)), path.read_text())


HOUSE = list(_sources(*CODE))


def _share(lengths: Iterable[int], limit: int) -> float:
    measured = list(lengths)
    return sum(length <= limit for length in measured) / len(measured)


def test_every_file_keeps_every_rule() -> None:
    """What was found right stays right while neither the file nor a rule changes: only the others are read again."""
    reader = "".join((ROOT / "tests" / "tidy" / name).read_text() for name in ("rules.py", "source.py"))
    marks = {
        source.path: sha256(f"{reader}{source.path}{source.text}".encode()).hexdigest() for source in HOUSE
    }
    known = set(_RIGHT.read_text().split()) if _RIGHT.exists() else set()
    fresh = [source for source in HOUSE if marks[source.path] not in known]
    problems = {source.path: rules.check(source) for source in fresh}
    right = [mark for path, mark in marks.items() if not problems.get(path)]
    _RIGHT.parent.mkdir(exist_ok=True)
    _RIGHT.write_text("\n".join(right))
    assert not any(problems.values()), "\n" + "\n".join(chain.from_iterable(problems.values()))


def test_excuses_are_few() -> None:
    excuses = [f"{source.path}: {excuse}" for source in HOUSE for excuse in source.excuses.values()]
    assert len(excuses) <= EXCUSES_ALLOWED, excuses


@pytest.mark.parametrize(
    ("top", "limit"),
    [("src/doorstep", 30), ("src/doorstep_sandbox", 30), ("src/doorstep_bench", 30), ("tests", 20)],
)
def test_nine_functions_of_ten_are_short(top: str, limit: int) -> None:
    functions = chain.from_iterable(source.functions for source in _sources(top))
    chosen = [each for each in functions if top != "tests" or each.name.startswith("test_")]
    assert _share(map(lines_of, chosen), limit) >= 0.9


@pytest.mark.parametrize("top", ["src/doorstep", "src/doorstep_sandbox", "src/doorstep_bench", "tests"])
def test_nine_files_of_ten_are_short(top: str) -> None:
    assert _share((len(source.text.splitlines()) for source in _sources(top)), 300) >= 0.9


def _events() -> set[str]:
    """The type of every event class of the domain, as written in its source."""
    texts = (source.text for source in HOUSE if source.within("src/doorstep/domain/*/events.py"))
    return set(re.findall(r'^    type: ClassVar\[str\] = "([\w.]+)"$', "\n".join(texts), re.MULTILINE))


def test_every_event_has_subscribers_or_is_listed_as_having_none() -> None:
    handled = {row.event for row in flow_map.MAP}
    assert handled | flow_map.NO_SUBSCRIBER == _events()
    assert handled & flow_map.NO_SUBSCRIBER == set()


def test_a_subscriber_has_one_function_for_all_its_events() -> None:
    handled = [(row.event, row.name) for row in flow_map.MAP]
    assert sorted(handled) == sorted(set(handled))
    work = {(row.name, row.handler, row.task, row.batch_task, row.on_dead_letter) for row in flow_map.MAP}
    assert len(work) == len({row.name for row in flow_map.MAP})


def test_every_row_of_the_map_is_a_handler_or_a_task() -> None:
    work = {row.name: (row.handler, row.task, row.batch_task) for row in flow_map.MAP}
    assert [name for name, ways in work.items() if sum(way is not None for way in ways) != 1] == []


def test_every_lint_ignore_of_the_project_has_a_reason() -> None:
    lint = (
        (ROOT / "pyproject.toml")
        .read_text()
        .partition("[tool.ruff.lint]")[2]
        .partition("[tool.ruff.lint.pydocstyle]")[0]
    )
    codes = [line for line in lint.splitlines() if line.lstrip().startswith('"') and not line.endswith("= [")]
    assert [line for line in codes if "#" not in line] == []


def _texts() -> Iterator[tuple[PurePosixPath, str]]:
    """Every text that is ours: what others wrote (vendored scripts) is left out."""
    files = chain(
        (path for path in ROOT.iterdir() if path.is_file()), *((ROOT / top).rglob("*") for top in TEXTS)
    )
    for path in files:
        ours = (
            path.is_file() and path.suffix not in _BINARY and not {"vendor", "__pycache__"} & set(path.parts)
        )
        if ours and not path.name.startswith(".coverage"):
            yield PurePosixPath(path.relative_to(ROOT)), path.read_text()


def test_templates_styles_and_scripts_have_short_lines() -> None:
    long = [
        f"{path}:{number}: {len(line)} characters, {SCREEN_COLUMNS} are allowed"
        for path, text in _texts()
        if path.suffix in SCREENS
        for number, line in enumerate(text.splitlines(), start=1)
        if len(line) > SCREEN_COLUMNS
    ]
    assert long == []


def test_templates_styles_and_scripts_are_short_files() -> None:
    lengths = {path: len(text.splitlines()) for path, text in _texts() if path.suffix in SCREENS}
    assert [f"{path}: {length} lines" for path, length in lengths.items() if length > rules.FILE_LINES] == []
    assert _share(lengths.values(), 300) >= 0.9


def test_no_text_names_a_place_on_somebodys_machine_or_a_package_registry() -> None:
    homes = [
        re.escape(f"{place}/") for place in (ROOT, ROOT.parent / "shared", Path.home()) if place != Path("/")
    ]
    foreign = re.compile("|".join([*homes, r"(?<!\w)/(?:home|Users)/[a-z]", *map(re.escape, _REGISTRIES)]))
    assert [f"{path}: {found[0]}" for path, text in _texts() if (found := foreign.search(text))] == []


def test_no_text_is_left_for_later() -> None:
    left = re.compile(r"\b(?:TO[D]O|FIX[M]E)\b")
    assert [str(path) for path, text in _texts() if left.search(text)] == []
