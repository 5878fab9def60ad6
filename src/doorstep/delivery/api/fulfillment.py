"""Fulfillment orders: the work of a location."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.analytics.views import work as views
from doorstep.domain.fulfillment import views as work_views
from doorstep.domain.fulfillment.model import RejectReason
from doorstep.domain.identity.model import Permission
from doorstep.domain.network import views as network
from doorstep.domain.shipping.model import Packed, Size
from doorstep.flows.fulfillment import fulfill, packing
from doorstep.flows.fulfillment import recall as back
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import FulfillmentOrderId

router = APIRouter(tags=["Fulfillment"])


@dataclass(frozen=True, slots=True)
class WorkLine:
    """Units to pick."""

    line_no: int
    sku: str
    title: str
    barcode: str
    quantity: int
    picked: int
    packed: int


@dataclass(frozen=True, slots=True)
class WorkParcel:
    """A parcel of a fulfillment order, its label, and its units by SKU."""

    shipment_id: int
    reference: str
    label: str
    tracking_number: str
    carrier: str
    error: str
    weight_grams: int
    dispatched_at: datetime | None
    contents: dict[str, int]


@dataclass(frozen=True, slots=True)
class Work:
    """A fulfillment order. `actions` are allowed now; send `version` back, and an outdated one is rejected.

    `warehouse` names the partner's warehouse that does it: people have no actions then. `warehouse_state` is requested, sent,
    acknowledged, failed, refused, canceling, too_late, canceled or shipped.
    """

    id: int
    order_id: int
    order_number: str
    location: str
    status: str
    version: int
    actions: list[str]
    warehouse: str
    warehouse_state: str
    ship_by: datetime
    parcels: list[WorkParcel]
    lines: list[WorkLine]


class Acted(BaseModel):
    """A fulfillment order after an action, and the actions that are allowed next."""

    id: int
    status: str
    version: int
    actions: list[str]


class Command(BaseModel):
    """The version that was read before the action."""

    version: int | None = Field(
        None, description="The version you read; the action is rejected if there is a newer one (409)."
    )


class Scan(Command):
    """A scanned SKU or barcode."""

    code: str = Field(min_length=1, max_length=100, description="The SKU or barcode.")


class Units(BaseModel):
    """Units of one line."""

    line_no: int = Field(description="The line of the order.")
    quantity: int = Field(gt=0, description="The number of units.")


class SizeMm(BaseModel):
    """Outer size of a parcel in millimeters."""

    length_mm: int = Field(gt=0, le=10_000, description="The length in millimeters.")
    width_mm: int = Field(gt=0, le=10_000, description="The width in millimeters.")
    height_mm: int = Field(gt=0, le=10_000, description="The height in millimeters.")


class PackedParcel(BaseModel):
    """What is in one parcel, and its weight and size where they were measured."""

    lines: list[Units] = Field(min_length=1, description="The units in the parcel.")
    weight_grams: int | None = Field(
        None, gt=0, le=1_000_000, description="The weight of the packed parcel in grams."
    )
    size: SizeMm | None = Field(None, description="The size of the parcel.")

    def packed(self) -> Packed:
        """The parcel as packing takes it; units of a line that is named twice are added."""
        units = Counter[int]()
        for line in self.lines:
            units[line.line_no] += line.quantity
        size = self.size
        measured = None if size is None else Size(size.length_mm, size.width_mm, size.height_mm)
        return Packed(units, self.weight_grams, measured)


class Packing(Command):
    """How it is packed; without `parcels` in one parcel, combined with the customer's other orders that ship together."""

    parcels: list[PackedParcel] = Field(
        default_factory=list,
        max_length=50,
        description="The parcels and their content; none: everything in one parcel.",
    )


class Rejection(Command):
    """Why the location cannot fulfill it."""

    reason: RejectReason = Field(description="The reason code of the rejection.")
    note: str = Field("", max_length=500, description="A note for colleagues who read it later.")


class Recall(Command):
    """Why to route it elsewhere."""

    why: str = Field(
        min_length=1, max_length=500, description="The reason, for colleagues who read it later."
    )


class RecallDecline(Command):
    """The location's comment."""

    note: str = Field("", max_length=500, description="A note for colleagues who read it later.")


def _reported(job: views.Job) -> Work:
    card = job.card
    lines = [
        WorkLine(each.line_no, each.sku, each.title, each.barcode, each.quantity, each.picked, each.packed)
        for each in card.lines
    ]
    return Work(
        id=card.id,
        order_id=card.order_id,
        order_number=card.order_number,
        location=card.location.code,
        status=card.state.value,
        version=card.version,
        actions=[action.value for action in job.actions],
        warehouse=card.warehouse,
        warehouse_state=card.warehouse_state,
        ship_by=card.ship_by,
        parcels=[
            WorkParcel(
                shipment_id=each.shipment_id,
                reference=each.reference,
                label=each.label_state.value,
                tracking_number=each.tracking_number,
                carrier=each.carrier,
                error=each.error,
                weight_grams=each.weight_grams,
                dispatched_at=each.dispatched_at,
                contents=each.contents,
            )
            for each in card.parcels
        ],
        lines=lines,
    )


class Waiting(Paging):
    """Filter of the list."""

    location: str = Field(description="Code of the location.")


@router.get("/fulfillment-orders")
def list_fulfillment_orders(calling: Calling, wanted: Annotated[Waiting, Query()]) -> Page[Work]:
    """List the open work of a location, most urgent first."""
    after = None
    if wanted.cursor:
        ship_by, work_id = paging.parts(wanted.cursor, 2)
        after = paging.instant(ship_by), paging.whole(work_id)

    def fetch(tx: ReadTx) -> list[views.Job]:
        location = network.by_code(tx, code=wanted.location)
        calling.principal.require(Permission.FULFILLMENT_READ, at=location.id)
        now = calling.app.clock.now()
        return views.waiting(tx, location_id=location.id, now=now, limit=wanted.limit + 1, after=after)

    def key(job: views.Job) -> str:
        return paging.cursor(job.card.ship_by, job.card.id)

    return paging.page(calling.read(fetch), _reported, key, limit=wanted.limit)


@router.get("/fulfillment-orders/{fulfillment_order_id}")
def get_fulfillment_order(calling: Calling, fulfillment_order_id: int) -> Work:
    """Get one fulfillment order."""
    return calling.read(lambda tx: _look(calling, tx, fulfillment_order_id))


def _look(calling: Caller, tx: ReadTx, fulfillment_order_id: int) -> Work:
    location = work_views.work(tx, fulfillment_order_id=fulfillment_order_id).location_id
    calling.principal.require(Permission.FULFILLMENT_READ, at=location)
    return _reported(views.job(tx, fulfillment_order_id=fulfillment_order_id, now=calling.app.clock.now()))


def _act(
    calling: Caller, fulfillment_order_id: int, verb: Callable[[WriteTx, FulfillmentOrderId, datetime], None]
) -> Acted:
    """Run an action at a location that the caller may act for; answers with the new state."""

    def work(tx: WriteTx) -> Acted:
        location = work_views.work(tx, fulfillment_order_id=fulfillment_order_id).location_id
        calling.principal.require(Permission.FULFILLMENT_WRITE, at=location)
        verb(tx, FulfillmentOrderId(fulfillment_order_id), calling.app.clock.now())
        after = _look(calling, tx, fulfillment_order_id)
        return Acted(id=after.id, status=after.status, version=after.version, actions=after.actions)

    return calling.write(work)


@router.post("/fulfillment-orders/{fulfillment_order_id}/accept")
def accept_fulfillment_order(
    calling: Calling, fulfillment_order_id: int, body: Annotated[Command, Body(default_factory=Command)]
) -> Acted:
    """Accept a fulfillment order."""
    return _act(
        calling,
        fulfillment_order_id,
        lambda tx, each, now: fulfill.accept(tx, fulfillment_order_id=each, version=body.version, now=now),
    )


@router.post("/fulfillment-orders/{fulfillment_order_id}/pick")
def pick_units(calling: Calling, fulfillment_order_id: int, body: Scan) -> Acted:
    """Scan one unit; the last scan finishes picking."""

    def verb(tx: WriteTx, each: FulfillmentOrderId, now: datetime) -> None:
        fulfill.pick(tx, fulfillment_order_id=each, code=body.code, version=body.version, now=now)

    return _act(calling, fulfillment_order_id, verb)


@router.post("/fulfillment-orders/{fulfillment_order_id}/pick-all")
def pick_all_units(
    calling: Calling, fulfillment_order_id: int, body: Annotated[Command, Body(default_factory=Command)]
) -> Acted:
    """Pick the remaining units without scanning."""
    return _act(
        calling,
        fulfillment_order_id,
        lambda tx, each, now: fulfill.pick_all(tx, fulfillment_order_id=each, version=body.version, now=now),
    )


@router.post("/fulfillment-orders/{fulfillment_order_id}/pack")
def pack_fulfillment_order(
    calling: Calling, fulfillment_order_id: int, body: Annotated[Packing, Body(default_factory=Packing)]
) -> Acted:
    """Pack in one parcel, or in several; each parcel's label is bought in the background."""
    parcels = [each.packed() for each in body.parcels]

    def verb(tx: WriteTx, each: FulfillmentOrderId, now: datetime) -> None:
        if parcels:
            packing.pack_parcels(
                calling.app.context,
                tx,
                fulfillment_order_id=each,
                parcels=parcels,
                version=body.version,
                now=now,
            )
        else:
            packing.pack(tx, fulfillment_order_id=each, version=body.version, now=now)

    return _act(calling, fulfillment_order_id, verb)


@router.post("/fulfillment-orders/{fulfillment_order_id}/ship")
def ship_fulfillment_order(
    calling: Calling, fulfillment_order_id: int, body: Annotated[Command, Body(default_factory=Command)]
) -> Acted:
    """Hand all parcels over to the carrier. Repeating it changes nothing."""
    return _act(
        calling,
        fulfillment_order_id,
        lambda tx, each, now: packing.ship(tx, fulfillment_order_id=each, version=body.version, now=now),
    )


@router.post("/fulfillment-orders/{fulfillment_order_id}/reject")
def reject_fulfillment_order(calling: Calling, fulfillment_order_id: int, body: Rejection) -> Acted:
    """Reject a fulfillment order: its lines are routed elsewhere."""

    def verb(tx: WriteTx, each: FulfillmentOrderId, now: datetime) -> None:
        fulfill.reject(
            tx, fulfillment_order_id=each, reason=body.reason, note=body.note, version=body.version, now=now
        )

    return _act(calling, fulfillment_order_id, verb)


# The undocumented paths are the former ones: programs keep working until 1.0.
@router.post("/fulfillment-orders/{fulfillment_order_id}/ask-back", include_in_schema=False)
@router.post("/fulfillment-orders/{fulfillment_order_id}/recall")
def recall_fulfillment_order(calling: Calling, fulfillment_order_id: int, body: Recall) -> Acted:
    """Recall a fulfillment order: unaccepted work is re-routed at once, else the location agrees or declines."""
    calling.principal.require(Permission.ORDERS_WRITE)

    def verb(tx: WriteTx, each: FulfillmentOrderId, now: datetime) -> None:
        back.request(tx, fulfillment_order_id=each, why=body.why, version=body.version, now=now)

    return _act(calling, fulfillment_order_id, verb)


@router.post("/fulfillment-orders/{fulfillment_order_id}/keep", include_in_schema=False)
@router.post("/fulfillment-orders/{fulfillment_order_id}/decline-recall")
def decline_recall(
    calling: Calling,
    fulfillment_order_id: int,
    body: Annotated[RecallDecline, Body(default_factory=RecallDecline)],
) -> Acted:
    """Decline a recall. To agree, reject the fulfillment order with the reason recalled."""
    return _act(
        calling,
        fulfillment_order_id,
        lambda tx, each, now: back.decline(tx, fulfillment_order_id=each, note=body.note, now=now),
    )
