"""Map ShipHawk's rates, shipments and status events. ShipHawk measures in inches and pounds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_UP, Decimal
from typing import Literal

import msgspec

from doorstep.domain.shipping import model as shipping
from doorstep.kernel import errors, money, parsing

Choice = Literal["cheapest", "fastest"]
_MM_PER_INCH = Decimal("25.4")
_GRAMS_PER_POUND = Decimal("453.59237")
_HUNDREDTH = Decimal("0.01")
_STATUS = {
    "new": shipping.TrackingStatus.CREATED,
    "confirmed": shipping.TrackingStatus.LABEL_PURCHASED,
    "scheduled_for_pickup": shipping.TrackingStatus.LABEL_PURCHASED,
    "agent_prep": shipping.TrackingStatus.LABEL_PURCHASED,
    "ready_for_carrier_pickup": shipping.TrackingStatus.LABEL_PURCHASED,
    "in_transit": shipping.TrackingStatus.IN_TRANSIT,
    "exception": shipping.TrackingStatus.EXCEPTION,
    "delivered": shipping.TrackingStatus.DELIVERED,
    "cancelled": shipping.TrackingStatus.CANCELED,
}

Id = str | int


class Rate(msgspec.Struct, kw_only=True):
    """A rate, valid for two hours."""

    id: Id
    price: Decimal
    carrier: str | None = None
    service_name: str | None = None
    est_delivery_date: str | None = None


class Rates(msgspec.Struct, kw_only=True):
    rates: list[Rate]


class Shipment(msgspec.Struct, kw_only=True):
    """A booked shipment; `order_number` is our reference."""

    id: Id
    status: str | None = None
    order_number: str | None = None
    tracking_number: Id | None = None
    tracking_url: str | None = None
    carrier: str | None = None
    service_name: str | None = None
    price: Decimal | None = None


class Document(msgspec.Struct, kw_only=True):
    """A link to a label."""

    url: str | None = None


class Documents(msgspec.Struct, kw_only=True):
    """Lists are the answer itself, or a field named after the request."""

    labels: list[Document] = []
    documents: list[Document] = []


class Shipments(msgspec.Struct, kw_only=True):
    shipments: list[Shipment]


class Event(msgspec.Struct, kw_only=True):
    """One status in the history of a shipment."""

    status: str
    time: datetime
    message: str | None = None
    location: str | None = None


class Tracking(msgspec.Struct, kw_only=True):
    """The status of a shipment, and its history if ShipHawk sends one; the history's format is not published."""

    status: str
    updated_at: datetime | None = None
    tracking_number: Id | None = None
    events: list[Event] = []


class Hook(msgspec.Struct, kw_only=True):
    """shipment.status_update, as ShipHawk's own plugin documents it."""

    status: str
    updated_at: datetime
    shipment_id: Id


class Topic(msgspec.Struct, kw_only=True):
    event: str = ""
    updated_at: datetime | None = None


def parse(body: bytes) -> shipping.TrackingSnapshot:
    """One status of one shipment. Raises Invalid."""
    hook = parsing.read(body, Hook)
    at = _zoned(hook.updated_at, at="updated_at")
    return shipping.TrackingSnapshot(scans=(_scan(hook.status, at),), external_id=str(hook.shipment_id))


def tracked(tracking: Tracking, *, external_id: str) -> shipping.TrackingSnapshot:
    """The history of a shipment, or only its current status. Raises Invalid for a time without a zone."""
    scans = [
        _scan(event.status, _zoned(event.time, at=f"events[{nth}].time"), event)
        for nth, event in enumerate(tracking.events)
    ]
    if not scans and tracking.updated_at is not None:
        scans.append(_scan(tracking.status, _zoned(tracking.updated_at, at="updated_at")))
    return shipping.TrackingSnapshot(
        scans=tuple(scans), tracking_number=str(tracking.tracking_number or ""), external_id=external_id
    )


def _scan(status: str, at: datetime, event: Event | None = None) -> shipping.Scan:
    return shipping.Scan(
        at=at,
        status=_STATUS.get(status, shipping.TrackingStatus.UNKNOWN),
        raw_code=status,
        description=(event.message or "") if event else "",
        location=(event.location or "") if event else "",
    )


def _zoned(instant: datetime, *, at: str) -> datetime:
    if instant.tzinfo is None:
        raise errors.Invalid(f"{at}: the time has no zone.", field=at)
    return instant


def rate_request(request: shipping.LabelRequest) -> dict[str, object]:
    """The request for the parcel's rates."""
    return {**_addresses(request), "items": [_parcel(request)], "apply_rules": True}


def booking(request: shipping.LabelRequest, rate: Rate) -> dict[str, object]:
    """The request that books the parcel at a rate; `order_number` is our reference, used to find it again."""
    return {**_addresses(request), "rate_id": rate.id, "order_number": request.reference}


def _parcel(request: shipping.LabelRequest) -> dict[str, object]:
    return {
        "item_type": "parcel",
        "length": _inches(request.size.length_mm),
        "width": _inches(request.size.width_mm),
        "height": _inches(request.size.height_mm),
        "weight": (Decimal(request.weight_grams) / _GRAMS_PER_POUND).quantize(_HUNDREDTH, ROUND_UP),
        "weight_uom": "lbs",
        "value": money.Money(request.declared_minor, request.currency).decimal(),
        "quantity": 1,
        "product_sku": request.items[0].sku if len(request.items) == 1 else "",
    }


def _inches(millimetres: int) -> Decimal:
    """Round up: a carrier charges for what it measures."""
    return (millimetres / _MM_PER_INCH).quantize(_HUNDREDTH, ROUND_UP)


def _addresses(request: shipping.LabelRequest) -> dict[str, object]:
    return {
        "origin_address": _address(request.sender),
        "destination_address": {
            **_address(request.recipient),
            "is_residential": not request.recipient.company,
        },
    }


def _address(party: shipping.Party) -> dict[str, object]:
    return {
        "name": party.name,
        "company": party.company,
        "street1": party.line1,
        "street2": party.line2,
        "city": party.city,
        "state": party.state_code or party.state,
        "zip": party.postal_code,
        "country": party.country,
        "phone_number": party.phone,
        "email": party.email,
    }


def choose(rates: Sequence[Rate], choice: Choice) -> Rate | None:
    """The cheapest rate, or the one that arrives first; rates without a date count as last. The cheaper one wins a tie."""
    if choice == "cheapest":
        return min(rates, key=lambda rate: rate.price, default=None)
    return min(rates, key=lambda rate: (rate.est_delivery_date or "9999-12-31", rate.price), default=None)


def label(shipment: Shipment, *, currency: str) -> shipping.Label | None:
    """The label of a shipment, without its PDF; None until the carrier has assigned a tracking number."""
    if not shipment.tracking_number:
        return None
    return shipping.Label(
        external_id=str(shipment.id),
        tracking_number=str(shipment.tracking_number),
        tracking_url=shipment.tracking_url or "",
        carrier=shipment.carrier or "ShipHawk",
        service=shipment.service_name or "",
        cost_minor=_cost(shipment.price, currency),
    )


def _cost(price: Decimal | None, currency: str) -> int:
    """Round to the currency's decimals: ShipHawk sends unrounded sums."""
    if price is None:
        return 0
    return int(price.scaleb(money.exponent(currency)).to_integral_value())


def booked(shipments: Sequence[Shipment], reference: str) -> Shipment | None:
    """The valid shipment under our reference."""
    return next(
        (found for found in shipments if found.order_number == reference and not is_canceled(found)), None
    )


def is_canceled(shipment: Shipment) -> bool:
    """Whether the shipment is canceled."""
    return shipment.status == "cancelled"
