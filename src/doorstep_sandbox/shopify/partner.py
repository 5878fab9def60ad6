"""Serve Shopify: one GraphQL endpoint with a token, a leaky bucket in points, and signed webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from pathlib import Path
from typing import ClassVar

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame import limits, outgoing
from doorstep_sandbox.frame.calls import Call, Route, route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shopify import cost, execute, shop, sign_in

VERSION = "2026-07"
THROTTLED = {
    "message": "Throttled",
    "extensions": {"code": "THROTTLED", "documentation": "https://shopify.dev/api/usage/rate-limits"},
}


class Shopify(Partner):
    """`topics` in the settings go to the configured address; subscriptions made through the API have their own."""

    name = "shopify"
    retry_seconds = (56, 113, 226, 452, 904, 1808, 3616, 7232)
    empty_state: ClassVar[Json] = {
        "orders": {},
        "returns": {},
        "variants": {},
        "levels": {},
        "subscriptions": {},
        "idempotent": {},
        "codes": {},
        "access_tokens": {},
        "refresh_tokens": {},
    }
    generated: ClassVar[dict[str, int]] = {"client_id": 16, "client_secret": 16}

    def __init__(self, settings: Json, *, state_file: Path | None = None) -> None:
        super().__init__(settings, state_file=state_file)
        limit: Json = self.settings.get("bucket", {})
        self.bucket = limits.Bucket(limit.get("maximum", 2000), limit.get("restore_rate", 100))
        self.shop = shop.Shop(lambda: self.state, self.settings, self._announce)
        self.engine = execute.Engine(self.shop)
        self.sign_in = sign_in.SignIn(self.settings, lambda: self.state)

    @classmethod
    def generate(cls) -> Json:
        name = f"sandbox-{secrets.token_hex(3)}.myshopify.com"
        return {**super().generate(), "shop_domain": name, "access_token": f"shpat_{secrets.token_hex(16)}"}

    def credentials(self) -> Json:
        keys = ("shop_domain", "access_token", "client_id", "client_secret")
        return {**{key: self.settings[key] for key in keys}, "api_version": VERSION}

    def routes(self) -> list[Route]:
        return [
            route("POST", f"/admin/api/{VERSION}/graphql.json", self.graphql),
            route("GET", sign_in.AUTHORIZE, self.sign_in.authorize),
            route("POST", sign_in.CONFIRM, self.sign_in.confirm),
            route("POST", sign_in.TOKEN, self.sign_in.token),
        ]

    def verbs(self) -> dict[str, Verb]:
        return {
            "place_order": self.shop.place_order,
            "mark_paid": self.shop.mark_paid,
            "edit_order": self.shop.edit_order,
            "cancel_order": self.shop.cancel_order,
            "request_return": self.shop.request_return,
            "catalog": self.shop.catalog,
            "send_raw": self.send_raw,
            "expire_tokens": self.sign_in.expire,
            "uninstall": self.sign_in.uninstall,
        }

    def authorize(self, call: Call) -> Response | None:
        token = call.headers.get("x-shopify-access-token", "")
        is_fixed = hmac.compare_digest(token, str(self.settings["access_token"]))
        if call.route in sign_in.PATHS or is_fixed or self.sign_in.may(token):
            return None
        return self.error(401, "[API] Invalid API key or access token (unrecognized login or wrong password)")

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        secret = "wrong" if draft.forge else str(self.settings["client_secret"])
        digest = hmac.new(secret.encode(), draft.body, hashlib.sha256).digest()
        return {
            "X-Shopify-Topic": draft.topic,
            "X-Shopify-Hmac-Sha256": base64.b64encode(digest).decode(),
            "X-Shopify-Shop-Domain": str(self.settings["shop_domain"]),
            "X-Shopify-API-Version": VERSION,
            "X-Shopify-Webhook-Id": draft.delivery_id,
            "X-Shopify-Event-Id": draft.event_id,
            "X-Shopify-Triggered-At": draft.triggered_at,
        }

    def operation(self, call: Call) -> str:
        document, _, name = _read(call)
        return cost.root_field(document, name)

    def idempotency_key(self, call: Call) -> str:
        return cost.idempotency_key(*_read(call))

    def resource(self, call: Call) -> str:
        """The target of a call: the global ids in its variables, or its key; the same for every attempt."""
        text = json.dumps(_read(call)[1], sort_keys=True)
        ids = [part.split('"')[0] for part in text.split('"gid://')[1:]]
        return self.idempotency_key(call) or ",".join(ids)

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"errors": message}, status, headers)

    def over_limit(self, call: Call) -> Response | None:
        points = self._points(call)
        return None if self.bucket.level() >= points else self.too_many(call)

    def too_many(self, call: Call) -> Response:
        """HTTP 200, as the vendor responds."""
        return JSONResponse(
            {"errors": [THROTTLED], "extensions": {"cost": self._cost(self._points(call), None)}}
        )

    def graphql(self, call: Call) -> Response:
        document, variables, name = _read(call)
        if not document:
            return self.error(400, "Required parameter missing or invalid")
        points = self._points(call)
        self.bucket.take(points)
        answer = self.engine.run(document, variables, name)
        answer["extensions"] = {"cost": self._cost(points, points)}
        return JSONResponse(answer)

    def send_raw(self, body: Json) -> Json:
        """Send any bytes under any topic, with a valid signature or not."""
        if not body.get("valid_signature", True):
            self.hooks.manner.wrong_signature_next += 1
        self.hooks.post(body["topic"], str(body["body"]).encode())
        return {"queued": True}

    def _announce(self, topic: str, payload: Json) -> None:
        enum = topic.replace("/", "_").upper()
        urls = [one["uri"] for one in self.state["subscriptions"].values() if one["topic"] == enum]
        topics = self.settings.get("topics", shop.TOPICS)
        self.hooks.post(topic, payload, urls, default=topic in topics)

    def _points(self, call: Call) -> int:
        return cost.points(*_read(call))

    def _cost(self, requested: int, actual: int | None) -> Json:
        return {
            "requestedQueryCost": requested,
            "actualQueryCost": actual,
            "throttleStatus": {
                "maximumAvailable": float(self.bucket.maximum),
                "currentlyAvailable": int(self.bucket.level()),
                "restoreRate": float(self.bucket.restore_rate),
            },
        }


def _read(call: Call) -> tuple[str, Json, str | None]:
    """Document, variables and operation name; an unreadable body is an empty document."""
    try:
        body = call.json()
    except ValueError:
        return "", {}, None
    variables = body.get("variables") or {}
    if isinstance(variables, str):
        variables = json.loads(variables)
    return str(body.get("query") or ""), variables, body.get("operationName")
