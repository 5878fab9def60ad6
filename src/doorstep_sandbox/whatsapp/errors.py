"""Meta's errors: a code says what went wrong, `error_data.details` why; the same errors come back in failed statuses."""

from __future__ import annotations

import dataclasses
import secrets

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame.calls import VendorError
from doorstep_sandbox.frame.wire import Json

HELP = "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/"


@dataclasses.dataclass(frozen=True, slots=True)
class Error:
    """A code of Meta with its title and HTTP status. `subcode` stands in answers about tokens and objects only."""

    code: int
    title: str
    status: int = 400
    subcode: int | None = None
    kind: str = "OAuthException"


INVALID_TOKEN = Error(190, "Invalid OAuth access token - Cannot parse access token", 401)
EXPIRED_TOKEN = Error(190, "Error validating access token: Session has expired", 401, 463)
NO_OBJECT = Error(100, "Unsupported request. Object does not exist or cannot be loaded", 400, 33)
INVALID_PARAMETER = Error(100, "Invalid parameter")
UNKNOWN_PATH = Error(2500, "Unknown path components")
CALLBACK = Error(2200, "Callback verification failed")
ACCOUNT_LIMIT = Error(80007, "Rate limit issues", 429)
THROUGHPUT = Error(130429, "Rate limit hit", 429)
WENT_WRONG = Error(131000, "Something went wrong", 500)
PARAMETER_MISSING = Error(131008, "Required parameter is missing")
PARAMETER_INVALID = Error(131009, "Parameter value is not valid")
UNDELIVERABLE = Error(131026, "Message undeliverable")
NOT_ALLOWED = Error(131030, "Recipient phone number not in allowed list")
RE_ENGAGEMENT = Error(131047, "Re-engagement message")
MARKETING_STOPPED = Error(131050, "User has stopped marketing messages")
UNSUPPORTED_TYPE = Error(131051, "Unsupported message type")
TEMPLATE_PARAMETERS = Error(132000, "Number of parameters does not match the expected number of params")
NO_TEMPLATE = Error(132001, "Template name does not exist in the translation", 404)
TEMPLATE_TOO_LONG = Error(132005, "Translated text too long")
TEMPLATE_FORMAT = Error(132012, "Parameter format does not match format in the created template")
TEMPLATE_PAUSED = Error(132015, "Template is paused")
TEMPLATE_DISABLED = Error(132016, "Template is disabled")
TEMPLATE_TEXT = Error(132018, "There's an issue with the parameters in your template")


def answer(error: Error, details: str = "", headers: dict[str, str] | None = None) -> Response:
    body: Json = {"message": f"(#{error.code}) {error.title}", "type": error.kind, "code": error.code}
    if details:
        body["error_data"] = {"messaging_product": "whatsapp", "details": details}
    if error.subcode is not None:
        body["error_subcode"] = error.subcode
    body["fbtrace_id"] = "A" + secrets.token_urlsafe(16)
    return JSONResponse({"error": body}, error.status, headers)


def refusal(error: Error, details: str = "") -> VendorError:
    return VendorError(answer(error, details))


def in_status(error: Error, details: str) -> Json:
    """The same error in a status `failed`."""
    return {
        "code": error.code,
        "title": error.title,
        "message": error.title,
        "error_data": {"details": details or error.title},
        "href": HELP,
    }
