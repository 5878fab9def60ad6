"""Future supply, promises against it, and which SKUs may be sold ahead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.analytics.views import orders
from doorstep.domain.identity.model import NotAllowed, Permission
from doorstep.domain.inventory.actions import promises, supplies
from doorstep.domain.inventory.actions.supplies import SupplyResult, SupplyUpdate
from doorstep.domain.inventory.model.promises import SellAhead, SellAheadMode
from doorstep.domain.inventory.model.supplies import Announcement, Supply, SupplyKind
from doorstep.domain.inventory.views import promises as promise_views
from doorstep.domain.inventory.views import supplies as views
from doorstep.domain.network import views as network
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import Sku

router = APIRouter(tags=["Future supply"])


class AnnouncedLine(BaseModel):
    """A line of a document that announces supply; kind, number and line_no identify it."""

    kind: SupplyKind = Field(description="The kind.")
    number: str = Field(min_length=1, max_length=100, description="The number of the document.")
    line_no: int = Field(ge=1, description="The line of the document.")
    sku: str = Field(description="The SKU.")
    location: str = Field(description="The location's code.")
    quantity: int = Field(ge=1, description="The number of units.")
    eta_date: date = Field(description="The expected date.")
    confidence: int = Field(100, ge=0, le=100, description="Confidence in percent.")


class AnnouncedLines(BaseModel):
    """Up to 1,000 lines."""

    lines: list[AnnouncedLine] = Field(min_length=1, max_length=1000, description="The lines.")


class SupplyChange(BaseModel):
    """Changes to a line; missing fields stay. With `preview` nothing is changed."""

    eta_date: date | None = Field(None, description="The expected date.")
    quantity: int | None = Field(None, ge=1, description="The new number of units.")
    confidence: int | None = Field(None, ge=0, le=100, description="The probability of arrival, in percent.")
    version: int | None = Field(None, description="The version that the change is based on.")
    preview: bool = Field(False, description="True: show the effects and change nothing.")


class Policy(BaseModel):
    """May a SKU be sold before it arrives?"""

    mode: SellAheadMode = Field(description="Whether and when it may be sold ahead of supply.")
    quantity_limit: int | None = Field(None, ge=0, description="Most units promised ahead; null: no limit.")
    available_from_date: date | None = Field(None, description="No earlier day is promised.")
    until_date: date | None = Field(None, description="Last day on which it is sold ahead.")
    min_confidence: int = Field(
        0, ge=0, le=100, description="The lowest confidence of supply that is promised, in percent."
    )


class SupplyLine(BaseModel):
    """A line of a document: its open units, and how many of them are promised to orders."""

    id: int
    kind: str
    number: str
    line_no: int
    sku: str
    location: str
    quantity: int
    received: int
    expected: int
    promised: int
    eta_date: date
    confidence: int
    state: str
    source: str
    version: int


class Promise(BaseModel):
    """Units promised to an order line; no day: no supply is known for it."""

    order_id: int
    number: str
    line_no: int
    sku: str
    quantity: int
    arrived: int
    document: str
    promised_date: date | None
    state: str
    made_at: datetime


class SupplyState(BaseModel):
    """A line of a document after a change."""

    id: int
    document: str
    sku: str
    quantity: int
    received: int
    expected: int
    eta_date: date
    confidence: int
    state: str
    version: int


class PromiseMoved(BaseModel):
    """An order line whose promised day changes; null: no supply is known for it."""

    order_id: int
    line_no: int
    sku: str
    old_date: date | None
    new_date: date | None


class SuppliesChanged(BaseModel):
    """The lines after the change, and the order lines whose day it changes."""

    supplies: list[SupplyState]
    promises_changed: list[PromiseMoved]


class SellAheadPolicy(Policy):
    """May a SKU be sold before it arrives?"""

    sku: str


class SellAheadState(SellAheadPolicy):
    """The policy of a SKU, and how many units are promised and have not arrived."""

    promised: int


def _reported(outcome: SupplyResult) -> SuppliesChanged:
    return SuppliesChanged(
        supplies=[_supply(each) for each in outcome.supplies], promises_changed=_moves(outcome)
    )


def _supply(found: Supply) -> SupplyState:
    return SupplyState(
        id=found.id,
        document=found.document,
        sku=found.sku,
        quantity=found.quantity,
        received=found.received,
        expected=found.expected,
        eta_date=found.eta_date,
        confidence=found.confidence,
        state=found.state.value,
        version=found.version,
    )


def _moves(outcome: SupplyResult) -> list[PromiseMoved]:
    return [
        PromiseMoved(
            order_id=each.order_id,
            line_no=each.line_no,
            sku=each.sku,
            old_date=each.old_date,
            new_date=each.new_date,
        )
        for each in outcome.changed
    ]


class Listing(Paging):
    """Filter and page of the list."""

    q: str = Field("", description="Document number, SKU or title.")
    state: str = Field("open", description="open, closed, canceled; empty: all.")
    location: str = Field("", description="The location's code.")
    sku: str = ""


@router.get("/supplies")
def list_supplies(calling: Calling, asked: Annotated[Listing, Query()]) -> Page[SupplyLine]:
    """List lines of documents, soonest first."""
    after = paging.after(views.SORTING, asked.cursor, views.SOONEST.sort)

    def fetch(tx: ReadTx) -> Page[SupplyLine]:
        locations = network.locations(tx)
        chosen = network.by_code(tx, code=asked.location).id if asked.location else calling.scope
        calling.principal.require(Permission.INVENTORY_READ, at=chosen)
        wanted = views.SupplyFilter(
            text=asked.q,
            state=asked.state,
            location_id=chosen,
            sku=asked.sku,
            page=replace(views.SOONEST, after=after, limit=asked.limit + 1),
        )
        return paging.page(
            views.page(tx, wanted=wanted),
            lambda row: _line(row, locations[row.location_id].code),
            lambda row: views.SORTING.cursor_of(row, views.SOONEST.sort),
            limit=asked.limit,
        )

    return calling.read(fetch)


def _line(row: views.SupplyRow, code: str) -> SupplyLine:
    return SupplyLine(
        id=row.id,
        kind=row.kind,
        number=row.number,
        line_no=row.line_no,
        sku=row.sku,
        location=code,
        quantity=row.quantity,
        received=row.received,
        expected=row.expected,
        promised=row.promised,
        eta_date=row.eta_date,
        confidence=row.confidence,
        state=row.state,
        source=row.source,
        version=row.version,
    )


@router.put("/supplies")
def put_supplies(calling: Calling, body: AnnouncedLines) -> SuppliesChanged:
    """Create or update lines. Repeating it changes nothing."""
    calling.principal.require(Permission.INVENTORY_WRITE)

    def work(tx: WriteTx) -> SuppliesChanged:
        codes = {each.code: each.id for each in network.locations(tx).values()}
        reported = [
            Announcement(
                each.kind,
                each.number,
                each.line_no,
                Sku(each.sku),
                codes.get(each.location) or network.by_code(tx, code=each.location).id,
                each.quantity,
                each.eta_date,
                each.confidence,
                calling.principal.actor,
            )
            for each in body.lines
        ]
        return _reported(supplies.put(tx, reported=reported, at=calling.app.clock.now()))

    return calling.write(work)


@router.patch("/supplies/{supply_id}")
def change_supply(
    calling: Calling, supply_id: int, body: Annotated[SupplyChange, Body(default_factory=SupplyChange)]
) -> SuppliesChanged:
    """Change day, quantity or confidence; the answer lists the order lines whose promised day changes."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    change = SupplyUpdate(supply_id, body.eta_date, body.quantity, body.confidence, body.version)

    def work(tx: WriteTx) -> SuppliesChanged:
        verb = supplies.preview if body.preview else supplies.change
        return _reported(verb(tx, changes=[change], at=calling.app.clock.now()))

    return calling.write(work)


@router.post("/supplies/{supply_id}/close")
def close_supply(calling: Calling, supply_id: int) -> SuppliesChanged:
    """Close a line: no more units are expected."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    now = calling.app.clock.now()
    return calling.write(lambda tx: _reported(supplies.close(tx, supply_ids=[supply_id], at=now)))


@router.post("/supplies/{supply_id}/cancel")
def cancel_supply(calling: Calling, supply_id: int) -> SuppliesChanged:
    """Cancel a line: it never arrives."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    now = calling.app.clock.now()
    return calling.write(lambda tx: _reported(supplies.cancel(tx, supply_ids=[supply_id], at=now)))


def _promises(rows: Sequence[promise_views.PromiseRow]) -> list[Promise]:
    return [
        Promise(
            order_id=row.order_id,
            number=row.number,
            line_no=row.line_no,
            sku=row.sku,
            quantity=row.quantity,
            arrived=row.arrived,
            document=row.document,
            promised_date=row.promised_date,
            state=row.state,
            made_at=row.made_at,
        )
        for row in rows
    ]


@router.get("/supplies/{supply_id}/promises")
def list_supply_promises(calling: Calling, supply_id: int) -> list[Promise]:
    """List the order lines that are promised from a supply line."""
    calling.principal.require(Permission.ORDERS_READ)

    def fetch(tx: ReadTx) -> list[Promise]:
        supply = views.supply(tx, supply_id=supply_id)
        calling.principal.require(Permission.INVENTORY_READ, at=supply.location_id)
        return _promises(promise_views.of_supply(tx, supply_id=supply_id))

    return calling.read(fetch)


@router.get("/orders/{order_id}/promises")
def list_order_promises(calling: Calling, order_id: int) -> list[Promise]:
    """List an order's promises from future supply: open promises first."""
    calling.principal.require(Permission.ORDERS_READ)

    def fetch(tx: ReadTx) -> list[Promise]:
        scope = calling.scope
        if scope is not None and not orders.concerns(tx, order_id=order_id, location_id=scope):
            raise NotAllowed("This order does not belong to your location.")
        return _promises(promise_views.of_order(tx, order_id=order_id))

    return calling.read(fetch)


@router.get("/skus/{sku:path}/sell-ahead")
def get_sell_ahead(calling: Calling, sku: str) -> SellAheadState:
    """Get whether a SKU may be sold ahead, and how many units are backordered."""
    calling.principal.require(Permission.INVENTORY_READ)

    def fetch(tx: ReadTx) -> SellAheadState:
        waiting = sum(row.quantity - row.arrived for row in promise_views.of_sku(tx, sku=sku))
        policy = promise_views.sell_ahead(tx, sku=sku)
        return SellAheadState(promised=waiting, **asdict(policy))

    return calling.read(fetch)


@router.put("/skus/{sku:path}/sell-ahead")
def set_sell_ahead(calling: Calling, sku: str, body: Policy) -> SellAheadPolicy:
    """Allow or forbid selling a SKU ahead; existing promises are kept."""
    calling.principal.require(Permission.INVENTORY_WRITE)
    return calling.write(lambda tx: _put_policy(calling, tx, Sku(sku), body))


def _put_policy(calling: Caller, tx: WriteTx, sku: Sku, body: Policy) -> SellAheadPolicy:
    policy = SellAhead(
        sku, body.mode, body.quantity_limit, body.available_from_date, body.until_date, body.min_confidence
    )
    promises.put_sell_ahead(tx, policies=[policy], at=calling.app.clock.now())
    return SellAheadPolicy(**asdict(policy))
