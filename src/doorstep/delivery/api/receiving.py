"""Goods receipts: received beside announced units; and changes of condition."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import condition_changes, receiving
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.reasons import StockConditionChange
from doorstep.domain.inventory.model.receiving import Delivery, DocumentKind, ReceiptLine
from doorstep.domain.inventory.model.supplies import SupplyKind
from doorstep.domain.inventory.model.transfers import TransferReceiptLine
from doorstep.domain.inventory.views import receiving as views
from doorstep.domain.network import views as network
from doorstep.kernel import keyset
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku, TransferId

router = APIRouter(tags=["Receiving"])


class ReceivedUnits(BaseModel):
    """A number of units in a condition."""

    sku: str = Field(description="The SKU.")
    quantity: int = Field(ge=1, description="The number of units.")
    condition: Condition = Field(Condition.NEW, description="The condition of the units.")
    reason: str = Field("", max_length=200, description="The reason, for colleagues who read it later.")


class NewReceipt(BaseModel):
    """Received goods. Name the document (`document` and `reference`) or the transfer, or neither."""

    location: str = Field(description="The location's code.")
    lines: list[ReceivedUnits] = Field(default_factory=list, max_length=1000, description="The lines.")
    document: SupplyKind | None = Field(
        None, description="The document that announced them; its number is the reference."
    )
    reference: str = Field("", max_length=100, description="The number of the document at the partner.")
    transfer_id: int | None = Field(None, description="The transfer that arrived.")
    closes: bool = Field(False, description="No more units of the document are expected.")
    note: str = Field("", max_length=500, description="Required when the receipt differs from the transfer.")


class ConditionChange(BaseModel):
    """Units at a location that are in another condition than recorded."""

    sku: str = Field(description="The SKU.")
    location: str = Field(description="The code of the location.")
    before: Condition = Field(description="The condition before.")
    after: Condition = Field(description="The condition after.")
    quantity: int = Field(ge=1, description="The number of units.")


class ConditionChanges(BaseModel):
    """Changes of condition, all or none."""

    changes: list[ConditionChange] = Field(
        min_length=1, max_length=1000, description="The changes of condition."
    )
    reason: str = Field(
        min_length=1, max_length=200, description="The reason, for colleagues who read it later."
    )


class Receipt(BaseModel):
    """A goods receipt; `off` lines differ from what was expected."""

    id: int
    location: str
    kind: str
    reference: str
    transfer_id: int | None
    note: str
    closes: bool
    skus: int
    units: int
    off: int
    actor: str
    received_at: datetime


class GoodsLine(BaseModel):
    """A SKU in a condition: expected and received units."""

    sku: str
    condition: str
    expected: int
    received: int
    variance: int
    reason: str


class WholeReceipt(BaseModel):
    """A goods receipt with its lines."""

    receipt: Receipt
    lines: list[GoodsLine]


class Received(BaseModel):
    """A goods receipt that was recorded; `is_replay`: it already was, and nothing changed."""

    id: int
    is_replay: bool
    lines: list[GoodsLine]


class ConditionsChanged(BaseModel):
    """How many units changed their condition."""

    changed: int


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
        units=row.units,
        off=row.off,
        actor=row.actor,
        received_at=row.received_at,
    )


def _line(line: ReceiptLine) -> GoodsLine:
    return GoodsLine(
        sku=line.sku,
        condition=line.condition.value,
        expected=line.expected,
        received=line.received,
        variance=line.variance,
        reason=line.reason,
    )


class Listing(Paging):
    """Filter and page of the list."""

    location: str = Field("", description="The location's code.")


@router.get("/receipts")
def list_receipts(calling: Calling, wanted: Annotated[Listing, Query()]) -> Page[Receipt]:
    """List goods receipts, newest first."""

    def fetch(tx: ReadTx) -> Page[Receipt]:
        chosen = network.by_code(tx, code=wanted.location).id if wanted.location else calling.scope
        calling.principal.require(Permission.INVENTORY_READ, at=chosen)
        locations = network.locations(tx)
        rows = views.rows(
            tx, wanted=views.ReceiptFilter(chosen, keyset.newest(wanted.limit + 1, wanted.last_id))
        )
        return paging.page(
            rows,
            lambda row: _shown(row, locations[row.location_id].code),
            lambda row: str(row.id),
            limit=wanted.limit,
        )

    return calling.read(fetch)


@router.get("/receipts/{receipt_id}")
def get_receipt(calling: Calling, receipt_id: int) -> WholeReceipt:
    """Get one goods receipt with its lines."""

    def fetch(tx: ReadTx) -> WholeReceipt:
        row = views.row(tx, receipt_id=receipt_id)
        calling.principal.require(Permission.INVENTORY_READ, at=LocationId(row.location_id))
        code = network.location(tx, location_id=row.location_id).code
        return WholeReceipt(
            receipt=_shown(row, code), lines=[_line(each) for each in views.lines(tx, receipt_id=row.id)]
        )

    return calling.read(fetch)


@router.post("/receipts", status_code=201)
def receive_goods(calling: Calling, body: NewReceipt) -> Received:
    """Receive goods. Unannounced units go to quarantine. With an Idempotency-Key they are received only once.

    Without inventory:write a document is needed, and units beyond it go to quarantine, too.
    """

    def work(tx: WriteTx) -> Received:
        location = network.by_code(tx, code=body.location)
        calling.principal.require(Permission.STOCK_WORK, at=location.id)
        key = calling.idempotency_key
        delivery = Delivery(
            location_id=location.id,
            lines=[
                TransferReceiptLine(Sku(each.sku), each.quantity, each.condition, each.reason)
                for each in body.lines
            ],
            supply_kind=body.document,
            reference=body.reference,
            transfer_id=None if body.transfer_id is None else TransferId(body.transfer_id),
            closes=body.closes,
            note=body.note,
            key=f"{calling.principal.actor}/{key}" if key else None,
            is_bound_to_document=not calling.principal.can(Permission.INVENTORY_WRITE),
        )
        if delivery.kind is DocumentKind.NONE:
            calling.principal.require(Permission.INVENTORY_WRITE, at=location.id)
        booked = receiving.receive(tx, delivery=delivery, at=calling.app.clock.now())
        return Received(
            id=booked.receipt_id,
            is_replay=booked.is_replay,
            lines=[_line(each) for each in booked.lines],
        )

    return calling.write(work)


@router.post("/inventory/condition-changes", status_code=201)
def change_condition(calling: Calling, body: ConditionChanges) -> ConditionsChanged:
    """Change the condition of units, all or none. Reserved units do not change. inventory:write is needed to make units
    sellable that were not.
    """

    def work(tx: WriteTx) -> ConditionsChanged:
        locations = {each.location: network.by_code(tx, code=each.location).id for each in body.changes}
        for location in locations.values():
            calling.principal.require(Permission.STOCK_WORK, at=location)
        changes = [
            StockConditionChange(
                Sku(each.sku), locations[each.location], each.before, each.after, each.quantity
            )
            for each in body.changes
        ]
        for each in changes:
            if each.makes_sellable:
                calling.principal.require(Permission.INVENTORY_WRITE, at=each.location_id)
        condition_changes.change_condition(
            tx, changes=changes, reason=body.reason, at=calling.app.clock.now()
        )
        return ConditionsChanged(changed=sum(each.quantity for each in changes))

    return calling.write(work)
