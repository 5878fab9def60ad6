"""The one loose type of the sandboxes: JSON of other companies, whose shapes tests compare with the vendors' own."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


def compact(document: object) -> bytes:
    """JSON the way most vendors send it: UTF-8, no blanks."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def parse_object(raw: bytes) -> Json:
    """A JSON object from a request body; an empty body is an empty object. Raises ValueError otherwise."""
    document = json.loads(raw) if raw.strip() else {}
    if not isinstance(document, dict):
        message = f"expected a JSON object, got {type(document).__name__}"
        raise ValueError(message)  # noqa: TRY004 - callers handle every unreadable body alike
    return document
