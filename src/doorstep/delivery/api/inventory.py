"""Inventory: counters by SKU and location, stock movements, adjustments."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.catalog import views as catalog
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory import actions, views
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.reasons import AdjustReason, wording
from doorstep.domain.inventory.views import MovementRow, grid
from doorstep.domain.network import views as network
from doorstep.kernel import errors
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku

router = APIRouter(tags=["Inventory"])


class Position(BaseModel):
    """Units on hand, reserved, available and incoming."""

    sku: str
    title: str
    location: str
    condition: str
    on_hand: int
    reserved: int
    available: int
    incoming: int


class Movement(BaseModel):
    """A line of the ledger."""

    id: int
    type: str
    condition: str
    on_hand_change: int
    reserved_change: int
    incoming_change: int
    cause: str
    reverses: int | None
    reason: str
    actor: str
    at: datetime


class Correction(BaseModel):
    """A change of on-hand stock: by a number of units, or to a new quantity."""

    sku: str = Field(description="The SKU.")
    location: str = Field(description="The location's code.")
    condition: Condition = Field(Condition.NEW, description="The condition of the units.")
    change: int | None = Field(None, description="The units to add, or, if negative, to remove.")
    set_to: int | None = Field(None, ge=0, description="The new quantity on hand.")
    reason: AdjustReason = Field(description="The reason code of the change.")
    note: str = Field("", max_length=200, description="A note for colleagues who read it later.")


class InventoryFilter(Paging):
    """Filter and page of the counters; the page size counts SKUs, each with all its counters."""

    q: str = Field("", description="SKU, title or barcode.")
    location: str = Field("", description="The location's code.")


@router.get("/inventory")
def list_inventory(calling: Calling, asked: Annotated[InventoryFilter, Query()]) -> Page[Position]:
    """List stock counters, by SKU."""

    def fetch(tx: ReadTx) -> Page[Position]:
        locations = network.locations(tx)
        chosen = network.by_code(tx, code=asked.location).id if asked.location else calling.scope
        calling.principal.require(Permission.INVENTORY_READ, at=chosen)
        wanted = views.StockFilter(
            text=asked.q, location_id=chosen, after_sku=asked.cursor, limit=asked.limit
        )
        page = views.page(tx, wanted=wanted)
        positions = [
            Position(
                sku=row.sku,
                title=row.title,
                location=locations[row.location_id].code,
                condition=row.condition,
                on_hand=row.on_hand,
                reserved=row.reserved,
                available=row.on_hand - row.reserved,
                incoming=row.incoming,
            )
            for row in page.rows
        ]
        return Page(items=positions, next_cursor=page.next_after)

    return calling.read(fetch)


@router.get("/inventory/{sku:path}/{location}/movements")
def list_movements(
    calling: Calling, sku: str, location: str, wanted: Annotated[Paging, Query()]
) -> Page[Movement]:
    """List the movements of a counter, newest first."""

    def fetch(tx: ReadTx) -> Page[Movement]:
        found = network.by_code(tx, code=location)
        calling.principal.require(Permission.INVENTORY_READ, at=found.id)
        if not catalog.known(tx, skus=[sku]):
            raise errors.NotFound(f"The catalog does not have {sku}.")
        return paging.newest(
            wanted,
            grid.MOVEMENTS,
            lambda page: grid.movements(tx, sku=sku, location_id=found.id, page=page),
            _movement,
        )

    return calling.read(fetch)


class Adjusted(BaseModel):
    """A counter after the adjustment."""

    sku: str
    location: str
    on_hand: int
    reserved: int


@router.post("/inventory/adjustments", status_code=201)
def adjust_stock(calling: Calling, body: Correction) -> Adjusted:
    """Adjust stock, with a reason. Reserved units cannot be removed."""

    def work(tx: WriteTx) -> Adjusted:
        location = network.by_code(tx, code=body.location)
        calling.principal.require(Permission.INVENTORY_WRITE, at=location.id)
        correction = actions.Correction(
            sku=Sku(body.sku),
            location_id=location.id,
            reason=wording(body.reason, body.note),
            change=body.change,
            set_to=body.set_to,
            condition=body.condition,
        )
        now = actions.adjust(tx, correction=correction, at=calling.app.clock.now())
        return Adjusted(sku=body.sku, location=body.location, on_hand=now.on_hand, reserved=now.reserved)

    return calling.write(work)


def _movement(row: MovementRow) -> Movement:
    return Movement(
        id=row.id,
        type=row.type,
        condition=row.condition,
        on_hand_change=row.on_hand_change,
        reserved_change=row.reserved_change,
        incoming_change=row.incoming_change,
        cause=row.cause,
        reverses=row.reverses,
        reason=row.reason,
        actor=row.actor,
        at=row.occurred_at,
    )
