"""Names that are written as text exist, and flows call what a port offers."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from doorstep.flows import map as flow_map
from doorstep.flows.jobs import JOBS

SRC = Path(__file__).resolve().parents[2] / "src" / "doorstep"
_NAME = re.compile(r"[a-z_]+\.[a-z_]+")
_QUOTED = re.compile(r"'([a-z_]+\.[a-z_]+)'")
_STORED = re.compile(r"\b(?:deliveries|events|schedules|dead_letters)\b")
_EVENT = re.compile(r'^    type: ClassVar\[str\] = "([\w.]+)"$', re.MULTILINE)
# Partners' own event names, and the variables of routing rules.
_OTHERS = ("adapters/", "domain/routing/model/rules/", "migrations/")
_FILES = ("csv", "yaml")

# Names of variables and calls that hold the port of a class.
_HOLDERS = {
    "Inbound": {"inbound", "reader", "registry"},
    "SalesChannel": {"channel"},
    "Carrier": {"carrier"},
    "PaymentGateway": {"gateway"},
    "AccountingSystem": {"accounting"},
    "Messenger": {"messenger"},
}
# Methods of ports that no flow calls yet, and the issue that brings the caller.
NOBODY_CALLS = {
    "Carrier.void_label": "11: a label of canceled work is voided",
    "PaymentGateway.capture": "11: authorizations are captured at shipment",
}


def _trees() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SRC.rglob("*.py")):
        yield path.relative_to(SRC).as_posix(), ast.parse(path.read_text())


TREES = dict(_trees())


def _known() -> set[str]:
    """Every event type, subscriber and job."""
    texts = "\n".join(path.read_text() for path in SRC.glob("domain/*/events.py"))
    rows = [row.name for row in flow_map.MAP] + [job.name for job in JOBS]
    return {*_EVENT.findall(texts), *rows}


def _written(tree: ast.Module) -> Iterator[str]:
    """Dotted names: whole texts, and those quoted in statements about deliveries, events and schedules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if _NAME.fullmatch(node.value):
                yield node.value
            elif _STORED.search(node.value):
                yield from _QUOTED.findall(node.value)


def test_every_event_subscriber_and_job_that_is_written_as_text_exists() -> None:
    known = _known()
    subjects = {name.partition(".")[0] for name in known}
    unknown = {
        f"{path}: {name}"
        for path, tree in TREES.items()
        if not path.startswith(_OTHERS)
        for name in _written(tree)
        if name.partition(".")[0] in subjects and name not in known and not name.endswith(_FILES)
    }
    assert unknown == set()


def _offered() -> dict[str, str]:
    """Every method of every port that a connector implements, with the class that declares it."""
    found = {}
    for path, tree in TREES.items():
        if re.fullmatch(r"domain/\w+/ports\.py", path):
            classes = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name in _HOLDERS]
            found |= {
                f"{each.name}.{method.name}": each.name
                for each in classes
                for method in each.body
                if isinstance(method, ast.FunctionDef)
            }
    return found


def _held_by(node: ast.expr) -> str:
    """The last name of what a method is called on."""
    if isinstance(node, ast.Call):
        return _held_by(node.func)
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _called() -> set[tuple[str, str]]:
    """What is called on what, in flows and front doors."""
    return {
        (_held_by(node.func.value), node.func.attr)
        for path, tree in TREES.items()
        if path.startswith(("flows/", "delivery/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
    }


def test_every_method_of_a_port_has_a_caller_or_is_listed() -> None:
    called = _called()
    unused = {
        method
        for method, port in _offered().items()
        if not any((holder, method.partition(".")[2]) in called for holder in _HOLDERS[port])
    }
    assert unused == set(NOBODY_CALLS)


@pytest.mark.parametrize("port", _HOLDERS)
def test_every_port_is_known_here(port: str) -> None:
    assert port in _offered().values()
