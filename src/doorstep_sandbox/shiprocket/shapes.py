"""Build Shiprocket's documents as in its samples, with the same mix of strings and numbers."""

from __future__ import annotations

import datetime as dt

from doorstep_sandbox.frame import clock
from doorstep_sandbox.frame.wire import Json

COMPANY_ID = 25149
CHANNEL_ID = 3422553
COURIERS = ((142, "Amazon Surface", "45.5", 4), (51, "Xpressbees Surface", "52.0", 3))


def stamp(moment: dt.datetime | None = None) -> str:
    """2026-11-22 11:47:56, in IST without a zone."""
    return (moment or clock.now()).astimezone(clock.IST).strftime("%Y-%m-%d %H:%M:%S")


def php_time(moment: dt.datetime | None = None) -> Json:
    text = (moment or clock.now()).astimezone(clock.IST).strftime("%Y-%m-%d %H:%M:%S.%f")
    return {"date": text, "timezone_type": 3, "timezone": "Asia/Kolkata"}


def courier(chosen: tuple[int, str, str, int], query: dict[str, str]) -> Json:
    identifier, name, rate, days = chosen
    arrival = clock.now().astimezone(clock.IST) + dt.timedelta(days=days)
    return {
        "courier_company_id": identifier,
        "courier_name": name,
        "cod": 1,
        "etd": arrival.strftime("%b %d, %Y"),
        "estimated_delivery_days": str(days),
        "freight_charge": rate,
        "id": identifier + 100000,
        "is_hyperlocal": False,
        "is_surface": True,
        "min_weight": "0.5",
        "mode": 1,
        "other_charges": "0",
        "pickup_availability": "Y",
        "pod_available": "1",
        "rate": rate,
        "rating": "4.6",
        "realtime_tracking": "1",
        "rto_charges": rate,
        "zone": "B",
        "others": "",
        "blocked": 0,
        "call_before_delivery": "0",
        "charge_weight": query.get("weight", "0.5"),
        "city": "",
        "cod_charges": "0",
        "cod_multiplier": "0",
        "coverage_charges": "0",
        "cutoff_time": "17:00",
        "delivery_performance": "4.5",
        "etd_hours": days * 24,
        "is_rto_address_available": True,
        "pickup_performance": "4.7",
        "postcode": query.get("delivery_postcode", ""),
        "qc_courier": 1,
        "state": "",
        "surface_max_weight": "5",
        "tracking_performance": "4.2",
    }


def assigned(shipment: Json, shipper: Json) -> Json:
    """The response to an AWB assignment."""
    side = {
        "company_name": shipper.get("name", "Sandbox"),
        "address_1": shipper.get("address", ""),
        "address_2": shipper.get("address_2", ""),
        "city": shipper.get("city", ""),
        "state": shipper.get("state", ""),
        "country": shipper.get("country", "India"),
        "postcode": str(shipper.get("pin_code", "")),
        "phone": str(shipper.get("phone", "")),
        "email": shipper.get("email", ""),
    }
    place = {f"{who}_{key}": value for who in ("shipper", "rto") for key, value in side.items()}
    data = {
        "courier_company_id": shipment["courier_id"],
        "awb_code": shipment["awb"],
        "cod": int(shipment["cod"]),
        "order_id": shipment["order_id"],
        "shipment_id": shipment["id"],
        "awb_code_status": 1,
        "assigned_date_time": php_time(clock.parse(shipment["awb_assigned_at"])),
        "applied_weight": float(shipment["weight"]),
        "company_id": COMPANY_ID,
        "courier_name": shipment["courier_name"],
        "child_courier_name": None,
        "pickup_scheduled_date": shipment["pickup_at"],
        "routing_code": "",
        "rto_routing_code": "",
        "invoice_no": f"retail{shipment['id']}",
        "transporter_id": "",
        "transporter_name": "",
        "shipped_by": {**place, "shipper_first_mile_activated": 1, "lat": "", "long": ""},
    }
    return {"awb_assign_status": 1, "response": {"data": data}}


def detail(shipment: Json) -> Json:
    """GET /shipments/{id}"""
    body = shipment["request"]
    prefix = "shipping" if shipment["is_return"] or not body.get("shipping_is_billing", True) else "billing"
    return {
        "data": {
            "id": shipment["id"],
            "order_id": shipment["order_id"],
            "channel_id": CHANNEL_ID,
            "company_id": COMPANY_ID,
            "invoice_no": None,
            "invoice_date": None,
            "courier": shipment["courier_name"],
            "sr_courier_id": shipment["courier_id"],
            "awb": shipment["awb"],
            "awb_assign_date": shipment["awb_assigned_at"]
            and stamp(clock.parse(shipment["awb_assigned_at"])),
            "pickup_generated_date": shipment["pickup_at"] if shipment["pickup_generated"] else None,
            "pickup_token_number": shipment["pickup_token"],
            "method": "Standard",
            "weight": f"{float(shipment['weight']):.3f}",
            "dimensions": "x".join(f"{float(body[side]):.2f}" for side in ("length", "breadth", "height")),
            "quantity": sum(int(item["units"]) for item in body["order_items"]),
            "cost": "0.00",
            "tax": "0.00",
            "cod_charges": "0.00",
            "total": f"{float(body['sub_total']):.2f}",
            "shipping_address": {
                "city": body.get(f"{prefix}_city"),
                "state": str(body.get(f"{prefix}_state", "")).upper(),
                "address": body.get(f"{prefix}_address"),
                "country": body.get(f"{prefix}_country"),
                "pincode": str(body.get(f"{prefix}_pincode", "")),
                "address_2": body.get(f"{prefix}_address_2", ""),
                "company_name": None,
            },
            "customer_details": None,
            "status": shipment["status"]["code"],
            "shipped_date": None,
            "delivered_date": shipment["delivered_at"],
            "returned_date": None,
            "label_url": shipment["label_url"],
            "manifest_url": shipment["manifest_url"],
            "created_at": php_time(clock.parse(shipment["created_at"])),
            "updated_at": php_time(clock.parse(shipment["updated_at"])),
        }
    }


def order(shipment: Json) -> Json:
    """An order as lists and /orders/show return it."""
    body = shipment["request"]
    who = "pickup" if shipment["is_return"] else "billing"
    return {
        "id": shipment["order_id"],
        "channel_id": CHANNEL_ID,
        "channel_name": "CUSTOM",
        "base_channel_code": "CS",
        "channel_order_id": shipment["channel_order_id"],
        "customer_name": body.get(f"{who}_customer_name", ""),
        "customer_email": body.get(f"{who}_email", ""),
        "customer_phone": str(body.get(f"{who}_phone", "")),
        "customer_pincode": str(body.get(f"{who}_pincode", "")),
        "pickup_location": body.get("pickup_location", ""),
        "total": f"{float(body['sub_total']):.2f}",
        "status": shipment["status"]["label"],
        "status_code": shipment["status"]["order_code"],
        "payment_method": str(body["payment_method"]).lower(),
        "created_at": clock.parse(shipment["created_at"])
        .astimezone(clock.IST)
        .strftime("%-d %b %Y, %I:%M %p"),
        "products": [
            {
                "id": position,
                "name": item["name"],
                "channel_sku": item["sku"],
                "quantity": int(item["units"]),
                "sku": item["sku"],
                "hsn": str(item.get("hsn", "")),
            }
            for position, item in enumerate(body["order_items"], 1)
        ],
        "shipment_id": shipment["id"],
        "shipments": [
            {
                "id": shipment["id"],
                "courier": shipment["courier_name"] or "",
                "sr_courier_id": shipment["courier_id"] or "",
                "weight": str(shipment["weight"]),
                "length": str(body["length"]),
                "breadth": str(body["breadth"]),
                "height": str(body["height"]),
                "volumetric_weight": 0.6,
                "awb": shipment["awb"] or "",
            }
        ],
    }


def page(items: list[Json], number: int, size: int) -> Json:
    start = (number - 1) * size
    shown = items[start : start + size]
    pages = max(1, -(-len(items) // size))
    pagination = {
        "total": len(items),
        "count": len(shown),
        "per_page": size,
        "current_page": number,
        "total_pages": pages,
        "links": {},
    }
    return {"data": shown, "meta": {"pagination": pagination}}
