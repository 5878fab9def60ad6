"""Read and write the network document: YAML, its JSON Schema, and the differences between versions."""

from __future__ import annotations

import difflib

import msgspec
import yaml

from doorstep.domain.network.model.document import Document
from doorstep.kernel import errors


def read(text: str) -> Document:
    """Parse a document from YAML (or JSON, which is YAML). Raises Invalid with the position of each error.

    Scalars are read as strings: the schema decides what is a number, a date or a time of day, not their spelling.
    """
    try:
        words = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - reads text only, it makes no objects
    except yaml.YAMLError as problem:
        raise errors.Invalid(f"This is not valid YAML: {' '.join(str(problem).split())}.") from problem
    return reported(words or {})


def reported(words: object) -> Document:
    """Parse a document from plain values, as JSON gives them. Raises Invalid with the position of each error."""
    try:
        return msgspec.convert(words, Document, strict=False)
    except msgspec.ValidationError as problem:
        raise errors.Invalid(f"The network document is not valid: {problem}.") from problem


def write(document: Document) -> str:
    """The document as YAML."""
    words = msgspec.to_builtins(document, str_keys=True)
    return str(yaml.safe_dump(words, sort_keys=False, allow_unicode=True, width=120))


def schema() -> dict[str, object]:
    """The JSON Schema of the document, for editors and for programs that write documents."""
    return msgspec.json.schema(Document)


def changes(before: Document, after: Document) -> list[str]:
    """The differences of a new document, line by line of its YAML: "+ …" and "- …" with a little context."""
    old, new = write(before).splitlines(), write(after).splitlines()
    return list(difflib.unified_diff(old, new, "now", "then", lineterm="", n=2))[2:]
