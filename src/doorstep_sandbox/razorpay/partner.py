"""Serve Razorpay: Basic auth, amount checks, refunds once per idempotency key."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
from typing import ClassVar

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame import outgoing
from doorstep_sandbox.frame.calls import Call, Route, VendorError, route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.razorpay import shapes

KEY_HEADER = "X-Refund-Idempotency"
MIN_KEY_LENGTH = 10
MIN_AMOUNT = 100
MAX_RECEIPT = 40


class Razorpay(Partner):
    """Amounts are in paise. A refund is processed at once, or after `refund_seconds` (control verb `script`)."""

    name = "razorpay"
    retry_seconds = (60, 120, 240, 480, 960, 1920, 3840, 7680, 15360, 30720)
    empty_state: ClassVar[Json] = {
        "orders": {},
        "payments": {},
        "refunds": {},
        "keys": {},
        "refund_seconds": 0,
    }
    generated: ClassVar[dict[str, int]] = {"key_id": 7, "key_secret": 12, "webhook_secret": 16}

    @classmethod
    def generate(cls) -> Json:
        return {
            **super().generate(),
            "key_id": "rzp_test_" + secrets.token_hex(7),
            "account_id": "acc_Sandbox0000001",
        }

    def routes(self) -> list[Route]:
        return [
            route("POST", "/v1/orders", self.create_order),
            route("GET", "/v1/orders", self.list_orders),
            route("GET", "/v1/orders/{order_id}", self.fetch_order),
            route("GET", "/v1/orders/{order_id}/payments", self.order_payments),
            route("GET", "/v1/payments", self.list_payments),
            route("GET", "/v1/payments/{payment_id}", self.fetch_payment),
            route("POST", "/v1/payments/{payment_id}/capture", self.capture),
            route("POST", "/v1/payments/{payment_id}/refund", self.refund),
            route("GET", "/v1/payments/{payment_id}/refunds", self.payment_refunds),
            route("GET", "/v1/payments/{payment_id}/refunds/{refund_id}", self.fetch_refund),
            route("GET", "/v1/refunds", self.list_refunds),
            route("GET", "/v1/refunds/{refund_id}", self.fetch_refund),
        ]

    def verbs(self) -> dict[str, Verb]:
        return {"pay": self.pay, "script": self.script}

    def authorize(self, call: Call) -> Response | None:
        pair = f"{self.settings['key_id']}:{self.settings['key_secret']}"
        expected = "Basic " + base64.b64encode(pair.encode()).decode()
        if hmac.compare_digest(call.headers.get("authorization", ""), expected):
            return None
        return shapes.server_error("Authentication failed", 401)

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        secret = "wrong" if draft.forge else str(self.settings["webhook_secret"])
        signature = hmac.new(secret.encode(), draft.body, hashlib.sha256).hexdigest()
        return {"X-Razorpay-Signature": signature, "x-razorpay-event-id": draft.event_id}

    def idempotency_key(self, call: Call) -> str:
        return call.headers.get(KEY_HEADER, "")

    def resource(self, call: Call) -> str:
        return "/".join([*call.params.values(), self.idempotency_key(call)])

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        return shapes.server_error(message, status, headers)

    def credentials(self) -> Json:
        return {**super().credentials(), "account_id": self.settings["account_id"]}

    # vendor calls

    def create_order(self, call: Call) -> Response:
        body = read(call)
        check_amount(body.get("amount"))
        if body.get("currency") != "INR":
            raise shapes.bad_request("Currency is not supported", field="currency")
        receipt = body.get("receipt")
        if receipt is not None and len(str(receipt)) > MAX_RECEIPT:
            raise shapes.bad_request("The receipt may not be greater than 40 characters.", field="receipt")
        if body.get("unique_receipt"):
            for existing in self.state["orders"].values():
                if existing["receipt"] == receipt:
                    return JSONResponse(existing)
        return JSONResponse(self._keep("orders", shapes.order(body)))

    def list_orders(self, call: Call) -> Response:
        return self._list("orders", call, receipt=call.query.get("receipt"))

    def fetch_order(self, call: Call) -> Response:
        return JSONResponse(self._get("orders", call.params["order_id"]))

    def order_payments(self, call: Call) -> Response:
        order = self._get("orders", call.params["order_id"])
        return self._list("payments", call, order_id=order["id"])

    def list_payments(self, call: Call) -> Response:
        return self._list("payments", call)

    def fetch_payment(self, call: Call) -> Response:
        return JSONResponse(self._get("payments", call.params["payment_id"]))

    def capture(self, call: Call) -> Response:
        payment = self._get("payments", call.params["payment_id"])
        body = read(call)
        if payment["status"] != "authorized":
            raise shapes.bad_request("This payment has already been captured")
        if body.get("amount") != payment["amount"]:
            raise shapes.bad_request("Capture amount must be equal to the amount authorized", field="amount")
        self._capture(payment)
        return JSONResponse(payment)

    async def refund(self, call: Call) -> Response:
        payment = self._get("payments", call.params["payment_id"])
        key = self.idempotency_key(call)
        if not key:
            return JSONResponse(self._refund(payment, read(call)))
        if len(key) < MIN_KEY_LENGTH:
            raise shapes.bad_request("The idempotency key must be at least 10 characters long")
        known: Json | None = self.state["keys"].get(key)
        if known is None:
            return await self._first_refund(key, payment, call)
        if known["request"] != _fingerprint(call):
            raise shapes.bad_request("A different request was made with the same idempotency key")
        if known["refund_id"] is None:
            return shapes.server_error("The request with this idempotency key is in progress", 409)
        return JSONResponse(self.state["refunds"][known["refund_id"]])

    def payment_refunds(self, call: Call) -> Response:
        payment = self._get("payments", call.params["payment_id"])
        return self._list("refunds", call, payment_id=payment["id"])

    def list_refunds(self, call: Call) -> Response:
        return self._list("refunds", call)

    def fetch_refund(self, call: Call) -> Response:
        refund = self._get("refunds", call.params["refund_id"])
        if call.params.get("payment_id", refund["payment_id"]) != refund["payment_id"]:
            raise shapes.bad_request("The id provided does not exist")
        return JSONResponse(refund)

    # control verbs

    def pay(self, body: Json) -> Json:
        """A buyer pays: creates an order and a payment, captured unless auto_capture is false."""
        order = self._keep("orders", shapes.order({"currency": "INR", **body, "amount": int(body["amount"])}))
        payment = self._keep("payments", shapes.payment(order, body))
        order.update(status="attempted", attempts=1)
        self._announce("payment.authorized", payment=payment)
        if body.get("auto_capture", True):
            self._capture(payment)
        return {"order_id": order["id"], "payment_id": payment["id"], "payment": payment}

    def script(self, body: Json) -> Json:
        self.state["refund_seconds"] = float(body["refund_seconds"])
        return {"refund_seconds": self.state["refund_seconds"]}

    # work

    async def _first_refund(self, key: str, payment: Json, call: Call) -> Response:
        entry: Json = {"request": _fingerprint(call), "refund_id": None}
        self.state["keys"][key] = entry
        try:
            if self.state["refund_seconds"]:
                await asyncio.sleep(self.state["refund_seconds"])
            refund = self._refund(payment, read(call))
        except VendorError:
            del self.state["keys"][key]
            raise
        entry["refund_id"] = refund["id"]
        return JSONResponse(refund)

    def _refund(self, payment: Json, body: Json) -> Json:
        if payment["status"] not in {"captured", "refunded"}:
            raise shapes.bad_request("The payment status should be captured for action to be taken")
        left = payment["amount"] - payment["amount_refunded"]
        if left == 0:
            raise shapes.bad_request("The payment has been fully refunded already")
        amount = body.get("amount", left)
        check_amount(amount)
        if amount > left:
            raise shapes.bad_request("The total refund amount is greater than the refund payment amount")
        refund = self._keep("refunds", shapes.refund(payment, {**body, "amount": amount}))
        payment["amount_refunded"] += amount
        full = payment["amount_refunded"] == payment["amount"]
        payment.update(refund_status="full" if full else "partial", status="refunded" if full else "captured")
        for event in ("refund.created", "refund.processed"):
            self._announce(event, refund=refund, payment=payment)
        return refund

    def _capture(self, payment: Json) -> None:
        shapes.capture(payment)
        order = self.state["orders"][payment["order_id"]]
        order.update(status="paid", amount_paid=payment["amount"], amount_due=0)
        self._announce("payment.captured", payment=payment)
        self._announce("order.paid", payment=payment, order=order)

    def _announce(self, name: str, **entities: Json) -> None:
        self.hooks.post(name, shapes.event(name, str(self.settings["account_id"]), entities))

    def _keep(self, kind: str, entity: Json) -> Json:
        self.state[kind][entity["id"]] = entity
        return entity

    def _get(self, kind: str, identifier: str) -> Json:
        entity: Json | None = self.state[kind].get(identifier)
        if entity is None:
            raise shapes.bad_request("The id provided does not exist")
        return entity

    def _list(self, kind: str, call: Call, **wanted: str | None) -> Response:
        """Newest first, paged by `count` and `skip`."""
        found = [
            entity
            for entity in reversed(self.state[kind].values())
            if all(value is None or entity[name] == value for name, value in wanted.items())
        ]
        skip, count = int(call.query.get("skip", 0)), int(call.query.get("count", 10))
        return JSONResponse(shapes.collection(found[skip : skip + count]))


def read(call: Call) -> Json:
    try:
        return call.json()
    except ValueError:
        raise shapes.bad_request("The request body is not valid JSON") from None


def check_amount(amount: object) -> None:
    if not isinstance(amount, int) or isinstance(amount, bool):
        raise shapes.bad_request("The amount must be an integer.", field="amount")
    if amount < MIN_AMOUNT:
        raise shapes.bad_request("The amount must be at least INR 1.00", field="amount")


def _fingerprint(call: Call) -> str:
    return f"{call.path} {hashlib.sha256(call.body).hexdigest()}"
