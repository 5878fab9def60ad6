"""From order to parcel at Shiprocket: AWB, pickup, label, manifest, and their documents."""

from __future__ import annotations

import dataclasses
import datetime as dt
import random
from typing import Protocol

from starlette.responses import JSONResponse, Response

from doorstep_sandbox import labels
from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.calls import Call, Route, route
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shiprocket import requests, shapes, statuses

UNSET = (
    "awb",
    "awb_assigned_at",
    "courier_id",
    "courier_name",
    "etd",
    "pickup_at",
    "pickup_generated",
    "pickup_token",
    "label_url",
    "manifest_url",
    "delivered_at",
)


class Account(Protocol):
    """The parts of a partner that shipping uses."""

    state: Json
    base_url: str

    @property
    def pickup_locations(self) -> list[Json]: ...


class Shipping:
    """A shipment with an AWB refuses another assignment, so that nothing is bought twice."""

    def __init__(self, account: Account) -> None:
        self.account = account

    def routes(self, prefix: str) -> list[Route]:
        return [
            route("POST", f"{prefix}/courier/assign/awb", self.assign),
            route("POST", f"{prefix}/courier/generate/pickup", self.pickup),
            route("POST", f"{prefix}/courier/generate/label", self.label),
            route("POST", f"{prefix}/manifests/generate", self.manifest),
            route("POST", f"{prefix}/manifests/print", self.print_manifest),
            route("GET", f"{prefix}/shipments/{{shipment_id}}", self.detail),
            route("GET", "/documents/{shipment_id}.pdf", self.document),
        ]

    def assign(self, call: Call) -> Response:
        body = _read(call)
        shipment = self._get(body.get("shipment_id"))
        if shipment["status"]["code"] == statuses.CANCELLED.code:
            raise requests.refuse(400, "AWB can not be assigned to a cancelled shipment")
        if shipment["awb"]:
            raise requests.refuse(400, "AWB is already assigned")
        self._assign(shipment, body.get("courier_id"))
        if self.account.state["options"]["async_awb"]:
            return JSONResponse({"success": True, "message": "We are processing your request"})
        wanted = shipment["request"].get("pickup_location")
        shipper = next((one for one in self.account.pickup_locations if one["pickup_location"] == wanted), {})
        return JSONResponse(shapes.assigned(shipment, shipper))

    def pickup(self, call: Call) -> Response:
        found = self._many(_read(call).get("shipment_id"))
        if any(shipment["awb"] is None for shipment in found):
            raise requests.refuse(400, "AWB is not assigned")
        if all(shipment["pickup_generated"] for shipment in found):
            status = int(self.account.state["options"]["duplicate_pickup_status"])
            return JSONResponse({"message": "Duplicate request for pickup generation"}, status)
        token = f"REF{random.randrange(10**6):06d}"
        for shipment in found:
            shipment.update(pickup_generated=True, pickup_token=f"Reference No: {token}")
        answer = {
            "pickup_scheduled_date": found[0]["pickup_at"],
            "pickup_token_number": f"Reference No: {token}",
            "status": 3,
            "others": '{"message":"queued"}',
            "pickup_generated_date": shapes.php_time(),
            "data": f"Pickup is confirmed by {found[0]['courier_name']}",
        }
        return JSONResponse({"pickup_status": 1, "response": answer})

    def label(self, call: Call) -> Response:
        """One address for the first shipment with an AWB; those without one are listed as not created."""
        found = self._many(_read(call).get("shipment_id"))
        ready = [shipment for shipment in found if shipment["awb"]]
        missing = [shipment["id"] for shipment in found if not shipment["awb"]]
        if not ready:
            return JSONResponse(
                {"label_created": 0, "label_url": "", "response": "Label not created", "not_created": missing}
            )
        for shipment in ready:
            shipment["label_url"] = f"{self.account.base_url}/documents/{shipment['id']}.pdf"
        return JSONResponse(
            {
                "label_created": 1,
                "label_url": ready[0]["label_url"],
                "response": "Label has been created and uploaded successfully!",
                "not_created": missing,
            }
        )

    def manifest(self, call: Call) -> Response:
        found = self._many(_read(call).get("shipment_id"))
        for shipment in found:
            if not shipment["pickup_generated"]:
                raise requests.refuse(400, "Pickup is not generated for this shipment")
            if shipment["manifest_url"]:
                raise requests.refuse(400, "Manifest already generated.")
            shipment["manifest_url"] = f"{self.account.base_url}/documents/{shipment['id']}.pdf"
        return JSONResponse({"status": 1, "manifest_url": found[0]["manifest_url"]})

    def print_manifest(self, call: Call) -> Response:
        wanted = {str(identifier) for identifier in _read(call).get("order_ids", [])}
        for shipment in self.account.state["shipments"].values():
            if str(shipment["order_id"]) in wanted and shipment["manifest_url"]:
                return JSONResponse({"manifest_url": shipment["manifest_url"]})
        raise requests.refuse(400, "Manifest not found")

    def detail(self, call: Call) -> Response:
        return JSONResponse(shapes.detail(self._get(call.params["shipment_id"])))

    def document(self, call: Call) -> Response:
        shipment = self._get(call.params["shipment_id"])
        body = shipment["request"]
        receiver = (
            "shipping" if shipment["is_return"] or not body.get("shipping_is_billing", True) else "billing"
        )
        sender = (
            _address(body, "pickup")
            if shipment["is_return"]
            else labels.address_lines(body.get("pickup_location"), "India")
        )
        label = labels.Label(
            carrier="Shiprocket",
            service=str(shipment["courier_name"]),
            tracking_number=str(shipment["awb"]),
            sender=sender,
            receiver=_address(body, receiver),
            reference=str(shipment["channel_order_id"]),
        )
        return Response(labels.pdf(label), media_type="application/pdf")

    def _assign(self, shipment: Json, courier_id: object) -> None:
        chosen = next((one for one in shapes.COURIERS if one[0] == courier_id), shapes.COURIERS[0])
        scripted: list[str] = self.account.state["options"]["next_awbs"]
        awb = scripted.pop(0) if scripted else str(random.randrange(10**13, 10**14))
        moment = clock.now()
        shipment.update(
            awb=str(awb),
            awb_assigned_at=moment.isoformat(),
            courier_id=chosen[0],
            courier_name=chosen[1],
            pickup_at=shapes.stamp(moment + dt.timedelta(hours=3)),
            etd=shapes.stamp(moment + dt.timedelta(days=chosen[3])),
            updated_at=moment.isoformat(),
            status=dataclasses.asdict(statuses.AWB_ASSIGNED),
        )

    def _get(self, identifier: object) -> Json:
        shipment: Json | None = self.account.state["shipments"].get(str(identifier))
        if shipment is None:
            raise requests.refuse(404, "Shipment not found")
        return shipment

    def _many(self, identifiers: object) -> list[Json]:
        chosen = identifiers if isinstance(identifiers, list) else [identifiers]
        if not chosen or chosen == [None]:
            raise requests.refuse(
                422, "The given data was invalid.", {"shipment_id": ["The shipment id field is required."]}
            )
        return [self._get(identifier) for identifier in chosen]


def _read(call: Call) -> Json:
    try:
        return call.json()
    except ValueError:
        raise requests.refuse(400, "Bad Request, Invalid Data") from None


def _address(body: Json, who: str) -> list[str]:
    town = f"{body.get(f'{who}_city', '')} {body.get(f'{who}_pincode', '')} {body.get(f'{who}_state', '')}"
    name = f"{body.get(f'{who}_customer_name', '')} {body.get(f'{who}_last_name') or ''}".strip()
    return labels.address_lines(name, body.get(f"{who}_address"), body.get(f"{who}_address_2"), town)
