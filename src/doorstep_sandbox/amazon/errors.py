"""Errors as Amazon writes them: a list for the Selling Partner API, RFC 6749 for Login with Amazon, XML for uploads."""

from __future__ import annotations

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame.calls import Call, VendorError
from doorstep_sandbox.frame.wire import Json

DENIED = "Access to requested resource is denied."


def answer(status: int, code: str, message: str, details: str = "") -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message, "details": details}]}, status)


def invalid(message: str, details: str = "") -> VendorError:
    """400 InvalidInput, which most operations answer for whatever is wrong with a request."""
    return VendorError(answer(400, "InvalidInput", message, details))


def missing(message: str = "The resource specified does not exist.") -> VendorError:
    return VendorError(answer(404, "NotFound", message))


def conflict(message: str) -> VendorError:
    return VendorError(answer(409, "Conflict", message))


def body_of(call: Call) -> Json:
    """The body as an object; raises VendorError if it is not one."""
    try:
        return call.json()
    except ValueError:
        raise invalid("The request body is not valid JSON.") from None


def denied(details: str) -> Response:
    return answer(403, "Unauthorized", DENIED, details)


def sign_in(error: str, description: str, status: int = 400) -> VendorError:
    return VendorError(JSONResponse({"error": error, "error_description": description}, status))


def upload(status: int, code: str, message: str) -> VendorError:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return VendorError(Response(text, status, media_type="application/xml"))
