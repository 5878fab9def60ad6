"""Compile conditions in CEL: typed when they are saved, bounded when they are evaluated.

A condition can fail in three ways, each with its own message: it does not compile (Wrong, with line and column), it fails for
an order (an error value of the engine), or it takes too long (the engine's iteration budget).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from cel_expr_python import cel

from doorstep.domain.routing.model.rules.variables import VARIABLES, Kind, is_of_order
from doorstep.kernel import errors
from doorstep.kernel.message import Message

MAX_LENGTH = 2_000
_TYPES = {
    Kind.TEXT: cel.Type.STRING,
    Kind.WHOLE: cel.Type.INT,
    Kind.FRACTION: cel.Type.DOUBLE,
    Kind.YES_OR_NO: cel.Type.BOOL,
    Kind.INSTANT: cel.Type.TIMESTAMP,
    Kind.TEXTS: cel.Type.List(cel.Type.STRING),
}
_OF_ORDERS = tuple(name for name in VARIABLES if is_of_order(name))


def _environment(names: Iterable[str]) -> cel.Env:
    return cel.NewEnv(variables={name: _TYPES[VARIABLES[name].kind] for name in names})


_ENVIRONMENTS = {True: _environment(_OF_ORDERS), False: _environment(VARIABLES)}
_PLACE = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNKNOWN = re.compile(r"undeclared reference to '([^']+)'")
_MISMATCH = re.compile(r"found no matching overload for '_?([^_']+)_?' applied to '\((.*)\)'")
_STATUS = re.compile(r"^[A-Z_]+: | \[[A-Z_]+\]$")


class Wrong(errors.Invalid):  # a kind's name is an adjective, and so is this one
    """A condition that does not compile: the `reason`, and its position."""

    def __init__(self, path: str, line: int, column: int, message: str) -> None:
        super().__init__(
            f"{path}, line {line} column {column}: {message}", path=path, line=line, column=column
        )
        self.line, self.column, self.reason = line, column, message


class CannotEvaluate(Exception):  # noqa: N818 - it says what it is: neither yes nor no
    """A condition could not be evaluated for an order."""


@dataclass(frozen=True, slots=True)
class Condition:
    """A compiled condition, with the variables it reads."""

    path: str
    text: str
    names: tuple[str, ...]
    expression: cel.Expression

    def against(self, values: tuple[object, ...]) -> Message | None:
        """The reason why it is false for these values of `names`, or nothing. Raises CannotTell."""
        given = {name: _given(value) for name, value in zip(self.names, values, strict=True)}
        try:
            found = self.expression.eval(data=given)
        except RuntimeError as problem:  # the budget raises an exception of the engine
            raise CannotEvaluate(_plain(str(problem))) from problem
        answer = found.value()
        if not isinstance(answer, bool):
            raise CannotEvaluate(_plain(str(answer)))
        if answer:
            return None
        return Message("condition not met: %(condition)s", condition=" ".join(self.text.split()))


def compile(  # noqa: A001 - read as conditions.compile
    text: str, path: str, *, of_orders: bool = False
) -> Condition:
    """Compile a condition; one `of_orders` is evaluated before any location is known, so it reads the order alone.

    Raises Wrong with position and reason, and a suggestion if there is one.
    """
    if len(text) > MAX_LENGTH:
        raise Wrong(
            path, 1, 1, f"a condition has at most {MAX_LENGTH:,} characters, this one has {len(text):,}"
        )
    try:
        expression = _ENVIRONMENTS[of_orders].compile(text)
    except RuntimeError as problem:
        raise _located(path, str(problem), _OF_ORDERS if of_orders else tuple(VARIABLES)) from problem
    if expression.return_type() != cel.Type.BOOL:
        kind = expression.return_type().name()
        raise Wrong(
            path, 1, 1, f"a condition must be true or false, this one is {kind}: compare it with a value"
        )
    read = expression.serialize()  # names every variable it refers to
    names = tuple(
        name for name in VARIABLES if name.encode() in read
    )  # the order's variables come first there
    return Condition(path, text, names, expression)


def _given(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _plain(message: str) -> str:
    """The engine's message without its status words."""
    return _STATUS.sub("", message)


def _located(path: str, message: str, names: Sequence[str]) -> Wrong:
    found = _PLACE.search(message)
    if found is None:
        return Wrong(path, 1, 1, _plain(message))
    return Wrong(path, int(found[1]), int(found[2]), _advised(_STATUS.sub("", found[3]), names))


def _advised(message: str, names: Sequence[str]) -> str:
    unknown = _UNKNOWN.search(message)
    if unknown:
        return f"{unknown[1]} is unknown, {_instead(unknown[1], names)}"
    mismatch = _MISMATCH.search(message)
    if mismatch is None:
        return message
    operator, kinds = mismatch[1].removeprefix("@"), mismatch[2]
    advice = (
        ": write whole numbers as 50.0 beside fractions"
        if {"int", "double"} == set(kinds.split(", "))
        else ""
    )
    return f"{operator} does not accept ({kinds}){advice}"


def _instead(unknown: str, names: Sequence[str]) -> str:
    if unknown in VARIABLES:
        return "as no location is known yet: use it in a rule's locations"
    near = get_close_matches(unknown, names, n=1, cutoff=0.75)
    if near:
        return f"did you mean {near[0]}?"
    scope = unknown.partition(".")[0]
    scopes = sorted({f"{name.partition('.')[0]}.…" for name in names}, reverse=True)
    return f"available: {', '.join([name for name in names if name.startswith(f'{scope}.')] or scopes)}"
