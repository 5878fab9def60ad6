"""Build scans, the tracking response (newest first) and the webhook (oldest first, complete history)."""

from __future__ import annotations

import dataclasses
import datetime as dt

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json
from doorstep_sandbox.shiprocket import shapes, statuses

NO_ACTIVITY = (
    "Aahh! There is no activities found in our DB. Please have some patience it will be updated soon."
)


def record(shipment: Json, body: Json) -> None:
    """Add a scan to a shipment. The status follows the newest scan by its own time, not by arrival."""
    status = statuses.SCANS[body["status"]]
    moment = clock.parse(body["at"]) if body.get("at") else clock.now()
    shipment["scans"].append(
        {
            "at": moment.isoformat(),
            "status": status.raw,
            "activity": str(body.get("activity") or status.activity),
            "location": str(body.get("location", "")),
            "code": status.code,
            "label": status.label,
        }
    )
    shipment["scans"].sort(key=lambda scan: clock.parse(scan["at"]))
    if shipment["scans"][-1]["at"] == moment.isoformat():
        shipment["status"] = dataclasses.asdict(status)
    shipment["updated_at"] = clock.now().isoformat()
    if status.code == statuses.SCANS["delivered"].code:
        shipment["delivered_at"] = shapes.stamp(moment)


def _scan(scan: Json, form: str) -> Json:
    code: object = scan["code"] if form == "integer" else str(scan["code"])
    shown = {
        "date": shapes.stamp(clock.parse(scan["at"])),
        "status": scan["status"],
        "activity": scan["activity"],
    }
    shown["location"] = scan["location"]
    if form == "none":
        return shown
    return {**shown, "sr-status": code, "sr-status-label": scan["label"]}


def hook(shipment: Json, options: Json) -> Json:
    """The webhook's body. `options` are those of the control verb `script`."""
    status = shipment["status"]
    last = clock.parse(shipment["scans"][-1]["at"]) if shipment["scans"] else clock.now()
    awb: object = shipment["awb"]
    if options["awb_as_integer"] and str(awb).isdigit():
        awb = int(str(awb))
    return {
        "awb": awb,
        "courier_name": shipment["courier_name"],
        "current_status": status["label"],
        "current_status_id": status["order_code"],
        "shipment_status": status["label"],
        "shipment_status_id": status["code"],
        "current_timestamp": _timestamp(last, options["timestamp_form"]),
        "order_id": shipment["channel_order_id"],
        "sr_order_id": shipment["order_id"],
        "awb_assigned_date": shapes.stamp(clock.parse(shipment["awb_assigned_at"])),
        "pickup_scheduled_date": shipment["pickup_at"],
        "etd": shipment["etd"],
        "scans": [_scan(scan, options["scan_status"]) for scan in shipment["scans"]],
        "is_return": int(shipment["is_return"]),
        "channel_id": shapes.CHANNEL_ID,
        "pod_status": "OTP Based Delivery",
        "pod": "Not Available",
        "qc_image": "",
        "qc_failure_reason": "",
    }


def _timestamp(moment: dt.datetime, form: str) -> str:
    """`official` is the format of the vendor's sample, `panel` that of the panel's Test button; both are IST."""
    if form == "panel":
        return shapes.stamp(moment)
    return moment.astimezone(clock.IST).strftime("%d %m %Y %H:%M:%S")


def answer(shipment: Json | None, options: Json) -> Json:
    """GET /courier/track/awb/{awb}; an unknown number returns 200 with track_status 0."""
    if shipment is None:
        tracking: Json = {
            "track_status": 0,
            "shipment_status": 0,
            "shipment_track": [],
            "shipment_track_activities": None,
            "track_url": "",
            "error": NO_ACTIVITY,
        }
        return {"tracking_data": tracking}
    body = shipment["request"]
    first = shipment["scans"][0]["at"] if shipment["scans"] else None
    track = {
        "id": shipment["id"],
        "awb_code": shipment["awb"],
        "courier_company_id": shipment["courier_id"],
        "shipment_id": shipment["id"],
        "order_id": shipment["order_id"],
        "pickup_date": first and shapes.stamp(clock.parse(first)),
        "delivered_date": shipment["delivered_at"],
        "weight": f"{float(shipment['weight']):.2f}",
        "packages": 1,
        "current_status": str(shipment["status"]["label"]).title(),
        "delivered_to": body.get("shipping_city") or body.get("billing_city"),
        "destination": body.get("shipping_city") or body.get("billing_city"),
        "consignee_name": "",
        "origin": body.get("pickup_city", ""),
        "courier_agent_details": None,
        "courier_name": shipment["courier_name"],
        "edd": shipment["etd"],
        "pod": "Not Available",
        "pod_status": "OTP Based Delivery",
    }
    return {
        "tracking_data": {
            "track_status": 1,
            "shipment_status": shipment["status"]["code"],
            "shipment_track": [track],
            "shipment_track_activities": [
                _scan(scan, options["scan_status"]) for scan in reversed(shipment["scans"])
            ],
            "track_url": f"https://shiprocket.co/tracking/{shipment['awb']}",
            "etd": shipment["etd"],
        }
    }
