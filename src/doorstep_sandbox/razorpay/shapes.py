"""Build Razorpay's entities and errors as the vendor sends them; webhooks follow its published samples."""

from __future__ import annotations

import random
import string

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.calls import VendorError
from doorstep_sandbox.frame.wire import Json

ALPHABET = string.ascii_letters + string.digits
FEE_PERCENT = 2
GST_ON_FEE_PERCENT = 18


def new_id(prefix: str) -> str:
    return prefix + "_" + "".join(random.choices(ALPHABET, k=14))


def bad_request(description: str, *, field: str | None = None, status: int = 400) -> VendorError:
    error: Json = {
        "code": "BAD_REQUEST_ERROR",
        "description": description,
        "source": "business",
        "step": "payment_initiation",
        "reason": "input_validation_failed",
        "metadata": {},
    }
    if field:
        error["field"] = field
    return VendorError(JSONResponse({"error": error}, status))


def server_error(description: str, status: int, headers: dict[str, str] | None = None) -> Response:
    code = "SERVER_ERROR" if status >= 500 else "BAD_REQUEST_ERROR"  # noqa: PLR2004 - HTTP's own boundary
    error = {"code": code, "description": description, "source": "NA", "step": "NA", "reason": "NA"}
    return JSONResponse({"error": {**error, "metadata": {}}}, status, headers)


def collection(items: list[Json]) -> Json:
    return {"entity": "collection", "count": len(items), "items": items}


def order(body: Json) -> Json:
    return {
        "id": new_id("order"),
        "entity": "order",
        "amount": body["amount"],
        "amount_paid": 0,
        "amount_due": body["amount"],
        "currency": body["currency"],
        "receipt": body.get("receipt"),
        "offer_id": None,
        "status": "created",
        "attempts": 0,
        "notes": body.get("notes") or [],
        "created_at": clock.epoch(),
    }


def payment(for_order: Json, body: Json) -> Json:
    """An authorized payment by UPI (or the requested method)."""
    method = body.get("method", "upi")
    rrn = "".join(random.choices(string.digits, k=12))
    return {
        "id": new_id("pay"),
        "entity": "payment",
        "amount": for_order["amount"],
        "currency": for_order["currency"],
        "base_amount": for_order["amount"],
        "status": "authorized",
        "order_id": for_order["id"],
        "invoice_id": None,
        "international": False,
        "method": method,
        "amount_refunded": 0,
        "amount_transferred": 0,
        "refund_status": None,
        "captured": False,
        "description": body.get("description"),
        "card_id": None,
        "bank": body.get("bank"),
        "wallet": body.get("wallet"),
        "vpa": body.get("vpa", "buyer@okbank") if method == "upi" else None,
        "email": body.get("email", "buyer@example.com"),
        "contact": body.get("contact", "+919000000000"),
        "notes": body.get("notes") or [],
        "fee": None,
        "tax": None,
        "error_code": None,
        "error_description": None,
        "error_source": None,
        "error_step": None,
        "error_reason": None,
        "acquirer_data": {"rrn": rrn, "upi_transaction_id": new_id("UPI")} if method == "upi" else {},
        "created_at": clock.epoch(),
    }


def capture(entity: Json) -> None:
    """Mark a payment captured and add the vendor's fee (2 % plus GST on the fee)."""
    fee = entity["amount"] * FEE_PERCENT // 100
    tax = fee * GST_ON_FEE_PERCENT // 100
    entity.update(status="captured", captured=True, fee=fee + tax, tax=tax)


def refund(of_payment: Json, body: Json) -> Json:
    speed = body.get("speed", "normal")
    return {
        "id": new_id("rfnd"),
        "entity": "refund",
        "amount": body["amount"],
        "currency": of_payment["currency"],
        "payment_id": of_payment["id"],
        "notes": body.get("notes") or [],
        "receipt": body.get("receipt"),
        "acquirer_data": {"arn": None},
        "created_at": clock.epoch(),
        "batch_id": None,
        "status": "processed",
        "speed_processed": "instant" if speed == "optimum" else "normal",
        "speed_requested": speed,
    }


ONLY_LATER = frozenset({"base_amount", "amount_transferred"})
NOT_IN_ORDER_PAID = ONLY_LATER | {"error_source", "error_step", "error_reason", "acquirer_data"}


def event(name: str, account_id: str, entities: dict[str, Json]) -> Json:
    """A webhook body; older events have fewer payment fields, as in the vendor's samples."""
    hidden = {"payment.authorized": ONLY_LATER, "order.paid": NOT_IN_ORDER_PAID}.get(name, frozenset())
    payload = {
        kind: {"entity": {key: value for key, value in entity.items() if key not in hidden}}
        for kind, entity in entities.items()
    }
    return {
        "entity": "event",
        "account_id": account_id,
        "event": name,
        "contains": list(entities),
        "payload": payload,
        "created_at": clock.epoch(),
    }
