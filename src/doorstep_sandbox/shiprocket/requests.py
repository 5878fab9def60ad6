"""Validate orders like Shiprocket, with errors per field."""

from __future__ import annotations

import re

from starlette.responses import JSONResponse

from doorstep_sandbox.frame.calls import VendorError
from doorstep_sandbox.frame.wire import Json

PARCEL = ("order_items", "payment_method", "sub_total", "length", "breadth", "height", "weight")
PERSON = ("customer_name", "address", "city", "pincode", "state", "country", "phone")
FORWARD = ("order_id", "order_date", "pickup_location", *(f"billing_{field}" for field in PERSON), *PARCEL)
RETURN = (
    "order_id",
    "order_date",
    *(f"pickup_{field}" for field in PERSON),
    *(f"shipping_{field}" for field in PERSON),
    *PARCEL,
)
ITEM = ("name", "sku", "units", "selling_price")
MAX_ORDER_ID = 50
PINCODE = re.compile(r"[1-9][0-9]{5}")
PHONE = re.compile(r"[0-9]{10}")


def refuse(status: int, message: str, errors: dict[str, list[str]] | None = None) -> VendorError:
    body: Json = {"message": message, "status_code": status}
    if errors:
        body["errors"] = errors
    return VendorError(JSONResponse(body, status))


def check(body: Json, required: tuple[str, ...]) -> None:
    """Raises the vendor's 422 that names every invalid field."""
    errors: dict[str, list[str]] = {}
    for field in required:
        if body.get(field) in (None, "", []):
            errors[field] = [f"The {field.replace('_', ' ')} field is required."]
    for field, value in body.items():
        problem = _problem(field, value)
        if problem and value not in (None, ""):
            errors.setdefault(field, []).append(problem)
    for position, item in enumerate(body.get("order_items") or []):
        for field in ITEM:
            if item.get(field) in (None, ""):
                errors[f"order_items.{position}.{field}"] = [
                    f"The {field.replace('_', ' ')} field is required."
                ]
    if errors:
        raise refuse(422, "The given data was invalid.", errors)


def _problem(field: str, value: object) -> str:
    name = field.replace("_", " ")
    if field.endswith("_pincode") and not PINCODE.fullmatch(str(value)):
        return f"The {name} must be 6 digits."
    if field.endswith("_phone") and not PHONE.fullmatch(str(value)):
        return f"The {name} must be 10 digits."
    if field == "order_id" and len(str(value)) > MAX_ORDER_ID:
        return f"The {name} may not be greater than {MAX_ORDER_ID} characters."
    if field == "payment_method" and str(value).upper() not in {"COD", "PREPAID"}:
        return f"The selected {name} is invalid."
    if field in {"length", "breadth", "height", "weight"} and not _positive(value):
        return f"The {name} must be greater than 0."
    return ""


def _positive(value: object) -> bool:
    try:
        return float(str(value)) > 0
    except ValueError:
        return False
