"""Build Frappe's errors: HTTP status by exception class, messages encoded twice in _server_messages."""

from __future__ import annotations

import json

from starlette.responses import JSONResponse

from doorstep_sandbox.frame.calls import VendorError
from doorstep_sandbox.frame.wire import Json

STATUS = {
    "AuthenticationError": 401,
    "PermissionError": 403,
    "DoesNotExistError": 404,
    "DuplicateEntryError": 409,
    "RateLimitExceededError": 429,
    "InternalError": 500,
}
VALIDATION = 417


def response(kind: str, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """Every class that is not listed is a kind of ValidationError: 417."""
    body: Json = {
        "exception": f"frappe.exceptions.{kind}: {message}",
        "exc_type": kind,
        "exc": json.dumps([f"Traceback (most recent call last):\nfrappe.exceptions.{kind}: {message}\n"]),
        "_server_messages": json.dumps(
            [json.dumps({"message": message, "title": "Message", "indicator": "red", "raise_exception": 1})]
        ),
    }
    return JSONResponse(body, STATUS.get(kind, VALIDATION), headers)


def refuse(kind: str, message: str) -> VendorError:
    return VendorError(response(kind, message))
