"""Shipments: parcels, their labels and scans."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter
from starlette.responses import Response

from doorstep.delivery.api.access import Caller, Calling
from doorstep.domain.identity.model import Permission
from doorstep.domain.shipping import views
from doorstep.domain.shipping.views import Shipment
from doorstep.flows.shipping import ship
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import ShipmentId

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
class ParcelLine:
    """Units of an order line in the parcel."""

    line_no: int
    sku: str
    quantity: int


@dataclass(frozen=True, slots=True)
class LabelState:
    """The state of a parcel's label."""

    shipment_id: int
    label: str


@dataclass(frozen=True, slots=True)
class Parcel:
    """A parcel with its scans."""

    id: int
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
    lines: list[ParcelLine]
    scans: list[Scan]


def _seen(calling: Caller, tx: ReadTx, shipment_id: int) -> Shipment:
    found = views.shipment(tx, shipment_id=shipment_id)
    calling.principal.require(Permission.FULFILLMENT_READ, at=found.location_id)
    return found


@router.get("/shipments/{shipment_id}")
def get_shipment(calling: Calling, shipment_id: int) -> Parcel:
    """Get one parcel."""

    def look(tx: ReadTx) -> Parcel:
        found = _seen(calling, tx, shipment_id)
        scans = views.scans(tx, shipment_id=shipment_id)
        return Parcel(
            id=found.id,
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
            lines=[ParcelLine(line.line_no, line.sku, line.quantity) for line in found.lines],
            scans=[
                Scan(each.at, each.status.value, each.raw_code, each.description, each.location)
                for each in scans
            ],
        )

    return calling.read(look)


@router.get("/shipments/{shipment_id}/label.pdf", response_class=Response)
def get_label(calling: Calling, shipment_id: int) -> Response:
    """Download the carrier's label."""

    def look(tx: ReadTx) -> bytes:
        _seen(calling, tx, shipment_id)
        return views.label(tx, shipment_id=shipment_id)

    return Response(calling.read(look), media_type="application/pdf")


@router.post("/shipments/{shipment_id}/retry-label")
def retry_label(calling: Calling, shipment_id: int) -> LabelState:
    """Retry a failed label; first the carrier is asked whether it already sold one."""

    def work(tx: WriteTx) -> LabelState:
        found = _seen(calling, tx, shipment_id)
        calling.principal.require(Permission.FULFILLMENT_WRITE, at=found.location_id)
        ship.retry_label(tx, shipment_id=ShipmentId(shipment_id), now=calling.app.clock.now())
        return LabelState(shipment_id, "requested")

    return calling.write(work)
