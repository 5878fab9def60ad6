"""No code is dead: what is defined is used; what waits for its caller is listed with the issue that brings it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from tests.tidy.test_names import NOBODY_CALLS

SRC = Path(__file__).resolve().parents[2] / "src"
_WORDS = re.compile(r"\w+")
# Who will call it: the issue that needs it. Take a line away when its caller comes.
WAITING = {
    "Vault.reseal": "12: rotating keys",
    "timestamped": "14: Stripe's and EasyPost's webhooks",
    "is_fresh": "14: Stripe's and Adyen's webhooks",
    "standard_webhook": "16: webhooks by the Standard Webhooks scheme",
    "is_signed_rsa": "13: bol's webhooks",
    "twilio": "16: Twilio's receipts",
    "body_digest": "16: Twilio's receipts",
    "password": "15: ERPs that sign in by user",
    "jwt_bearer": "15: NetSuite and Salesforce",
    "oauth1": "15: NetSuite's token-based authentication",
    "Envelope.sent_at": "10: the delay of a connection's messages",
}
# Called by a framework, which finds them by name.
_BY_NAME = {
    "_missing_",
    "settings_customise_sources",
    "capture_signals",
    "handle_DATA",
    "validate_host_public_key",
    "handle_EHLO",
    "log_message",
    "begin_auth",
    "password_auth_supported",
    "public_key_auth_supported",
    "validate_password",
    "validate_public_key",
}
_FRAMEWORKS = ("router.", "group.", "commands.", "app.", "pydantic.", "contextlib.")
Definition = tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _files(folder: str = "") -> list[Path]:
    return sorted((SRC / folder).rglob("*.py"))


def _definitions(body: list[ast.stmt], owner: str = "") -> Iterator[Definition]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield f"{owner}{node.name}", node
        if isinstance(node, ast.ClassDef):
            yield from _definitions(node.body, f"{node.name}.")


def _used(path: Path) -> Iterator[str]:
    """Every name that a file reads, calls or writes down as text: functions are also found by name."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg:
            yield node.arg
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _WORDS.findall(node.value) if " " not in node.value else ()


def _is_framework(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    decorators = [ast.unparse(each) for each in node.decorator_list]
    return any(each.startswith(_FRAMEWORKS) or ".command" in each for each in decorators)


def test_what_is_defined_is_used() -> None:
    used = {name for path in _files() for name in _used(path)}
    templates = (path for ending in ("html", "txt") for path in SRC.rglob(f"*.{ending}"))
    used |= {name for path in templates for name in _WORDS.findall(path.read_text())}
    unused = {
        name
        for path in _files()
        for name, node in _definitions(_tree(path).body)
        if node.name not in used | _BY_NAME and not node.name.startswith("__") and not _is_framework(node)
    }
    waiting = {each.rpartition(".")[2] for each in (*WAITING, *NOBODY_CALLS)}
    assert {each for each in unused if each.rpartition(".")[2] not in waiting} == set()


def test_what_waits_for_its_caller_exists() -> None:
    known = {name for path in _files("doorstep") for name, _node in _definitions(_tree(path).body)}
    known |= {
        f"{name}.{field.target.id}"
        for path in _files("doorstep/domain")
        for name, node in _definitions(_tree(path).body)
        for field in node.body
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
    }
    assert set(WAITING) - known == set()
