"""Goods receipts: received beside announced units; and changes of condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api.access import Calling
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import receiving, regrading
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.reasons import Regrade
from doorstep.domain.inventory.model.receiving import Delivery, ReceiptLine
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.domain.inventory.model.transfers import Arrived
from doorstep.domain.inventory.views import receiving as views
from doorstep.domain.network import views as network
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku, TransferId

router = APIRouter(tags=["Receiving"])


class Came(BaseModel):
    """A number of units in a condition."""

    sku: str
    quantity: int = Field(ge=1)
    condition: Condition = Condition.NEW
    reason: str = Field("", max_length=200)


class Goods(BaseModel):
    """Received goods. Name the document (`document` and `reference`) or the transfer, or neither."""

    location: str = Field(description="The location's code.")
    lines: list[Came] = Field(default_factory=list, max_length=1000)
    document: SupplyKind | None = Field(
        None, description="The document that announced them; its number is the reference."
    )
    reference: str = Field("", max_length=100)
    transfer_id: int | None = None
    closes: bool = Field(False, description="No more units of the document are expected.")
    note: str = Field("", max_length=500, description="Required when the receipt differs from the transfer.")


class Change(BaseModel):
    """Units at a location that are in another condition than recorded."""

    sku: str
    location: str
    before: Condition
    after: Condition
    quantity: int = Field(ge=1)


class Changes(BaseModel):
    """Changes of condition, all or none."""

    changes: list[Change] = Field(min_length=1, max_length=1000)
    reason: str = Field(min_length=1, max_length=200)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A goods receipt; `off` lines differ from what was expected."""

    id: int
    location: str
    kind: str
    reference: str
    transfer_id: int | None
    note: str
    closes: bool
    skus: int
    pieces: int
    off: int
    actor: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Line:
    """A SKU in a condition: expected and received units."""

    sku: str
    condition: str
    expected: int
    received: int
    variance: int
    reason: str


@dataclass(frozen=True, slots=True)
class WholeReceipt:
    """A goods receipt with its lines."""

    receipt: Receipt
    lines: list[Line]


def _shown(row: views.ReceiptRow, code: str) -> Receipt:
    return Receipt(
        id=row.id,
        location=code,
        kind=row.kind.value,
        reference=row.reference,
        transfer_id=row.transfer_id,
        note=row.note,
        closes=row.closes,
        skus=row.skus,
        pieces=row.pieces,
        off=row.off,
        actor=row.actor,
        received_at=row.received_at,
    )


def _line(line: ReceiptLine) -> Line:
    return Line(line.sku, line.condition.value, line.expected, line.received, line.variance, line.reason)


@router.get("/receipts")
def list_receipts(
    calling: Calling,
    location: str = "",
    before: Annotated[int | None, Query(description="Only goods receipts older than this id.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> list[Receipt]:
    """List goods receipts, newest first."""

    def look(tx: ReadTx) -> list[Receipt]:
        chosen = network.by_code(tx, code=location).id if location else calling.scope
        calling.principal.require(Permission.INVENTORY_READ, at=chosen)
        places = network.locations(tx)
        wanted = views.ReceiptFilter(chosen, before, limit)
        return [_shown(row, places[row.location_id].code) for row in views.rows(tx, wanted=wanted)]

    return calling.read(look)


@router.get("/receipts/{receipt_id}")
def get_receipt(calling: Calling, receipt_id: int) -> WholeReceipt:
    """Get one goods receipt with its lines."""

    def look(tx: ReadTx) -> WholeReceipt:
        row = views.row(tx, receipt_id=receipt_id)
        calling.principal.require(Permission.INVENTORY_READ, at=LocationId(row.location_id))
        code = network.location(tx, location_id=row.location_id).code
        return WholeReceipt(_shown(row, code), [_line(each) for each in views.lines(tx, receipt_id=row.id)])

    return calling.read(look)


@router.post("/receipts", status_code=201)
def receive(calling: Calling, body: Goods) -> dict[str, object]:
    """Receive goods. Unannounced units go to quarantine. With an Idempotency-Key they are received only once."""

    def work(tx: WriteTx) -> dict[str, object]:
        place = network.by_code(tx, code=body.location)
        calling.principal.require(Permission.STOCK_WORK, at=place.id)
        key = calling.idempotency_key
        delivery = Delivery(
            location_id=place.id,
            lines=[Arrived(Sku(each.sku), each.quantity, each.condition, each.reason) for each in body.lines],
            supply_kind=body.document,
            reference=body.reference,
            transfer_id=None if body.transfer_id is None else TransferId(body.transfer_id),
            closes=body.closes,
            note=body.note,
            key=f"{calling.principal.actor}/{key}" if key else None,
        )
        booked = receiving.receive(tx, delivery=delivery, at=calling.app.clock.now())
        return {
            "id": booked.receipt_id,
            "is_replay": booked.is_replay,
            "lines": [_line(each) for each in booked.lines],
        }

    return calling.write(work)


@router.post("/inventory/regrades", status_code=201)
def regrade(calling: Calling, body: Changes) -> dict[str, object]:
    """Change the condition of units, all or none. Reserved units do not change."""

    def work(tx: WriteTx) -> dict[str, object]:
        places = {each.location: network.by_code(tx, code=each.location).id for each in body.changes}
        for place in places.values():
            calling.principal.require(Permission.STOCK_WORK, at=place)
        changes = [
            Regrade(Sku(each.sku), places[each.location], each.before, each.after, each.quantity)
            for each in body.changes
        ]
        regrading.change_condition(tx, regrades=changes, reason=body.reason, at=calling.app.clock.now())
        return {"changed": sum(each.quantity for each in changes)}

    return calling.write(work)
