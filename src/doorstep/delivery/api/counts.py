"""Stock counts. A blind count hides the expected quantity until it is submitted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, Field

from doorstep.delivery.api import paging
from doorstep.delivery.api.access import Caller, Calling
from doorstep.delivery.api.paging import Page, Paging
from doorstep.domain.identity.model import Permission
from doorstep.domain.inventory.actions import counts
from doorstep.domain.inventory.actions.counts import Command
from doorstep.domain.inventory.model import Condition
from doorstep.domain.inventory.model.counts import (
    COUNT_ACTIONS,
    CountedSku,
    CountKind,
    CountState,
    NewCount,
    Rest,
    Tolerance,
)
from doorstep.domain.inventory.views import counts as views
from doorstep.domain.network import views as network
from doorstep.kernel import keyset
from doorstep.kernel.db import ReadTx, WriteTx
from doorstep.kernel.ids import CountId, LocationId, Sku

router = APIRouter(tags=["Counts"])


class CountInput(BaseModel):
    """What to count; without SKUs every SKU that the location has in the system (of a category)."""

    location: str = Field(description="The location's code.")
    kind: CountKind = Field(CountKind.BLIND, description="The kind.")
    title: str = Field(min_length=1, max_length=100, description="The title.")
    skus: list[str] = Field(default_factory=list, max_length=5000, description="The SKUs to count.")
    category: str = Field("", description="Count every SKU of this category.")


class Version(BaseModel):
    """The version that was read before the action."""

    version: int | None = Field(
        None, description="The version you read; the action is rejected if there is a newer one (409)."
    )


class SkuUnits(BaseModel):
    """Counted units of a SKU (or barcode)."""

    code: str = Field(description="SKU or barcode.")
    quantity: int = Field(1, description="The number of units.")
    condition: Condition = Field(Condition.NEW, description="The condition of the units.")


class CountedUnits(BaseModel):
    """Counted quantities: totals, or (`adds`) scans to add up."""

    found: list[SkuUnits] = Field(min_length=1, max_length=1000, description="The counted units.")
    adds: bool = Field(False, description="True: add to the units counted so far; false: replace them.")


class CountSubmission(Version):
    """Submit the count."""

    rest: Rest = Field(Rest.SKIP, description="How to treat lines that have no counted quantity.")


class Approval(Version):
    """Approve the variances."""

    alone: bool = Field(
        False,
        description="Confirms that you counted it yourself and that no other person is available to approve it.",
    )


class RecountReason(Version):
    """Why to count again."""

    reason: str = Field("", max_length=200, description="The reason, for colleagues who read it later.")


class Count(BaseModel):
    """A count; `off` lines have a variance, `actions` are allowed now."""

    id: int
    location: str
    kind: str
    state: str
    title: str
    version: int
    lines: int
    counted: int
    off: int
    opened_at: datetime
    counted_by: str
    approved_by: str
    actions: list[str]


class CountLine(BaseModel):
    """A SKU in a condition. A blind count shows `expected` and the variance only after it is submitted."""

    sku: str
    condition: str
    counted: int | None
    expected: int | None
    variance: int | None
    changed: int | None
    missing: int
    outcome: str


class WholeCount(BaseModel):
    """A count with its lines, and the orders that wait for what was not found."""

    count: Count
    lines: list[CountLine]
    waiting_order_ids: list[int]


def _shown(row: views.CountRow, code: str) -> Count:
    return Count(
        id=row.id,
        location=code,
        kind=row.kind.value,
        state=row.state.value,
        title=row.title,
        version=row.version,
        lines=row.lines,
        counted=row.counted,
        off=row.off,
        opened_at=row.opened_at,
        counted_by=row.counted_by,
        approved_by=row.approved_by,
        actions=list(COUNT_ACTIONS[row.state]),
    )


class CountActed(BaseModel):
    """A count after the action; `actions` are allowed now."""

    id: int
    state: str
    version: int
    actions: list[str]


class Listing(Paging):
    """Filter and page of the list."""

    location: str = Field("", description="The location's code.")
    state: list[CountState] = Field(default_factory=list)


@router.get("/counts")
def list_counts(calling: Calling, wanted: Annotated[Listing, Query()]) -> Page[Count]:
    """List counts, newest first."""

    def fetch(tx: ReadTx) -> Page[Count]:
        chosen = network.by_code(tx, code=wanted.location).id if wanted.location else calling.scope
        calling.principal.require(Permission.INVENTORY_READ, at=chosen)
        locations = network.locations(tx)
        rows = views.rows(
            tx,
            wanted=views.CountFilter(
                chosen, tuple(wanted.state or CountState), keyset.newest(wanted.limit + 1, wanted.last_id)
            ),
        )
        return paging.page(
            rows,
            lambda row: _shown(row, locations[row.location_id].code),
            lambda row: str(row.id),
            limit=wanted.limit,
        )

    return calling.read(fetch)


@router.get("/counts/{count_id}")
def get_count(calling: Calling, count_id: int) -> WholeCount:
    """Get one count with its lines."""

    def fetch(tx: ReadTx) -> WholeCount:
        found = views.count(tx, count_id=count_id)
        calling.principal.require(Permission.INVENTORY_READ, at=found.location_id)
        code = network.location(tx, location_id=found.location_id).code
        lines = [
            CountLine(
                sku=each.sku,
                condition=each.condition.value,
                counted=each.counted,
                expected=None if found.hides_expected else each.expected,
                variance=None if found.hides_expected else each.variance,
                changed=each.changed,
                missing=each.missing,
                outcome=each.outcome,
            )
            for each in found.lines
        ]
        orders = sorted({each.order_id for each in views.waiting(tx, count=found)})
        return WholeCount(
            count=_shown(views.row(tx, count_id=count_id), code), lines=lines, waiting_order_ids=orders
        )

    return calling.read(fetch)


@router.post("/counts", status_code=201)
def open_count(calling: Calling, body: CountInput) -> CountActed:
    """Request a count."""

    def work(tx: WriteTx) -> CountActed:
        location = network.by_code(tx, code=body.location)
        calling.principal.require(Permission.STOCK_WORK, at=location.id)
        new = NewCount(location.id, body.kind, body.title, [Sku(sku) for sku in body.skus], body.category)
        (made,) = counts.open_(tx, counts=[new], at=calling.app.clock.now())
        return _answer(tx, made)

    return calling.write(work)


def _answer(tx: ReadTx, count_id: int) -> CountActed:
    row = views.row(tx, count_id=count_id)
    actions = list(COUNT_ACTIONS[row.state])
    return CountActed(id=row.id, state=row.state.value, version=row.version, actions=actions)


def _act(
    calling: Caller,
    count_id: int,
    command: tuple[Permission, int | None],
    verb: Callable[[WriteTx, Command], object],
) -> CountActed:
    """Run an action on a count at a location that the caller may act for."""
    permission, version = command

    def work(tx: WriteTx) -> CountActed:
        location = LocationId(views.row(tx, count_id=count_id).location_id)
        calling.principal.require(permission, at=location)
        verb(tx, Command(CountId(count_id), calling.app.clock.now(), version))
        return _answer(tx, count_id)

    return calling.write(work)


@router.post("/counts/{count_id}/found")
def record_count(calling: Calling, count_id: int, body: CountedUnits) -> CountActed:
    """Record counted quantities."""

    def verb(tx: WriteTx, command: Command) -> None:
        known = views.scanned(tx, codes=[each.code for each in body.found])
        found = [
            CountedSku(known.get(each.code, Sku(each.code)), each.quantity, each.condition)
            for each in body.found
        ]
        counts.find(tx, command=command, found=found, adds=body.adds)

    return _act(calling, count_id, (Permission.STOCK_WORK, None), verb)


@router.post("/counts/{count_id}/submit")
def submit_count(
    calling: Calling, count_id: int, body: Annotated[CountSubmission, Body(default_factory=CountSubmission)]
) -> CountActed:
    """Submit a count. Small variances (see the settings) are approved at once."""
    chosen = calling.app.settings
    tolerance = Tolerance(chosen.count_tolerance_units, chosen.count_tolerance_percent)
    return _act(
        calling,
        count_id,
        (Permission.STOCK_WORK, body.version),
        lambda tx, command: counts.submit(tx, command=command, rest=body.rest, tolerance=tolerance),
    )


@router.post("/counts/{count_id}/approve")
def approve_count(
    calling: Calling, count_id: int, body: Annotated[Approval, Body(default_factory=Approval)]
) -> CountActed:
    """Approve a count: its variances are posted. Sales since the count stay deducted."""
    return _act(
        calling,
        count_id,
        (Permission.INVENTORY_WRITE, body.version),
        lambda tx, command: counts.approve(tx, command=command, alone=body.alone),
    )


@router.post("/counts/{count_id}/recount")
def request_recount(
    calling: Calling, count_id: int, body: Annotated[RecountReason, Body(default_factory=RecountReason)]
) -> CountActed:
    """Reopen a count: lines with a variance are counted again."""
    return _act(
        calling,
        count_id,
        (Permission.INVENTORY_WRITE, body.version),
        lambda tx, command: counts.recount(tx, command=command, reason=body.reason),
    )


@router.post("/counts/{count_id}/cancel")
def cancel_count(
    calling: Calling, count_id: int, body: Annotated[Version, Body(default_factory=Version)]
) -> CountActed:
    """Cancel a count. Stock does not change."""
    return _act(
        calling,
        count_id,
        (Permission.INVENTORY_WRITE, body.version),
        lambda tx, command: counts.cancel(tx, command=command),
    )
