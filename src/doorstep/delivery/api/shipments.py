"""Shipments: what a parcel has of an order, its label and its scans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel
from starlette.responses import Response

from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.shapes import ShipmentLine
from doorstep.domain.identity.model import Permission
from doorstep.domain.shipping import views
from doorstep.flows.fulfillment import packing
from doorstep.flows.shipping import ship
from doorstep.kernel.db import ReadTx, WriteTx

router = APIRouter(tags=["Shipments"])


@dataclass(frozen=True, slots=True)
class Scan:
    """One tracking event: the carrier's own code, and the status it maps to."""

    at: datetime
    status: str
    raw_code: str
    description: str
    location: str


@dataclass(frozen=True, slots=True)
class Shipment:
    """What a parcel has of an order. Shipments with the same `parcel_id` share its label and its scans."""

    id: int
    parcel_id: int
    order_id: int
    reference: str
    direction: str
    label: str
    carrier: str
    service: str
    tracking_number: str
    tracking_url: str
    tracking_status: str
    error: str
    dispatched_at: datetime | None
    delivered_at: datetime | None
    lines: list[ShipmentLine]
    scans: list[Scan]


def _seen(calling: Caller, tx: ReadTx, shipment_id: int) -> views.Shipment:
    found = views.shipment(tx, shipment_id=shipment_id)
    calling.principal.require(Permission.FULFILLMENT_READ, at=found.location_id)
    return found


@router.get("/shipments/{shipment_id}")
def get_shipment(calling: Calling, shipment_id: int) -> Shipment:
    """Get one shipment."""

    def fetch(tx: ReadTx) -> Shipment:
        found = _seen(calling, tx, shipment_id)
        scans = views.scans(tx, parcel_id=found.parcel_id)
        return Shipment(
            id=found.id,
            parcel_id=found.parcel_id,
            order_id=found.order_id,
            reference=found.reference,
            direction=found.direction.value,
            label=found.label_state.value,
            carrier=found.carrier,
            service=found.service,
            tracking_number=found.tracking_number,
            tracking_url=found.tracking_url,
            tracking_status=found.tracking_status.value,
            error=found.error,
            dispatched_at=found.dispatched_at,
            delivered_at=found.delivered_at,
            lines=[
                ShipmentLine(line_no=each.line_no, sku=each.sku, quantity=each.quantity)
                for each in found.lines
            ],
            scans=[
                Scan(each.at, each.status.value, each.raw_code, each.description, each.location)
                for each in scans
            ],
        )

    return calling.read(fetch)


@router.get(
    "/shipments/{shipment_id}/label.pdf",
    response_class=Response,
    responses={200: {"description": "The label.", "content": {"application/pdf": {}}}},
)
def download_label(calling: Calling, shipment_id: int) -> Response:
    """Download the carrier's label."""

    def fetch(tx: ReadTx) -> bytes:
        _seen(calling, tx, shipment_id)
        return views.label(tx, shipment_id=shipment_id)

    return Response(calling.read(fetch), media_type="application/pdf")


class Label(BaseModel):
    """A shipment and the state of its label."""

    shipment_id: int
    label: str


class HandedOver(BaseModel):
    """A shipment that was handed to the carrier."""

    shipment_id: int
    dispatched_at: datetime | None


@router.post("/shipments/{shipment_id}/retry-label")
def retry_label(calling: Calling, shipment_id: int) -> Label:
    """Retry a failed label; first the carrier is asked whether it already sold one."""

    def work(tx: WriteTx) -> Label:
        found = _seen(calling, tx, shipment_id)
        calling.principal.require(Permission.FULFILLMENT_WRITE, at=found.location_id)
        ship.retry_label(tx, shipment_id=found.id, now=calling.app.clock.now())
        after = views.shipment(tx, shipment_id=shipment_id)
        return Label(shipment_id=after.id, label=after.label_state.value)

    return calling.write(work)


@router.post("/shipments/{shipment_id}/ship")
def ship_parcel(calling: Calling, shipment_id: int) -> HandedOver:
    """Hand one parcel over to the carrier, with everything in it. Repeating it changes nothing."""

    def work(tx: WriteTx) -> HandedOver:
        found = _seen(calling, tx, shipment_id)
        calling.principal.require(Permission.FULFILLMENT_WRITE, at=found.location_id)
        packing.ship_parcel(tx, shipment_id=found.id, now=calling.app.clock.now())
        after = views.shipment(tx, shipment_id=shipment_id)
        return HandedOver(shipment_id=after.id, dispatched_at=after.dispatched_at)

    return calling.write(work)
