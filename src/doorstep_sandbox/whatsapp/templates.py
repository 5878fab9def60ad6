"""Templates: what they look like, and whether the parameters of a message fit them."""

from __future__ import annotations

import re

from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.whatsapp import errors

MARK = re.compile(r"\{\{\s*(\w+)\s*\}\}")
FORBIDDEN = re.compile(r"[\n\t]| {5,}")
MAX_BODY = 1024
NAME = re.compile(r"[a-z0-9_]{1,512}")
CATEGORIES = ("UTILITY", "MARKETING", "AUTHENTICATION")
NOT_SENT = {"PAUSED": errors.TEMPLATE_PAUSED, "DISABLED": errors.TEMPLATE_DISABLED}


def template(identifier: str, body: Json) -> Json:
    """A template as the vendor lists it; raises the vendor's error for a wrong one."""
    name, language = str(body.get("name", "")), str(body.get("language", ""))
    if not NAME.fullmatch(name):
        raise errors.refusal(errors.INVALID_PARAMETER, "name must be lower case letters, digits and _")
    if not language or body.get("category") not in CATEGORIES:
        raise errors.refusal(
            errors.INVALID_PARAMETER, f"language and category ({', '.join(CATEGORIES)}) are needed"
        )
    if not any(part.get("type") == "BODY" for part in body.get("components", [])):
        raise errors.refusal(errors.INVALID_PARAMETER, "components need a BODY")
    return {
        "name": name,
        "parameter_format": body.get("parameter_format", "POSITIONAL"),
        "components": body["components"],
        "language": language,
        "status": body.get("status", "APPROVED"),
        "category": body["category"],
        "id": identifier,
    }


def check(found: Json | None, wanted: Json) -> None:
    """Raise the vendor's error unless the message's template exists, may be sent, and gets its parameters."""
    name, code = wanted.get("name"), (wanted.get("language") or {}).get("code")
    if found is None or found["status"] not in {"APPROVED", *NOT_SENT}:
        raise errors.refusal(errors.NO_TEMPLATE, f"template name ({name}) does not exist in {code}")
    if found["status"] in NOT_SENT:
        raise errors.refusal(NOT_SENT[found["status"]])
    given = {str(part.get("type", "")).lower(): part for part in wanted.get("components") or []}
    for part in found["components"]:
        kind = str(part["type"]).lower()
        if "text" in part and kind in {"header", "body"}:
            text = _filled(part["text"], (given.get(kind) or {}).get("parameters") or [], kind, found)
            if kind == "body" and len(text) > MAX_BODY:
                raise errors.refusal(errors.TEMPLATE_TOO_LONG)


def _filled(text: str, parameters: list[Json], kind: str, found: Json) -> str:
    marks = list(dict.fromkeys(MARK.findall(text)))
    if len(parameters) != len(marks):
        details = f"{kind}: number of localizable_params ({len(parameters)}) does not match the expected number of params ({len(marks)})"
        raise errors.refusal(errors.TEMPLATE_PARAMETERS, details)
    if found["parameter_format"] == "NAMED":
        values = {str(one.get("parameter_name")): _value(one) for one in parameters}
    else:
        values = dict(zip(marks, map(_value, parameters), strict=True))
    if set(values) != set(marks):
        raise errors.refusal(errors.TEMPLATE_FORMAT, f"{kind}: parameters are named {', '.join(marks)}")
    return MARK.sub(lambda mark: values[mark.group(1)], text)


def _value(parameter: Json) -> str:
    kind = parameter.get("type")
    if kind == "text":
        value = str(parameter.get("text", ""))
    elif kind in {"currency", "date_time"}:
        value = str((parameter.get(kind) or {}).get("fallback_value", ""))
    else:
        raise errors.refusal(errors.TEMPLATE_FORMAT, f"a parameter of type {kind} is not a text")
    if not value:
        raise errors.refusal(errors.PARAMETER_MISSING, "Parameter of type text is missing text value")
    if FORBIDDEN.search(value):
        details = "Param text cannot have new-line/tab characters or more than 4 consecutive spaces"
        raise errors.refusal(errors.TEMPLATE_TEXT, details)
    return value
