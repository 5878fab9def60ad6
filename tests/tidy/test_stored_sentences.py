"""Sentences that are stored are messages of the catalog: a template and its values, never finished English.

The fields that hold them have the type Message, so that the type check refuses a text. What it cannot see is checked here: a
template that is put together when it runs is not in the catalog, and neither is a sentence of ours that goes as a person's text.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "doorstep"
FIELDS = {
    "domain/orders/model.py": {"Hold.message", "QueuePlacement.reason"},
    "domain/orders/store/holds.py": {"OpenHold.message"},
    "domain/network/model/capacity.py": {"Outage.reason"},
    "domain/routing/model/explanation.py": {
        "Candidate.eliminated",
        "LineExplanation.sentence",
        "Explanation.flip",
        "Explanation.batch",
    },
    "domain/routing/model/moments.py": {"Closure.reason"},
    "domain/routing/model/network.py": {"Lane.closed"},
    "domain/routing/model/queues.py": {"Placement.reason"},
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


def problems(tree: ast.Module) -> Iterator[str]:
    """Calls that make a message of something that the catalog cannot have, or with other values than it names."""
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = ast.unparse(call.func)
        if name not in {"Message", "written", "replace", "msgspec.structs.replace"}:
            continue
        is_literal = bool(call.args) and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
        if name == "written":
            if is_literal:
                yield f"{call.lineno}: a sentence of ours as a person's text"
        elif name == "Message":
            yield from _of_message(call)
        elif name == "msgspec.structs.replace":
            for each in call.keywords:
                if each.arg in {"flip", "sentence", "eliminated", "batch"} and _has_text(each.value):
                    yield f"{call.lineno}: a finished sentence"


def _has_text(value: ast.expr) -> bool:
    parts = [value.body, value.orelse] if isinstance(value, ast.IfExp) else [value]
    return any(
        isinstance(part, ast.JoinedStr) or (isinstance(part, ast.Constant) and isinstance(part.value, str))
        for part in parts
    )


def _of_message(call: ast.Call) -> Iterator[str]:
    (template,) = call.args
    if isinstance(template, ast.JoinedStr | ast.BinOp | ast.IfExp | ast.Call):
        yield f"{call.lineno}: a template that is put together"
    given = {each.arg for each in call.keywords}
    if isinstance(template, ast.Constant) and None not in given:
        named = set(_PLACEHOLDER.findall(str(template.value)))
        if given != named:
            yield f"{call.lineno}: values {sorted(map(str, given ^ named))}"


@pytest.mark.parametrize(
    "path", sorted(SOURCE.rglob("*.py")), ids=lambda path: path.relative_to(SOURCE).as_posix()
)
def test_a_message_is_a_template_of_the_catalog(path: Path) -> None:
    text = path.read_text()
    if "Message(" in text or "written(" in text or "structs.replace(" in text:
        assert list(problems(ast.parse(text))) == []


@pytest.mark.parametrize("path", FIELDS)
def test_a_stored_sentence_is_a_message(path: str) -> None:
    classes = [node for node in ast.parse((SOURCE / path).read_text()).body if isinstance(node, ast.ClassDef)]
    found = {
        f"{each.name}.{ast.unparse(field.target)}"
        for each in classes
        for field in each.body
        if isinstance(field, ast.AnnAssign) and ast.unparse(field.annotation) in {"Message", "Message | None"}
    }
    assert found >= FIELDS[path]


@pytest.mark.parametrize(
    "planted",
    [
        'Message(f"{sku} is unknown")',
        'Message("is " + sku)',
        'Message("%(sku)s is unknown")',
        'Message("unknown", sku=sku)',
        'Message("%s".format(sku))',
        'written("does not ship")',
        'written(f"{sku} is unknown")',
        'msgspec.structs.replace(explanation, flip="It wins." if wins else "")',
    ],
)
def test_a_finished_sentence_is_found(planted: str) -> None:
    assert len(list(problems(ast.parse(planted)))) == 1


def test_a_template_with_its_values_is_right() -> None:
    assert (
        list(problems(ast.parse('Message("%(sku)s is unknown", sku=sku), Message(word), written(reason)')))
        == []
    )
