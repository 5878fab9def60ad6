"""Map Shiprocket's orders, labels and scans. Known quirks are noted inline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import msgspec

from doorstep.adapters.carriers.shiprocket import statuses
from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors, money, parsing

IST = timezone(timedelta(hours=5, minutes=30))  # every time is Indian time, without a zone
_LONGEST_REFERENCE = 50
_COUNTRIES = {"IN": "India"}
_PHONE_DIGITS = 10
_TIME_FORMS = ("%Y-%m-%d %H:%M:%S", "%d %m %Y %H:%M:%S")

Text = str | int  # couriers' numbers are text or integers, with more digits than 64 bits hold


class Scan(msgspec.Struct, kw_only=True, rename={"sr_status": "sr-status"}):
    """`status` is the courier's code, `sr-status` Shiprocket's: a number, a numeric string, "NA", or absent."""

    date: str
    status: Text | None = None
    activity: str | None = None
    location: str | None = None
    sr_status: Text | None = None


class Hook(msgspec.Struct, kw_only=True):
    """A tracking webhook. `current_status_id` is not used: it is an order status, whose numbers mean other things."""

    awb: Text
    shipment_status_id: Text | None = None
    shipment_status: str | None = None
    current_timestamp: str | None = None
    scans: list[Scan] | None = None
    is_return: Text | None = None


class Created(msgspec.Struct, kw_only=True):
    shipment_id: int
    awb_code: Text | None = None
    courier_name: str | None = None


class Assigned(msgspec.Struct, kw_only=True):
    awb_code: Text | None = None
    courier_name: str | None = None


class AssignedFrame(msgspec.Struct, kw_only=True):
    data: Assigned | None = None


class Assignment(msgspec.Struct, kw_only=True):
    """Either the label's tracking number, or an assignment that comes later."""

    response: AssignedFrame | None = None


class Shipment(msgspec.Struct, kw_only=True):
    id: int
    awb: Text | None = None
    courier: str | None = None
    status: Text | None = None


class ShipmentAnswer(msgspec.Struct, kw_only=True):
    data: Shipment


class ListedShipment(msgspec.Struct, kw_only=True):
    id: int | None = None
    awb: Text | None = None
    courier: str | None = None


class ListedOrder(msgspec.Struct, kw_only=True):
    """Orders nest the shipment, returns hold it beside the order."""

    channel_order_id: Text
    shipment_id: int | None = None
    shipments: list[ListedShipment] = []


class Orders(msgspec.Struct, kw_only=True):
    data: list[ListedOrder]


class PickupLocation(msgspec.Struct, kw_only=True):
    pickup_location: str


class PickupAddresses(msgspec.Struct, kw_only=True):
    shipping_address: list[PickupLocation] = []


class PickupLocations(msgspec.Struct, kw_only=True):
    data: PickupAddresses

    @property
    def nicknames(self) -> tuple[str, ...]:
        return tuple(each.pickup_location for each in self.data.shipping_address)


class LabelAnswer(msgspec.Struct, kw_only=True):
    label_url: str | None = None


class Token(msgspec.Struct, kw_only=True):
    token: str


class Tracking(msgspec.Struct, kw_only=True):
    shipment_track_activities: list[Scan] | None = None


class TrackingFrame(msgspec.Struct, kw_only=True):
    tracking_data: Tracking


def instant(text: str, *, at: str) -> datetime:
    """Parse Indian wall-clock time in either of two formats; raises Invalid."""
    for form in _TIME_FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=IST)
        except ValueError:
            continue
    raise errors.Invalid(f"{at}: {text!r} is not a time.", field=at)


def parse(body: bytes) -> shipping.TrackingSnapshot:
    """All scans of a webhook, and its summary status if no scan has it (the panel's test body has no codes in scans)."""
    hook = parsing.read(body, Hook)
    is_return = str(hook.is_return) == "1"
    scans = _scans(hook.scans or [], is_return=is_return, at="scans")
    headline = statuses.meaning(hook.shipment_status_id, is_return=is_return)
    if hook.current_timestamp and all(scan.status is not headline for scan in scans):
        scans.append(
            shipping.Scan(
                at=instant(hook.current_timestamp, at="current_timestamp"),
                status=headline,
                raw_code=str(hook.shipment_status_id or ""),
                description=hook.shipment_status or "",
            )
        )
    return shipping.TrackingSnapshot(scans=tuple(scans), tracking_number=str(hook.awb))


def tracked(document: object, *, tracking_number: str, is_return: bool) -> shipping.TrackingSnapshot:
    """A tracking answer: the object itself, in a list, or keyed by the number. Raises Invalid."""
    if isinstance(document, list):
        document = document[0] if document else {"tracking_data": {}}
    elif isinstance(document, dict) and "tracking_data" not in document:
        document = document.get(tracking_number, document)
    frame = parsing.shaped(document, TrackingFrame)
    scans = _scans(
        frame.tracking_data.shipment_track_activities or [],
        is_return=is_return,
        at="tracking_data.shipment_track_activities",
    )
    return shipping.TrackingSnapshot(scans=tuple(scans), tracking_number=tracking_number)


def _scans(reported: Sequence[Scan], *, is_return: bool, at: str) -> list[shipping.Scan]:
    return [
        shipping.Scan(
            at=instant(scan.date, at=f"{at}[{nth}].date"),
            status=statuses.meaning(scan.sr_status, is_return=is_return),
            raw_code=str(scan.status or scan.sr_status or ""),
            description=scan.activity or "",
            location=scan.location or "",
        )
        for nth, scan in enumerate(reported)
    ]


def order(request: shipping.LabelRequest) -> dict[str, object]:
    """A parcel from one of our locations, which Shiprocket identifies by the sender's code."""
    if not request.sender.code:
        raise errors.Invalid(
            "The sender needs the nickname of a Shiprocket pickup location.", field="sender.code"
        )
    return {
        **_common(request),
        "pickup_location": request.sender.code,
        **_party("billing", request.recipient),
        "shipping_is_billing": True,
        "payment_method": "COD" if request.cod_minor else "Prepaid",
    }


def return_order(request: shipping.LabelRequest) -> dict[str, object]:
    """A return, picked up at the customer's address."""
    return {
        **_common(request),
        **_party("pickup", request.sender),
        **_party("shipping", request.recipient),
        "payment_method": "Prepaid",
        "total_discount": 0,
    }


def _common(request: shipping.LabelRequest) -> dict[str, object]:
    if len(request.reference) > _LONGEST_REFERENCE:
        raise errors.Invalid(
            f"Shiprocket accepts references of at most {_LONGEST_REFERENCE} characters.", field="reference"
        )
    return {
        "order_id": request.reference,
        "order_date": request.ordered_at.astimezone(IST).strftime("%Y-%m-%d %H:%M"),
        "order_items": [
            {
                "name": item.title,
                "sku": item.sku,
                "units": item.quantity,
                "selling_price": money.Money(item.unit_price_minor, request.currency).decimal(),
                "hsn": item.hsn,
            }
            for item in request.items
        ],
        "sub_total": money.Money(request.declared_minor, request.currency).decimal(),
        "length": Decimal(request.size.length_mm) / 10,
        "breadth": Decimal(request.size.width_mm) / 10,
        "height": Decimal(request.size.height_mm) / 10,
        "weight": Decimal(request.weight_grams) / 1000,
    }


def _party(prefix: str, party: shipping.Party) -> dict[str, object]:
    first, _, last = party.name.partition(" ")
    return {
        f"{prefix}_customer_name": first,
        f"{prefix}_last_name": last,
        f"{prefix}_address": party.line1,
        f"{prefix}_address_2": party.line2,
        f"{prefix}_city": party.city,
        f"{prefix}_pincode": party.postal_code,
        f"{prefix}_state": party.state or party.state_code,
        f"{prefix}_country": _COUNTRIES.get(party.country, party.country),
        f"{prefix}_email": party.email,
        f"{prefix}_phone": _phone(party),
    }


def _phone(party: shipping.Party) -> str:
    """Indian numbers without country code, as couriers use them."""
    digits = "".join(letter for letter in party.phone if letter.isdigit())
    return digits[-_PHONE_DIGITS:] if party.country == "IN" else digits


def label(*, shipment_id: int, awb: Text, courier: str | None) -> shipping.Label:
    """A label from Shiprocket's numbers, without its PDF."""
    return shipping.Label(
        external_id=str(shipment_id),
        tracking_number=str(awb),
        tracking_url=f"https://shiprocket.co/tracking/{awb}",
        carrier=courier or "Shiprocket",
        service="Shiprocket" if courier else "",
    )


def listed(orders: Sequence[ListedOrder], reference: str) -> shipping.Label | None:
    """The label under our reference; None while the order has no tracking number."""
    for found in orders:
        if str(found.channel_order_id) != reference:
            continue
        for shipment in found.shipments:
            shipment_id = found.shipment_id if shipment.id is None else shipment.id
            if shipment.awb and shipment_id is not None:
                return label(shipment_id=shipment_id, awb=shipment.awb, courier=shipment.courier)
    return None


def listed_return(orders: Sequence[ListedOrder], reference: str) -> Created | None:
    """The return order made earlier under our reference, with or without a tracking number."""
    for found in orders:
        if str(found.channel_order_id) == reference and found.shipment_id is not None:
            numbered = next((shipment for shipment in found.shipments if shipment.awb), ListedShipment())
            return Created(
                shipment_id=found.shipment_id, awb_code=numbered.awb, courier_name=numbered.courier
            )
    return None


def is_canceled(shipment: Shipment) -> bool:
    """Whether the order is canceled."""
    return statuses.meaning(shipment.status, is_return=False) is shipping.TrackingStatus.CANCELED
