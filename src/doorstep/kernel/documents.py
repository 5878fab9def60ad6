"""Read YAML documents into types, with every mistake at its line.

YAML 1.2: only true and false are booleans, 16:00 is text, NO is Norway. Comments are not kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Generic, TypeVar

import msgspec
import yaml

T = TypeVar("T")
Schema = dict[str, object]
MAX_CHARACTERS = 500_000
_PATH = re.compile(r"^(.*?)(?: - at `(key in )?\$(.*)`)?$", re.DOTALL)
_UNKNOWN_FIELD = re.compile(r"Object contains unknown field `(.*)`")
_MISSING_FIELD = re.compile(r"Object missing required field `(.*)`")
_EXPECTED = re.compile(r"Expected `([^`]*)`, got `([^`]*)`")
_KINDS = {
    "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false", "null": "nothing",
    "array": "a list", "object": "named values", "datetime": "an instant such as 2026-11-22T09:30:00Z",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a document, and where: a path such as runs[0].name, and the line and column if it was read from text."""

    path: str
    message: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        where = f"line {self.line}, " if self.line else ""
        return f"{where}{self.path}: {self.message}" if self.path else f"{where}{self.message}"


@dataclass(frozen=True, slots=True)
class Text(Generic[T]):
    """A text that was read: the value, or its problems; `places` are line and column by path."""

    value: T | None
    problems: tuple[Problem, ...] = ()
    places: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def at(self, problem: Problem) -> Problem:
        """A problem of the value with its place in the text: at its path, or the nearest part above."""
        path = problem.path
        while path and path not in self.places:
            path = re.sub(r"(\.[^.\[\]]*|\[[^\]]*\]|^[^.\[\]]*)$", "", path)
        line, column = self.places.get(path, (1, 1))
        if path == problem.path and problem.line:
            return Problem(problem.path, problem.message, line + problem.line - 1, problem.column)
        return Problem(problem.path, problem.message, line, column)


class _Refused(Exception):  # noqa: N818 - it says what it is
    """YAML that is not supported here."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Loader(yaml.SafeLoader):
    """SafeLoader with the scalars of YAML 1.2's core schema."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own way


for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
    ("null", r"^(?:~|null|Null|NULL|)$", ["~", "n", "N", ""]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def read(text: str, target: type[T]) -> Text[T]:
    """Read YAML as a `target`, a msgspec type; its RENAMED maps earlier names of fields. Never raises for what people write."""
    if len(text) > MAX_CHARACTERS:
        return Text(
            None,
            (Problem("", f"The text has {len(text):,} characters; at most {MAX_CHARACTERS:,} are allowed."),),
        )
    try:
        node = _composed(text)
        raw = _Loader("").construct_document(node) if node is not None else None
    except _Refused as refused:
        return Text(None, (refused.problem,))
    except yaml.MarkedYAMLError as problem:
        mark = problem.problem_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        return Text(
            None, (Problem("", f"This is not YAML: {problem.problem or problem.context}", line, column),)
        )
    except (yaml.YAMLError, ValueError, TypeError) as problem:
        return Text(None, (Problem("", f"This is not YAML: {problem}", 1, 1),))
    places: dict[str, tuple[int, int]] = {}
    if node is not None:
        _locate(node, "", places)
    found = convert(raw, target)
    located = Text(found.value, (), places)
    return Text(found.value, tuple(located.at(each) for each in found.problems), places)


def convert(raw: object, target: type[T]) -> Text[T]:
    """Plain values (of YAML or JSON) as a `target`."""
    try:
        return Text(msgspec.convert(raw, target))
    except msgspec.ValidationError as problem:
        return Text(None, (_problem(str(problem), target),))


def _composed(text: str) -> yaml.Node | None:
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent):
            mark = event.start_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise _Refused(Problem("", "References (*name) are not supported.", line, column))
    node: yaml.Node | None = yaml.compose(text, Loader=_Loader)
    return node


def _locate(node: yaml.Node, path: str, places: dict[str, tuple[int, int]]) -> None:
    """Line and column of every part, by path; a value is where its text begins, below the mark of a block."""
    below = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
    line = node.start_mark.line + 1 + below
    column = (
        1 if below else node.start_mark.column + 1 + (isinstance(node, yaml.ScalarNode) and bool(node.style))
    )
    places[path] = (line, column)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = f"{path}.{key.value}" if path else str(key.value)
            _locate(value, name, places)
            places.setdefault(f"{name} key", (key.start_mark.line + 1, key.start_mark.column + 1))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            _locate(value, f"{path}[{number}]", places)


def _problem(message: str, target: object) -> Problem:
    parts = _PATH.match(message)
    said, path = (parts[1], (parts[3] or "").removeprefix(".")) if parts else (message, "")
    path = path.partition("[...]")[0]  # the library does not say which key
    unknown = _UNKNOWN_FIELD.search(said)
    if unknown:
        words = _within(_schema_at(target, path), "properties")
        near = get_close_matches(unknown[1], words, n=1, cutoff=0.6)
        renamed = getattr(target, "RENAMED", {}).get(unknown[1])
        if renamed in words:
            hint = f"it is called {renamed} now"
        else:
            hint = f"did you mean {near[0]}?" if near else f"there is {', '.join(words)}"
        return Problem(f"{path}.{unknown[1]}".lstrip("."), f"{unknown[1]} is not known here: {hint}")
    missing = _MISSING_FIELD.search(said)
    if missing:
        return Problem(path, f"{missing[1]} is missing")
    if "enum value" in said:
        choices = ", ".join(_listed(_schema_at(target, path).get("enum")))
        return Problem(
            path, f"{said.removeprefix('Invalid enum value ')} is not known here: choose {choices}"
        )
    return Problem(path, _EXPECTED.sub(_worded, said))


def _schema_at(target: object, path: str) -> Schema:
    """What the type's schema allows at a part."""
    (top,), parts = msgspec.json.schema_components([target])
    found = _resolved(top, parts)
    for name, _index in re.findall(r"([^.\[\]]+)|\[([^\]]*)\]", path):
        inner = _within(_within(found, "properties"), name) if name else _within(found, "items")
        found = _resolved(inner or _within(found, "additionalProperties"), parts)
    return found


def _listed(value: object) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else []


def _within(schema: Schema, name: str) -> Schema:
    inner = schema.get(name)
    return inner if isinstance(inner, dict) else {}


def _resolved(schema: Schema, parts: Mapping[str, Schema]) -> Schema:
    """A schema without references; of a choice the part that is not null."""
    options = schema.get("anyOf")
    if isinstance(options, list):
        schema = next(each for each in options if each.get("type") != "null")
    reference = schema.get("$ref")
    return parts[str(reference).rpartition("/")[2]] if reference else schema


def _worded(found: re.Match[str]) -> str:
    wanted = " or ".join(_KINDS.get(each, each) for each in found[1].split(" | "))
    return f"expected {wanted}, found {_KINDS.get(found[2], found[2])}"


def write(value: object) -> str:
    """A value as YAML, in the order of its fields, without defaults."""
    text: str = yaml.dump(plain(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return text


def plain(value: object) -> object:
    """Structs as mappings; fields at their default are left out."""
    if isinstance(value, msgspec.Struct):
        fields = ((each, getattr(value, each.name)) for each in msgspec.structs.fields(value))
        return {each.name: plain(given) for each, given in fields if given != _default(each)}
    if isinstance(value, Mapping):
        return {str(key): plain(given) for key, given in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return msgspec.to_builtins(value)


def _default(of: msgspec.structs.FieldInfo) -> object:
    return of.default_factory() if callable(of.default_factory) else of.default


class _Dumper(yaml.SafeDumper):
    """Lists indented below their name, short lists of plain values on one line."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, False)

    def represent_sequence(
        self, tag: str, sequence: Iterable[object], flow_style: bool | None = None
    ) -> yaml.SequenceNode:
        node = super().represent_sequence(tag, sequence, flow_style)
        node.flow_style = all(isinstance(each, yaml.ScalarNode) for each in node.value)
        return node
