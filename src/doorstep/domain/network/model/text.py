"""The document as people write it: YAML in and out, its JSON Schema, and what a new one changes."""

from __future__ import annotations

import difflib

import msgspec
import yaml

from doorstep.domain.network.model.document import Document
from doorstep.kernel import errors


def read(text: str) -> Document:
    """A document from YAML (or JSON, which is YAML). Raises Invalid with the place of what is wrong.

    Words are read as words: what is a number, a date or a time of day is said by the schema and not by its looks.
    """
    try:
        words = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - reads text only, it makes no objects
    except yaml.YAMLError as problem:
        raise errors.Invalid(f"This is no YAML: {' '.join(str(problem).split())}.") from problem
    return told(words or {})


def told(words: object) -> Document:
    """A document from plain values, as JSON gives them. Raises Invalid with the place of what is wrong."""
    try:
        return msgspec.convert(words, Document, strict=False)
    except msgspec.ValidationError as problem:
        raise errors.Invalid(f"The network document is not right: {problem}.") from problem


def write(document: Document) -> str:
    """The document as YAML."""
    words = msgspec.to_builtins(document, str_keys=True)
    return str(yaml.safe_dump(words, sort_keys=False, allow_unicode=True, width=120))


def schema() -> dict[str, object]:
    """Its JSON Schema, for editors and for whoever writes documents by a program."""
    return msgspec.json.schema(Document)


def changes(before: Document, after: Document) -> list[str]:
    """What a new document changes, line by line of its YAML: "+ …" and "- …" with a little around it."""
    old, new = write(before).splitlines(), write(after).splitlines()
    return list(difflib.unified_diff(old, new, "now", "then", lineterm="", n=2))[2:]
