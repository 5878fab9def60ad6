"""Transfers: goods that move from one location to another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import transfers
from doorstep.domain.inventory.actions.transfers import Command
from doorstep.domain.inventory.model.transfers import TRANSFER_ACTIONS, Plan, RequestedLine, TransferState
from doorstep.domain.inventory.views import transfers as views
from doorstep.domain.network import views as network
from doorstep.kernel import keyset
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import LocationId, Sku, TransferId

router = APIRouter(tags=["Transfers"])


class TransferUnits(BaseModel):
    """A quantity of a SKU."""

    sku: str = Field(description="The SKU.")
    quantity: int = Field(ge=0, description="The number of units.")


class TransferDraft(BaseModel):
    """A transfer to draft; no stock moves yet."""

    origin: str = Field(description="Code of the origin location.")
    destination: str = Field(description="Code of the destination location.")
    lines: list[TransferUnits] = Field(min_length=1, max_length=1000, description="The lines.")
    reference: str = Field("", max_length=100, description="The number of the document at the partner.")
    note: str = Field("", max_length=500, description="A note for colleagues who read it later.")
    expected_date: date | None = Field(None, description="The expected date of arrival.")


class Version(BaseModel):
    """The version that was read before the action."""

    version: int | None = Field(
        None, description="The version you read; the action is rejected if there is a newer one (409)."
    )


class NewTransferLines(Version):
    """New lines of a draft."""

    lines: list[TransferUnits] = Field(min_length=1, max_length=1000, description="The lines.")


class ShippedUnits(Version):
    """Shipped units; without lines, everything that was requested."""

    lines: list[TransferUnits] | None = Field(
        None, max_length=1000, description="The shipped units; none: everything that was requested."
    )


class TransferLine(BaseModel):
    """A SKU and the progress of its units; `why` explains a suggestion."""

    sku: str
    requested: int
    shipped: int
    received: int
    why: str


class Transfer(BaseModel):
    """A transfer; `actions` are allowed now."""

    id: int
    origin: str
    destination: str
    state: str
    suggested: bool
    reference: str
    note: str
    expected_date: date | None
    version: int
    created_at: datetime
    skus: int
    units: int
    actions: list[str]


class WholeTransfer(BaseModel):
    """A transfer with its lines."""

    transfer: Transfer
    lines: list[TransferLine]


def _shown(row: views.TransferRow, codes: dict[int, str]) -> Transfer:
    return Transfer(
        id=row.id,
        origin=codes[row.origin_id],
        destination=codes[row.destination_id],
        state=row.state.value,
        suggested=row.suggested,
        reference=row.reference,
        note=row.note,
        expected_date=row.expected_date,
        version=row.version,
        created_at=row.created_at,
        skus=row.skus,
        units=row.units,
        actions=list(TRANSFER_ACTIONS[row.state]),
    )


def _codes(tx: ReadTx) -> dict[int, str]:
    return {each.id: each.code for each in network.locations(tx).values()}


class TransferActed(BaseModel):
    """A transfer after the action; `actions` are allowed now."""

    id: int
    state: str
    version: int
    actions: list[str]


class Listing(Paging):
    """Filter and page of the list."""

    location: str = Field("", description="The location's code.")
    state: list[TransferState] = Field(default_factory=list)


@router.get("/transfers")
def list_transfers(calling: Calling, wanted: Annotated[Listing, Query()]) -> Page[Transfer]:
    """List transfers from or to a location, newest first."""

    def fetch(tx: ReadTx) -> Page[Transfer]:
        chosen = network.by_code(tx, code=wanted.location).id if wanted.location else calling.scope
        calling.principal.require(Permission.INVENTORY_READ, at=chosen)
        codes = _codes(tx)
        rows = views.rows(
            tx,
            wanted=views.TransferFilter(
                chosen, tuple(wanted.state or TransferState), keyset.newest(wanted.limit + 1, wanted.last_id)
            ),
        )
        return paging.page(rows, lambda row: _shown(row, codes), lambda row: str(row.id), limit=wanted.limit)

    return calling.read(fetch)


@router.get("/transfers/{transfer_id}")
def get_transfer(calling: Calling, transfer_id: int) -> WholeTransfer:
    """Get one transfer with its lines."""

    def fetch(tx: ReadTx) -> WholeTransfer:
        found = views.transfer(tx, transfer_id=transfer_id)
        _require_an_end(calling, Permission.INVENTORY_READ, found.origin_id, found.destination_id)
        lines = [
            TransferLine(
                sku=each.sku,
                requested=each.requested,
                shipped=each.shipped,
                received=each.received,
                why=each.why,
            )
            for each in found.lines
        ]
        return WholeTransfer(transfer=_shown(views.row(tx, transfer_id=transfer_id), _codes(tx)), lines=lines)

    return calling.read(fetch)


def _require_an_end(calling: Caller, permission: Permission, *ends: LocationId) -> None:
    """Staff may read and act on transfers from or to their location."""
    mine = calling.scope if calling.scope in ends else ends[0]
    calling.principal.require(permission, at=mine)


@router.post("/transfers", status_code=201)
def draft_transfer(calling: Calling, body: TransferDraft) -> TransferActed:
    """Draft a transfer."""

    def work(tx: WriteTx) -> TransferActed:
        origin = network.by_code(tx, code=body.origin).id
        destination = network.by_code(tx, code=body.destination).id
        _require_an_end(calling, Permission.STOCK_WORK, origin, destination)
        lines = [RequestedLine(Sku(each.sku), each.quantity) for each in body.lines]
        plan = Plan(origin, destination, lines, body.reference, body.note, body.expected_date)
        (made,) = transfers.draft(tx, plans=[plan], at=calling.app.clock.now())
        return _answer(tx, made)

    return calling.write(work)


def _answer(tx: ReadTx, transfer_id: int) -> TransferActed:
    row = views.row(tx, transfer_id=transfer_id)
    actions = list(TRANSFER_ACTIONS[row.state])
    return TransferActed(id=row.id, state=row.state.value, version=row.version, actions=actions)


def _act(
    calling: Caller,
    transfer_id: int,
    action: str,
    version: int | None,
    verb: Callable[[WriteTx, Command], None],
) -> TransferActed:
    """Run an action on a transfer, for callers who may act for one of its locations."""

    def work(tx: WriteTx) -> TransferActed:
        found = views.transfer(tx, transfer_id=transfer_id)
        _require_an_end(calling, Permission.STOCK_WORK, *found.acting_locations(action))
        verb(tx, Command(TransferId(transfer_id), calling.app.clock.now(), version))
        return _answer(tx, transfer_id)

    return calling.write(work)


@router.put("/transfers/{transfer_id}/lines")
def change_transfer_lines(calling: Calling, transfer_id: int, body: NewTransferLines) -> TransferActed:
    """Replace a draft's lines."""
    lines = [RequestedLine(Sku(each.sku), each.quantity) for each in body.lines]
    return _act(
        calling,
        transfer_id,
        "change",
        body.version,
        lambda tx, command: transfers.change(tx, command=command, lines=lines),
    )


@router.post("/transfers/{transfer_id}/request")
def request_transfer(
    calling: Calling, transfer_id: int, body: Annotated[Version, Body(default_factory=Version)]
) -> TransferActed:
    """Request a transfer: the goods are reserved at the origin."""
    return _act(
        calling,
        transfer_id,
        "request",
        body.version,
        lambda tx, command: transfers.request(tx, command=command),
    )


@router.post("/transfers/{transfer_id}/ship")
def ship_transfer(
    calling: Calling, transfer_id: int, body: Annotated[ShippedUnits, Body(default_factory=ShippedUnits)]
) -> TransferActed:
    """Ship a transfer. A goods receipt that names the transfer receives it."""
    sent = None if body.lines is None else {Sku(each.sku): each.quantity for each in body.lines}
    return _act(
        calling,
        transfer_id,
        "ship",
        body.version,
        lambda tx, command: transfers.ship(tx, command=command, sent=sent),
    )


@router.post("/transfers/{transfer_id}/cancel")
def cancel_transfer(
    calling: Calling, transfer_id: int, body: Annotated[Version, Body(default_factory=Version)]
) -> TransferActed:
    """Cancel a transfer: no stock moves, and reserved units are released."""
    return _act(
        calling,
        transfer_id,
        "cancel",
        body.version,
        lambda tx, command: transfers.cancel(tx, command=command),
    )
