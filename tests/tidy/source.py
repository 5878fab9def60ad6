"""A Python file for the rules: its tree, its comments, and its excused lines."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath

Function = ast.FunctionDef | ast.AsyncFunctionDef
_EXCUSE = re.compile(r"# tidy: (?P<rule>[a-z-]+) \w{2}.+")


@dataclass(frozen=True)
class Source:
    """One Python file; `path` is relative to the project."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def nodes(self) -> list[ast.AST]:
        return list(ast.walk(self.tree))

    @cached_property
    def functions(self) -> list[Function]:
        return [node for node in self.nodes if isinstance(node, Function)]

    @cached_property
    def comments(self) -> dict[int, str]:
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}

    @property
    def excuses(self) -> dict[tuple[int, str], str]:
        found = ((line, _EXCUSE.search(comment)) for line, comment in self.comments.items())
        return {(line, match["rule"]): match[0] for line, match in found if match}

    @cached_property
    def calls(self) -> list[tuple[ast.Call, str]]:
        return [(node, ast.unparse(node.func)) for node in self.nodes if isinstance(node, ast.Call)]

    def within(self, *places: str) -> bool:
        """Whether this file is, or stands below, one of the places (`*` is one name)."""
        return any(
            self.path.match(place) or any(above.match(place) for above in self.path.parents)
            for place in places
        )


def lines_of(function: Function) -> int:
    """How long a function is, its signature included."""
    return (function.end_lineno or function.lineno) - function.lineno + 1
