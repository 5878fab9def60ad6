"""Rules that imports cannot express: one function per rule, each yields (line, problem).

A comment `# tidy: <rule> <reason>` excuses its line; an excuse without effect is itself a finding.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TypeGuard

from tests.tidy.source import Source, lines_of

Found = Iterator[tuple[int, str]]
FUNCTION_LINES, FILE_LINES, FLOW_LINES, PARAMETERS = 60, 500, 150, 6
_SQL = re.compile(
    r"\s*(SELECT\s|INSERT INTO\s|UPDATE \w+ SET\s|DELETE FROM\s|WITH \w+ AS\s|CREATE (TABLE|INDEX)\s|SET LOCAL\s)"
)
_CLOCKS = tuple(f".{kind}.{call}" for kind in ("datetime", "date") for call in ("now", "utcnow", "today"))
_IMPURE = ("time", "uuid", "random", "os")
_FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "exceptions", "managers", "misc"}
_MARK = re.compile(r"\b(TO[D]O|FIX[M]E|HA[C]K)\b|#\s*X{3}\b")
_BARE_IGNORE = re.compile(
    r"noqa(?!: [A-Z0-9, ]+ - \w)|type: ignore(?!\[[\w, -]+\]\s+# \w)|pragma: no cover(?! - \w)"
)


def sql(source: Source) -> Found:
    """Statements stand in store files, the kernel's own and the migrations, nowhere else."""
    files = (f"src/doorstep/kernel/{name}.py" for name in ("db", "event_log", "keyset", "schema", "sealed"))
    kernel = ("src/doorstep/kernel/jobs", "src/doorstep/kernel/shared_calls", *files)
    stores = ("src/doorstep/domain/*/store", "src/doorstep/domain/*/store.py", "src/doorstep/migrations")
    if source.within("tests", "src/doorstep_bench", *stores, *kernel):
        return
    yield from (
        (call.lineno, "runs a statement")
        for call, name in source.calls
        if name.endswith((".execute", ".executemany"))
    )
    constants = ((node, node.value) for node in source.nodes if isinstance(node, ast.Constant))
    yield from (
        (node.lineno, "holds SQL")
        for node, value in constants
        if isinstance(value, str) and _SQL.match(value)
    )


def commit(source: Source) -> Found:
    """Only the edge opens a transaction that writes (front doors; tasks around their calls); the kernel commits.

    It does so by `transact`, which runs the work again after a deadlock.
    """
    may_open = source.within("src/doorstep/delivery", "src/doorstep/flows")
    if source.within("tests", "src/doorstep_bench"):
        return
    for call, name in source.calls:
        if name.endswith((".commit", ".rollback")) and not source.within(
            "src/doorstep/kernel/db.py", "src/doorstep/kernel/shared_calls", "src/doorstep/migrations"
        ):
            yield call.lineno, "commits or rolls back"
        if not name.endswith((".write", ".transact")) or all(word.arg != "actor" for word in call.keywords):
            continue
        if not may_open and not source.within("src/doorstep/kernel/db.py"):
            yield call.lineno, "opens a write transaction"
        elif name.endswith(".write") and may_open:
            yield call.lineno, "opens a transaction that does not run again after a deadlock: use transact"


def pure(source: Source) -> Found:
    """The domain and the wires get the time and their ids as arguments."""
    if source.within(
        "src/doorstep/domain", "src/doorstep/adapters/*/*/wire.py", "src/doorstep/adapters/*/*/wire"
    ):
        for call, name in source.calls:
            if f".{name}".endswith(_CLOCKS) or name.partition(".")[0] in _IMPURE:
                yield call.lineno, f"calls {name}()"


def clock(source: Source) -> Found:
    """Tests take the time from tests/clock.py, so that they pass on every day of every year."""
    if not source.within("tests") or source.within("tests/clock.py", "tests/kernel/test_time.py"):
        return
    for call, name in source.calls:
        if f".{name}".endswith((*_CLOCKS, ".time.time", ".SystemClock")):
            yield call.lineno, f"calls {name}()"


def lazy_import(source: Source) -> Found:
    """Imports stand at the top, where import-linter and the reader see them."""
    for function in source.functions:
        for node in ast.walk(function):
            if isinstance(node, ast.Import | ast.ImportFrom):
                yield node.lineno, f"{function.name} imports inside itself"


def money_float(source: Source) -> Found:
    """A function that speaks of money knows no float and divides Decimals only."""
    for function in source.functions if source.within("src/doorstep") else ():
        nodes = list(ast.walk(function))
        if not any(isinstance(node, ast.Name) and node.id in {"money", "Money"} for node in nodes):
            continue
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, float):
                yield node.lineno, "a float beside money"
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "float":
                yield node.lineno, "float() beside money"
            elif _divides(node) and not ast.unparse(node).startswith("Decimal("):
                yield node.lineno, "true division beside money"


def _divides(node: ast.AST) -> TypeGuard[ast.BinOp | ast.AugAssign]:
    return isinstance(node, ast.BinOp | ast.AugAssign) and isinstance(node.op, ast.Div)


def digits(source: Source) -> Found:
    """What people send is read by `ids.whole_number`: ² is a digit, too, and 5,000 digits are no number."""
    if source.within("src/doorstep/delivery", "src/doorstep/domain/analytics"):
        for call, name in source.calls:
            if name.endswith((".isdigit", ".isdecimal", ".isnumeric")):
                yield call.lineno, "asks for digits"


def broad_except(source: Source) -> Found:
    """Whatever it is may be caught where somebody waits for an answer whatever it is: worker loop, orders coming in."""
    edges = (
        "src/doorstep/delivery/hooks/commits.py",
        "src/doorstep/delivery/api/capture.py",
        "src/doorstep/delivery/cli/imports.py",
    )
    if source.within("src/doorstep/delivery/worker", *edges):
        return
    for node in source.nodes:
        if isinstance(node, ast.ExceptHandler) and (
            node.type is None or ast.unparse(node.type) in {"Exception", "BaseException"}
        ):
            yield node.lineno, "catches everything"


def length(source: Source) -> Found:
    """No function over 60 lines, no file over 500, no flow over 150."""
    limit = FLOW_LINES if source.within("src/doorstep/flows") else FILE_LINES
    if (lines := len(source.text.splitlines())) > limit:
        yield 1, f"{lines} lines, {limit} are allowed"
    for function in source.functions:
        if lines_of(function) > FUNCTION_LINES:
            yield (
                function.lineno,
                f"{function.name} has {lines_of(function)} lines, {FUNCTION_LINES} are allowed",
            )


def parameters(source: Source) -> Found:
    """A public function takes six things at most; in the domain its transaction comes first, the rest by name."""
    rows = 1 if source.within("store", "store.py") else 0  # a statement may take its rows unnamed
    in_domain = source.within("src/doorstep/domain")
    public = (
        [each for each in source.functions if not each.name.startswith("_")] if source.within("src") else []
    )
    for function in public:
        place = [
            each.arg
            for each in function.args.posonlyargs + function.args.args
            if each.arg not in {"self", "cls"}
        ]
        named = [each.arg for each in function.args.kwonlyargs]
        if len({*place, *named} - {"tx"}) > PARAMETERS:
            yield (
                function.lineno,
                f"{function.name} takes more than {PARAMETERS} arguments: make a dataclass of them",
            )
        if in_domain and "tx" in [*place, *named] and (place[:1] != ["tx"] or len(place) > 1 + rows):
            yield function.lineno, f"{function.name}: the transaction first, the rest keyword-only"


def typed(source: Source) -> Found:
    """Every argument and every result has a type, and only partners' documents may be Any."""
    if not source.within("src"):
        return
    for function in source.functions:
        places = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
        untyped = [each.arg for each in places if each.annotation is None and each.arg not in {"self", "cls"}]
        if untyped or function.returns is None:
            yield function.lineno, f"{function.name} is not fully typed"
    for node in source.nodes if not source.within("wire.py", "wire", "client.py") else ():
        if isinstance(node, ast.Name) and node.id == "Any":
            yield node.lineno, "Any"


def module(source: Source) -> Found:
    """A module's first line says why it exists, and its name says what it is about."""
    if not ast.get_docstring(source.tree):
        yield 1, "no docstring"
    if wrong := _FORBIDDEN_NAMES & {part.removesuffix(".py") for part in source.path.parts}:
        yield 1, f"called {', '.join(sorted(wrong))}: name it after what it does"


def reasons(source: Source) -> Found:
    """Whoever silences a checker writes why, on the line."""
    for line, comment in source.comments.items():
        if _BARE_IGNORE.search(comment):
            yield line, "silences a checker without a reason"


def marks(source: Source) -> Found:
    """Nothing is left for later without being written down where work is planned."""
    yield from (
        (number, "a leftover mark")
        for number, line in enumerate(source.text.splitlines(), 1)
        if _MARK.search(line)
    )


Rule = Callable[[Source], Found]
RULES: dict[str, Rule] = {
    rule.__name__.replace("_", "-"): rule
    for rule in (
        sql,
        commit,
        pure,
        clock,
        lazy_import,
        money_float,
        digits,
        broad_except,
        length,
        parameters,
        typed,
        module,
        reasons,
        marks,
    )
}


def check(source: Source, rules: dict[str, Rule] = RULES) -> list[str]:
    """Every finding that is not excused, and every excuse without a finding, as `path:line: [rule] words`."""
    found = {(line, name): words for name, rule in rules.items() for line, words in rule(source)}
    problems = {key: words for key, words in found.items() if key not in source.excuses}
    problems |= {key: "an excuse that excuses nothing" for key in source.excuses if key not in found}
    return [f"{source.path}:{line}: [{name}] {words}" for (line, name), words in sorted(problems.items())]
