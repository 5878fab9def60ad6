"""The JSON type of the sandboxes: data of other companies, compared with the vendors' own schemas in tests."""

from __future__ import annotations

import json
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]


def compact(document: object) -> bytes:
    """JSON as most vendors send it: UTF-8, without spaces."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def parse_object(raw: bytes) -> Json:
    """Parse a request body as a JSON object; an empty body is an empty object. Raises ValueError otherwise."""
    document = json.loads(raw) if raw.strip() else {}
    if not isinstance(document, dict):
        message = f"expected a JSON object, got {type(document).__name__}"
        raise ValueError(message)  # noqa: TRY004 - callers handle every unreadable body alike
    return document
