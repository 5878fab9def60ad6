"""Serve Shiprocket: JWT logins, orders idempotent by order id, AWBs, pickups, labels, unsigned webhooks."""

from __future__ import annotations

import base64
import dataclasses
import datetime as dt
import hashlib
import hmac
import json
import re
import secrets
from pathlib import Path
from typing import ClassVar

from starlette.responses import JSONResponse, Response

from doorstep_sandbox.frame import clock, outgoing
from doorstep_sandbox.frame.calls import Call, Route, route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shiprocket import requests, shapes, shipping, statuses, tracking

TOKEN_HOURS = 240
PREFIX = "/v1/external"
FORBIDDEN_WORDS = {"sr", "kr"}
OPTIONS: Json = {
    "next_awbs": [],
    "async_awb": False,
    "awb_as_integer": False,
    "timestamp_form": "official",
    "scan_status": "string",
    "tracking_in_list": False,
    "duplicate_pickup_status": 200,
}


class Shiprocket(Partner):
    """`options` are set by the control verb `script`: the next AWBs, and which of the vendor's formats to use."""

    name = "shiprocket"
    empty_state: ClassVar[Json] = {"shipments": {}, "pickup_locations": [], "options": OPTIONS}
    generated: ClassVar[dict[str, int]] = {"password": 10, "webhook_token": 16, "jwt_secret": 16}

    def __init__(self, settings: Json, *, state_file: Path | None = None) -> None:
        super().__init__(settings, state_file=state_file)
        refuse_address(self.hooks.manner.url)
        self.shipping = shipping.Shipping(self)

    @classmethod
    def generate(cls) -> Json:
        return {**super().generate(), "email": f"api-{secrets.token_hex(4)}@example.com"}

    def credentials(self) -> Json:
        return {key: self.settings[key] for key in ("email", "password", "webhook_token")}

    def routes(self) -> list[Route]:
        return [
            route("POST", f"{PREFIX}/auth/login", self.login),
            route("POST", f"{PREFIX}/auth/logout", self.logout),
            route("GET", f"{PREFIX}/settings/company/pickup", self.list_pickup_locations),
            route("POST", f"{PREFIX}/settings/company/addpickup", self.add_pickup_location),
            route("GET", f"{PREFIX}/courier/serviceability", self.serviceability),
            route("POST", f"{PREFIX}/orders/create/adhoc", self.create_order),
            route("POST", f"{PREFIX}/orders/create/return", self.create_return),
            route("GET", f"{PREFIX}/orders/show/{{order_id}}", self.show_order),
            route("GET", f"{PREFIX}/orders/processing/return", self.list_returns),
            route("GET", f"{PREFIX}/orders", self.list_orders),
            route("POST", f"{PREFIX}/orders/cancel", self.cancel_orders),
            route("POST", f"{PREFIX}/orders/cancel/shipment/awbs", self.cancel_awbs),
            *self.shipping.routes(PREFIX),
            route("GET", f"{PREFIX}/courier/track/awb/{{awb}}", self.track),
            route("GET", f"{PREFIX}/courier/track/shipment/{{shipment_id}}", self.track),
        ]

    def verbs(self) -> dict[str, Verb]:
        return {"script": self.script, "scan": self.scan}

    def authorize(self, call: Call) -> Response | None:
        if call.path.startswith("/documents/") or call.route.endswith("/auth/login"):
            return None
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and self._valid(token):
            return None
        return self.error(401, "Token can not be parsed, please login again.")

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        return {"x-api-key": "wrong" if draft.forge else str(self.settings["webhook_token"])}

    def resource(self, call: Call) -> str:
        """The caller's order id or the shipment of the call."""
        if call.method == "GET":
            return super().resource(call)
        try:
            body = call.json()
        except ValueError:
            return ""
        return str(
            body.get("order_id") or body.get("shipment_id") or body.get("ids") or body.get("awbs") or ""
        )

    # account

    def login(self, call: Call) -> Response:
        body = read(call)
        good = all(
            hmac.compare_digest(str(body.get(key, "")), str(self.settings[key]))
            for key in ("email", "password")
        )
        if not good:
            raise requests.refuse(400, "Invalid email and password combination")
        account = {"id": 1, "first_name": "API", "last_name": "USER", "email": self.settings["email"]}
        return JSONResponse(
            {
                **account,
                "company_id": shapes.COMPANY_ID,
                "created_at": shapes.stamp(),
                "token": self._token(),
            }
        )

    def logout(self, call: Call) -> Response:
        return JSONResponse({"success": True})

    def list_pickup_locations(self, call: Call) -> Response:
        places = [
            {
                "id": position,
                "pickup_location": place["pickup_location"],
                "company_id": shapes.COMPANY_ID,
                **place,
            }
            for position, place in enumerate(self.pickup_locations, 1)
        ]
        return JSONResponse(
            {"data": {"shipping_address": places, "allow_more": "true", "recent_addresses": []}}
        )

    def add_pickup_location(self, call: Call) -> Response:
        body = read(call)
        needed = (
            "pickup_location",
            "name",
            "email",
            "phone",
            "address",
            "city",
            "state",
            "country",
            "pin_code",
        )
        requests.check(body, needed)
        self.state["pickup_locations"].append(body)
        number = self.next_number("pickup", 1856901)
        address = {
            **body,
            "id": number,
            "pickup_code": body["pickup_location"],
            "company_id": shapes.COMPANY_ID,
        }
        return JSONResponse(
            {"success": True, "address": address, "pickup_id": number, "company_name": "Sandbox"}
        )

    @property
    def pickup_locations(self) -> list[Json]:
        """Pickup locations of the settings and those added; without any, every name is accepted."""
        return [*self.settings.get("pickup_locations", []), *self.state["pickup_locations"]]

    # orders

    def serviceability(self, call: Call) -> Response:
        if "order_id" not in call.query:
            requests.check(call.query, ("pickup_postcode", "delivery_postcode", "weight"))
        if call.query.get("delivery_postcode") in self.settings.get("unserviceable_pincodes", []):
            raise requests.refuse(404, "Requested pincode is not serviceable")
        offers = [shapes.courier(chosen, call.query) for chosen in shapes.COURIERS]
        return JSONResponse(
            {
                "company_auto_shipment_insurance_setting": False,
                "covid_zones": {"delivery_zone": "Green", "pickup_zone": "Green"},
                "currency": "INR",
                "data": {"available_courier_companies": offers},
            }
        )

    def create_order(self, call: Call) -> Response:
        """A repeated order id returns the existing order unchanged; a canceled one is refused."""
        body = read(call)
        requests.check(body, requests.FORWARD)
        names = [place["pickup_location"] for place in self.pickup_locations]
        if names and body["pickup_location"] not in names:
            raise requests.refuse(
                422, "Wrong Pickup location entered. Please choose one location from the data given"
            )
        shipment = self._existing(body["order_id"]) or self._create(body, is_return=False)
        return JSONResponse(
            {
                "order_id": shipment["order_id"],
                "shipment_id": shipment["id"],
                "status": "NEW" if shipment["awb"] is None else shipment["status"]["label"],
                "status_code": shipment["status"]["order_code"],
                "onboarding_completed_now": 0,
                "awb_code": shipment["awb"],
                "courier_company_id": shipment["courier_id"],
                "courier_name": shipment["courier_name"],
            }
        )

    def create_return(self, call: Call) -> Response:
        body = read(call)
        requests.check(body, requests.RETURN)
        shipment = self._existing(body["order_id"]) or self._create(body, is_return=True)
        return JSONResponse(
            {
                "order_id": shipment["order_id"],
                "shipment_id": shipment["id"],
                "status": shipment["status"]["label"],
                "status_code": shipment["status"]["order_code"],
                "company_name": "shiprocket",
            }
        )

    def show_order(self, call: Call) -> Response:
        for shipment in self.shipments():
            if str(shipment["order_id"]) == call.params["order_id"]:
                return JSONResponse({"data": shapes.order(shipment)})
        raise requests.refuse(404, "Order not found")

    def list_orders(self, call: Call) -> Response:
        return self._list(call, is_return=False)

    def list_returns(self, call: Call) -> Response:
        return self._list(call, is_return=True)

    def cancel_orders(self, call: Call) -> Response:
        wanted = {str(identifier) for identifier in read(call).get("ids", [])}
        found = [one for one in self.shipments() if str(one["order_id"]) in wanted]
        if not wanted or len(found) < len(wanted):
            raise requests.refuse(404, "Order not found")
        for shipment in found:
            self._cancel(shipment)
        return JSONResponse({"status_code": 200, "message": "Order cancelled successfully."})

    def cancel_awbs(self, call: Call) -> Response:
        wanted = {str(awb) for awb in read(call).get("awbs", [])}
        for shipment in self.shipments():
            if shipment["awb"] in wanted:
                self._cancel(shipment)
        message = "Bulk Shipment cancellation is in progress. Please wait for some time."
        return JSONResponse({"message": message})

    def track(self, call: Call) -> Response:
        wanted = call.params.get("awb")
        found = next(
            (
                one
                for one in self.shipments()
                if (one["awb"] == wanted if wanted else str(one["id"]) == call.params["shipment_id"])
            ),
            None,
        )
        answer = tracking.answer(found, self.state["options"])
        return JSONResponse([answer] if self.state["options"]["tracking_in_list"] else answer)

    # control verbs

    def script(self, body: Json) -> Json:
        """Set options; unknown ones are refused."""
        unknown = set(body) - set(OPTIONS)
        if unknown:
            message = f"unknown option: {', '.join(sorted(unknown))}; known: {', '.join(OPTIONS)}"
            raise ValueError(message)
        self.state["options"] = {**self.state["options"], **body}
        return {"options": self.state["options"]}

    def scan(self, body: Json) -> Json:
        """A courier scan; sends the webhook with the complete history."""
        awb = str(body.get("awb") or body["tracking_number"])
        shipment = next((one for one in self.shipments() if one["awb"] == awb), None)
        if shipment is None:
            message = f"no shipment with AWB {awb}"
            raise ValueError(message)
        refuse_address(self.hooks.manner.url)
        tracking.record(shipment, body)
        self.hooks.post("tracking", tracking.hook(shipment, self.state["options"]))
        return {"shipment_id": shipment["id"], "shipment_status_id": shipment["status"]["code"]}

    # work

    def shipments(self) -> list[Json]:
        return list(self.state["shipments"].values())

    def _existing(self, channel_order_id: object) -> Json | None:
        for shipment in self.shipments():
            if shipment["channel_order_id"] == str(channel_order_id):
                if shipment["status"]["code"] == statuses.CANCELLED.code:
                    raise requests.refuse(
                        422, "Oops! Order with this order id is cancelled, please use a new one."
                    )
                return shipment
        return None

    def _create(self, body: Json, *, is_return: bool) -> Json:
        number = self.next_number("shipment", 16090281)
        status = dataclasses.asdict(statuses.NEW)
        if is_return:
            status.update(order_code=statuses.RETURN_PENDING_CODE, label="RETURN PENDING")
        else:
            status.update(label="NEW")
        moment = clock.now().isoformat()
        shipment: Json = {
            "id": number,
            "order_id": self.next_number("order", 348456385),
            "channel_order_id": str(body["order_id"]),
            "is_return": is_return,
            "request": body,
            "status": status,
            "weight": float(body["weight"]),
            "cod": str(body["payment_method"]).upper() == "COD",
            "scans": [],
            "created_at": moment,
            "updated_at": moment,
            **dict.fromkeys(shipping.UNSET),
        }
        self.state["shipments"][str(number)] = shipment
        return shipment

    def _cancel(self, shipment: Json) -> None:
        if shipment["scans"]:
            raise requests.refuse(400, "Cannot cancel order that is already shipped")
        shipment["status"] = dataclasses.asdict(statuses.CANCELLED)
        shipment["updated_at"] = clock.now().isoformat()

    def _list(self, call: Call, *, is_return: bool) -> Response:
        """Newest first; `search` or `channel_order_id` finds the caller's own order id."""
        wanted = call.query.get("channel_order_id") or call.query.get("search")
        found = [
            shapes.order(one)
            for one in reversed(self.shipments())
            if one["is_return"] == is_return and (wanted is None or wanted == one["channel_order_id"])
        ]
        return JSONResponse(
            shapes.page(found, int(call.query.get("page", 1)), int(call.query.get("per_page", 15)))
        )

    def _token(self) -> str:
        """A JWT (HS256), valid for 240 hours of the partners' clock."""
        issued = clock.now()
        claims = {
            "sub": 1,
            "iat": int(issued.timestamp()),
            "exp": int((issued + dt.timedelta(hours=TOKEN_HOURS)).timestamp()),
            "jti": secrets.token_hex(8),
        }
        message = ".".join(
            _b64(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "HS256"}, claims)
        )
        return f"{message}.{self._mac(message)}"

    def _valid(self, token: str) -> bool:
        message, _, mac = token.rpartition(".")
        if not message or not hmac.compare_digest(mac, self._mac(message)):
            return False
        claims = message.partition(".")[2]
        expires = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))["exp"]
        return int(expires) > clock.epoch()

    def _mac(self, message: str) -> str:
        key = str(self.settings["jwt_secret"]).encode()
        return _b64(hmac.new(key, message.encode(), hashlib.sha256).digest())


def refuse_address(url: str) -> None:
    """The vendor rejects webhook addresses that contain its own names. Raises ValueError."""
    words = set(re.split(r"[^a-z0-9]+", url.lower()))
    if "shiprocket" in url.lower() or "kartrocket" in url.lower() or words & FORBIDDEN_WORDS:
        message = f"Shiprocket refuses hook addresses with shiprocket, kartrocket, sr or kr in them: {url}"
        raise ValueError(message)


def read(call: Call) -> Json:
    try:
        return call.json()
    except ValueError:
        raise requests.refuse(400, "Bad Request, Invalid Data") from None


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
