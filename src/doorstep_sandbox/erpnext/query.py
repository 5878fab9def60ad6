"""Evaluate Frappe's list queries: filters as triples, fields, order and page."""

from __future__ import annotations

import fnmatch
import json
import operator
from collections.abc import Callable

from doorstep_sandbox.erpnext.errors import refuse
from doorstep_sandbox.frame.wire import Json

PAGE_LENGTH = 20
COMPARE: dict[str, Callable[[str, str], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def select(documents: list[Json], query: dict[str, str]) -> list[Json]:
    """The response of GET /api/resource/{DocType}: names only, unless `fields` requests more."""
    wanted = _load(query.get("filters", "[]"))
    triples = list(wanted.items()) if isinstance(wanted, dict) else wanted
    found = [document for document in documents if all(_matches(document, triple) for triple in triples)]
    field, _, direction = query.get("order_by", "modified desc").partition(" ")
    found.sort(key=lambda document: str(document.get(field, "")), reverse=direction.strip().lower() != "asc")
    start = int(query.get("limit_start", 0))
    length = int(query.get("limit_page_length") or query.get("limit") or PAGE_LENGTH)
    page = found[start : start + length] if length else found[start:]
    fields = _load(query.get("fields", '["name"]'))
    return [_project(document, [str(field) for field in fields]) for document in page]


def _load(text: str) -> Json | list[object]:
    try:
        document: Json | list[object] = json.loads(text)
    except ValueError:
        raise refuse("DataError", f"Invalid JSON in query: {text}") from None
    return document


def _project(document: Json, fields: list[str]) -> Json:
    if "*" in fields:
        return {key: value for key, value in document.items() if not isinstance(value, list)}
    return {field: document.get(field) for field in fields}


def _matches(document: Json, condition: object) -> bool:
    field, sign, value = _triple(condition)
    actual = document.get(field)
    if sign in {"=", "!="}:
        return (_text(actual) == _text(value)) == (sign == "=")
    if sign in {"in", "not in"}:
        options = value if isinstance(value, list) else str(value).split(",")
        return (_text(actual) in {_text(option) for option in options}) == (sign == "in")
    if sign in {"like", "not like"}:
        return fnmatch.fnmatch(_text(actual).lower(), _text(value).lower().replace("%", "*")) == (
            sign == "like"
        )
    if sign == "is":
        return (actual not in (None, "")) == (value == "set")
    if sign in COMPARE:
        return COMPARE[sign](_text(actual), _text(value))
    raise refuse("DataError", f"Operator must be one of =, !=, >, <, in, like, is: {sign}")


def _triple(condition: object) -> tuple[str, str, object]:
    """[field, sign, value], [doctype, field, sign, value], or a (field, value) pair of a filter object."""
    parts = list(condition) if isinstance(condition, list | tuple) else []
    if len(parts) == 2:  # noqa: PLR2004 - the three lengths are the language
        field, value = parts
        return (field, *value) if isinstance(value, list) else (field, "=", value)
    if len(parts) in {3, 4}:
        field, sign, value = parts[-3:]
        return str(field), str(sign).lower(), value
    raise refuse("DataError", f"Filter must have 3 or 4 values: {condition}")


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return "" if value is None else str(value)
