"""Serve ShipHawk: a rate buys a label, every POST buys another one, webhooks have only a password."""

from __future__ import annotations

import base64
import datetime as dt
import hmac
import random
from typing import ClassVar

from starlette.responses import JSONResponse, Response

from doorstep_sandbox import labels
from doorstep_sandbox.frame import clock, outgoing
from doorstep_sandbox.frame.calls import Call, Route, VendorError, route
from doorstep_sandbox.frame.partner import Partner, Verb
from doorstep_sandbox.frame.wire import Json

RATE_LIFE = dt.timedelta(hours=2)
SERVICES = (("ShipHawk Ground", "ground", 4, 1.0), ("ShipHawk Express", "express", 2, 1.9))
ADDRESS_FIELDS = ("name", "street1", "city", "zip")
STATUSES = {
    "picked_up": "in_transit",
    "out_for_delivery": "in_transit",
    "in_transit": "in_transit",
    "delivered": "delivered",
    "exception": "exception",
    "scheduled_for_pickup": "scheduled_for_pickup",
    "ready_for_carrier_pickup": "ready_for_carrier_pickup",
    "cancelled": "cancelled",
}
MOVING = {"in_transit", "delivered"}
PAGE_SIZE = 20


class ShipHawk(Partner):
    """Shipment responses are assumed from public clients; only rates and the status webhook have samples."""

    name = "shiphawk"
    empty_state: ClassVar[Json] = {"rates": {}, "shipments": {}, "webhooks": {}, "next_tracking_numbers": []}
    generated: ClassVar[dict[str, int]] = {"api_key": 16, "webhook_user": 4, "webhook_password": 12}

    def routes(self) -> list[Route]:
        prefix = "/api/v4"
        return [
            route("GET", f"{prefix}/user", lambda _call: JSONResponse({"id": 1, "company": "Sandbox"})),
            route("POST", f"{prefix}/rates", self.rate),
            route("POST", f"{prefix}/shipments", self.create),
            route("GET", f"{prefix}/shipments", self.list_shipments),
            route("GET", f"{prefix}/shipments/{{shipment_id}}", self.fetch),
            route("DELETE", f"{prefix}/shipments/{{shipment_id}}", self.cancel),
            route("GET", f"{prefix}/shipments/{{shipment_id}}/labels", self.list_labels),
            route("POST", f"{prefix}/shipments/{{shipment_id}}/labels", self.list_labels),
            route("GET", f"{prefix}/shipments/{{shipment_id}}/tracking", self.track),
            route("POST", f"{prefix}/webhooks", self.create_webhook),
            route("GET", f"{prefix}/webhooks", self.list_webhooks),
            route("GET", f"{prefix}/webhooks/{{webhook_id}}", self.fetch_webhook),
            route("POST", f"{prefix}/webhooks/{{webhook_id}}", self.change_webhook),
            route("DELETE", f"{prefix}/webhooks/{{webhook_id}}", self.delete_webhook),
            route("GET", "/documents/{shipment_id}.pdf", self.document),
        ]

    def verbs(self) -> dict[str, Verb]:
        return {"script": self.script, "scan": self.scan}

    def authorize(self, call: Call) -> Response | None:
        if call.path.startswith("/documents/"):
            return None
        key = call.headers.get("x-api-key") or call.query.get("api_key", "")
        if hmac.compare_digest(key, str(self.settings["api_key"])):
            return None
        return self.error(401, "Invalid API key")

    def sign(self, draft: outgoing.Draft) -> dict[str, str]:
        password = "wrong" if draft.forge else self.settings["webhook_password"]
        pair = f"{self.settings['webhook_user']}:{password}"
        return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}

    def error(self, status: int, message: str, headers: dict[str, str] | None = None) -> Response:
        return JSONResponse({"error": message}, status, headers)

    def resource(self, call: Call) -> str:
        if call.method == "GET" or call.params:
            return super().resource(call)
        body = self._body(call)
        return str(body.get("reference") or body.get("order_number") or body.get("rate_id") or "")

    # vendor calls

    def rate(self, call: Call) -> Response:
        body = self._body(call)
        items = body.get("items")
        if not isinstance(items, list) or not items:
            raise VendorError(self.error(422, "items can't be blank"))
        for side in ("origin_address", "destination_address"):
            if not body.get(side, {}).get("zip"):
                raise VendorError(self.error(422, f"{side}: zip can't be blank"))
        weight = sum(float(item.get("weight", 0)) * int(item.get("quantity", 1)) for item in items)
        rates = [self._rate(service, weight) for service in SERVICES]
        return JSONResponse({"rates": rates})

    def create(self, call: Call) -> Response:
        body = self._body(call)
        rate = self.state["rates"].get(body.get("rate_id"))
        if rate is None:
            raise VendorError(self.error(422, "rate_id is not valid"))
        if clock.parse(rate["expires_at"]) < clock.now():
            raise VendorError(self.error(422, "The rate has expired, please request a new one"))
        for side in ("origin_address", "destination_address"):
            missing = [field for field in ADDRESS_FIELDS if not body.get(side, {}).get(field)]
            if missing:
                raise VendorError(self.error(422, f"{side}: {', '.join(missing)} can't be blank"))
        shipment = self._shipment(body, rate["rate"])
        self.state["shipments"][str(shipment["id"])] = shipment
        self._announce("shipment.create", shipment)
        return JSONResponse(public(shipment), 201)

    def list_shipments(self, call: Call) -> Response:
        """Newest first, with `page` and `per_page`; any top-level attribute can be a filter."""
        common = {"page", "per_page", "sort", "direction", "api_key"}
        wanted = {key: value for key, value in call.query.items() if key not in common}
        found = [
            public(shipment)
            for shipment in reversed(self.state["shipments"].values())
            if all(str(shipment.get(key)) == value for key, value in wanted.items())
        ]
        size = int(call.query.get("per_page", PAGE_SIZE))
        start = (int(call.query.get("page", 1)) - 1) * size
        return JSONResponse(found[start : start + size])

    def fetch(self, call: Call) -> Response:
        return JSONResponse(public(self._get(call)))

    def cancel(self, call: Call) -> Response:
        shipment = self._get(call)
        if shipment["status"] in MOVING:
            raise VendorError(self.error(422, f"Shipment is {shipment['status']} and can't be cancelled"))
        shipment["status"] = "cancelled"
        self._touch(shipment)
        self._announce("shipment.status_update", shipment)
        return JSONResponse(public(shipment))

    def list_labels(self, call: Call) -> Response:
        shipment = self._get(call)
        label = {
            "id": shipment["id"],
            "label_format": "PDF",
            "tracking_number": shipment["tracking_number"],
            "url": f"{self.base_url}/documents/{shipment['id']}.pdf",
            "created_at": shipment["created_at"],
        }
        return JSONResponse([label], 200 if call.method == "GET" else 201)

    def track(self, call: Call) -> Response:
        shipment = self._get(call)
        keys = ("status", "carrier", "service_name", "tracking_number", "tracking_url", "est_delivery_date")
        tracking = {key: shipment[key] for key in keys}
        return JSONResponse({"shipment_id": shipment["id"], **tracking, "events": shipment["events"]})

    def create_webhook(self, call: Call) -> Response:
        body = self._body(call)
        if not body.get("callback_url") or not isinstance(body.get("events"), list):
            raise VendorError(self.error(422, "callback_url and events are required"))
        number = self.next_number("webhook", 1)
        keep = ("callback_url", "events", "use_basic_auth")
        webhook = {
            "id": number,
            **{key: body.get(key) for key in keep},
            "created_at": clock.zulu(clock.now()),
        }
        self.state["webhooks"][str(number)] = webhook
        return JSONResponse(webhook, 201)

    def list_webhooks(self, call: Call) -> Response:
        return JSONResponse(list(self.state["webhooks"].values()))

    def fetch_webhook(self, call: Call) -> Response:
        return JSONResponse(self._webhook(call))

    def change_webhook(self, call: Call) -> Response:
        webhook = self._webhook(call)
        webhook.update(
            {key: value for key, value in self._body(call).items() if key in webhook and key != "id"}
        )
        return JSONResponse(webhook)

    def delete_webhook(self, call: Call) -> Response:
        webhook = self._webhook(call)
        del self.state["webhooks"][str(webhook["id"])]
        return JSONResponse(webhook)

    def document(self, call: Call) -> Response:
        shipment = self._get(call)
        label = labels.Label(
            carrier="ShipHawk",
            service=shipment["service_name"],
            tracking_number=shipment["tracking_number"],
            sender=address(shipment["origin_address"]),
            receiver=address(shipment["destination_address"]),
            reference=str(shipment.get("reference") or shipment.get("order_number") or shipment["id"]),
        )
        return Response(labels.pdf(label), media_type="application/pdf")

    # control verbs

    def script(self, body: Json) -> Json:
        """Set the tracking numbers of the next labels, in this order."""
        self.state["next_tracking_numbers"] = [str(number) for number in body["next_tracking_numbers"]]
        return {"next_tracking_numbers": self.state["next_tracking_numbers"]}

    def scan(self, body: Json) -> Json:
        """A carrier scan. The status webhook is sent if the shipment's status changes, the tracking webhook always."""
        shipment = next(
            (
                one
                for one in self.state["shipments"].values()
                if one["tracking_number"] == body["tracking_number"]
            ),
            None,
        )
        if shipment is None:
            message = f"no shipment with tracking number {body['tracking_number']}"
            raise ValueError(message)
        status = STATUSES[body["status"]]
        moment = clock.parse(body["at"]) if body.get("at") else clock.now()
        shipment["events"].append(
            {
                "time": moment.isoformat(timespec="milliseconds"),
                "status": status,
                "message": str(body.get("message") or body["status"].replace("_", " ").capitalize()),
                "location": str(body.get("location", "")),
            }
        )
        changed = shipment["status"] != status
        shipment["status"] = status
        self._touch(shipment, moment)
        if changed or body.get("always"):
            self._announce("shipment.status_update", shipment)
        self._announce("shipment.tracking_update", shipment)
        return {"shipment_id": shipment["id"], "status": status}

    # work

    def _rate(self, service: tuple[str, str, int, float], weight: float) -> Json:
        name, level, days, factor = service
        arrival = (clock.now() + dt.timedelta(days=days)).date().isoformat()
        rate = {
            "id": f"rate_{random.getrandbits(64):016x}",
            "carrier": "ShipHawk",
            "service_name": name,
            "service_level": level,
            "price": round((60 + 25 * weight) * factor, 2),
            "est_delivery_date": arrival,
        }
        expires_at = (clock.now() + RATE_LIFE).isoformat()
        self.state["rates"][rate["id"]] = {"rate": rate, "expires_at": expires_at}
        return rate

    def _shipment(self, body: Json, rate: Json) -> Json:
        number = self.next_number("shipment", 1014270)
        scripted: list[str] = self.state["next_tracking_numbers"]
        tracking_number = scripted.pop(0) if scripted else f"SHK{number}{random.randrange(100, 1000)}"
        moment = clock.now().isoformat(timespec="milliseconds")
        return {
            **body,
            "id": number,
            "status": "confirmed",
            "tracking_number": tracking_number,
            "tracking_url": f"{self.base_url}/track/{tracking_number}",
            **{
                key: rate[key]
                for key in ("carrier", "service_name", "service_level", "price", "est_delivery_date")
            },
            "created_at": moment,
            "updated_at": moment,
            "events": [],
        }

    def _touch(self, shipment: Json, moment: dt.datetime | None = None) -> None:
        shipment["updated_at"] = (moment or clock.now()).isoformat(timespec="milliseconds")

    def _announce(self, event: str, shipment: Json) -> None:
        """Status changes go to the configured address; subscriptions get the topics they chose."""
        hook = {
            "event": event,
            "status": shipment["status"],
            "updated_at": shipment["updated_at"],
            "shipment_id": shipment["id"],
        }
        urls = [one["callback_url"] for one in self.state["webhooks"].values() if event in one["events"]]
        self.hooks.post(event, hook, urls, default=event == "shipment.status_update")

    def _body(self, call: Call) -> Json:
        try:
            return call.json()
        except ValueError:
            raise VendorError(self.error(400, "Invalid JSON")) from None

    def _get(self, call: Call) -> Json:
        shipment: Json | None = self.state["shipments"].get(call.params["shipment_id"])
        if shipment is None:
            raise VendorError(self.error(404, "Shipment not found"))
        return shipment

    def _webhook(self, call: Call) -> Json:
        webhook: Json | None = self.state["webhooks"].get(call.params["webhook_id"])
        if webhook is None:
            raise VendorError(self.error(404, "Webhook not found"))
        return webhook


def public(shipment: Json) -> Json:
    """A shipment as the API shows it; scans are available at /tracking."""
    return {key: value for key, value in shipment.items() if key != "events"}


def address(parts: Json) -> list[str]:
    town = f"{parts.get('city', '')} {parts.get('zip', '')} {parts.get('state', '')}".strip()
    return labels.address_lines(
        parts.get("name"), parts.get("company"), parts["street1"], parts.get("street2"), town
    )
